#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "regatta/serving/records.hpp"

namespace regatta::results {

/// Finds the order of rows in files (RowOrder) without moving them: what is sorted, digit by digit, are keys of 16
/// bytes instead of rows of 80. Keeps its memory, twice a key for each row of the largest call.
class RowSorter {
public:
    struct Key {
        std::uint64_t value = 0;  ///< what was sorted by last
        std::uint32_t row = 0;    ///< index in the rows given
    };
    static constexpr std::size_t kMostRows = std::numeric_limits<std::uint32_t>::max();

    /// The rows that end before `before_ns`, in order; valid until the next call. At most kMostRows rows.
    [[nodiscard]] std::span<const Key> sort(std::span<const serving::RequestRecord> rows, std::int64_t before_ns);

private:
    void sort_by_value(std::span<Key> keys);
    void sort_ties_by_request(std::span<const serving::RequestRecord> rows);

    std::vector<Key> keys_;
    std::vector<Key> other_keys_;        ///< scratch of the sort
    std::vector<std::uint32_t> places_;  ///< scratch of the sort
};

}  // namespace regatta::results
