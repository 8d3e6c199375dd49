#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "routing/report_index.hpp"
#include "routing/stamped_table.hpp"

namespace regatta::routing {

/// Loads that do not fit 32 bits count as the largest number that does: a replica with four billion tokens before it is
/// as good as any other such.
[[nodiscard]] constexpr std::uint32_t load_sum(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t sum = a + b;
    return sum < a ? UINT32_MAX : sum;
}

/// Finds the least loaded replica of a report with one gateway's own dispatches on top.
///
/// A replica that got none is where the shared index of the report has it; one that got some is *raised*: its place in
/// the index is taken, and it stands in a set of this gateway instead. So the memory follows the own dispatches since
/// the report, and the least of all is the lower of two: the lowest place not taken, and the lowest raised.
/// Places are only ever taken between two reports: which one is open behind a taken one is found by following links
/// that get shorter as they are used (a disjoint-set forest), and a level without open places is never looked at again.
class LeastOverReport {
public:
    /// Starts over with no replica raised. `index` must outlive this, and the search end when it changes.
    void begin(const ReportIndex& index);
    struct Raise {
        std::uint32_t reported = 0;
        std::uint32_t own_before = 0;  ///< of the gateway's dispatches since, up to now
        std::uint32_t own = 0;         ///< and with one more: above 0
    };
    /// The gateway sent one more request to `replica`. Logarithmic.
    void raise(std::uint32_t replica, const Raise& by);
    /// The replica with the least load; of several, the first at or after `start`, wrapping round. Logarithmic,
    /// taken over the calls between two reports.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

private:
    [[nodiscard]] std::optional<std::uint32_t> first_open(std::uint32_t start);
    [[nodiscard]] std::uint32_t place_from(const ReportIndex::Level& level, std::uint32_t start) const;
    [[nodiscard]] std::uint32_t next_open(std::uint32_t place);
    [[nodiscard]] std::uint32_t first_raised(std::uint32_t level, std::uint32_t start) const;

    const ReportIndex* index_ = nullptr;
    std::size_t level_ = 0;         ///< all places of the levels before this one are taken
    std::uint32_t last_place_ = 0;  ///< found by the last search: the next one mostly goes on from there
    StampedTable behind_;           ///< of a taken place a later one, with only taken ones between; 0: not taken
    /// Raised replicas: load in the upper half of the number, replica in the lower.
    std::set<std::uint64_t> raised_;
    std::vector<std::set<std::uint64_t>::node_type> spare_;  ///< nodes for reuse
};

}  // namespace regatta::routing
