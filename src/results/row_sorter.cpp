#include "results/row_sorter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
/// From here on sorting digit by digit beats comparing.
constexpr std::size_t kFewestForDigits = 256;

/// Negative numbers below the others.
std::uint64_t in_order(std::int64_t number) {
    return static_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << 63);
}

}  // namespace

std::span<const RowSorter::Key> RowSorter::sort(std::span<const serving::RequestRecord> rows, std::int64_t before_ns) {
    REGATTA_CHECK(rows.size() <= kMostRows, fmt::format("{} rows to be sorted at once", rows.size()));
    keys_.clear();
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (rows[row].end_ns < before_ns)
            keys_.push_back({.value = in_order(rows[row].end_ns), .row = static_cast<std::uint32_t>(row)});
    sort_by_value(keys_);
    sort_ties_by_request(rows);
    return keys_;
}

/// From the lowest digit to the highest that the values differ in, each time keeping the order of equal digits: the
/// ends in a window of 100 ms take three rounds.
void RowSorter::sort_by_value(std::span<Key> keys) {
    const auto is_less = [](const Key& a, const Key& b) { return a.value < b.value; };
    if (keys.size() < kFewestForDigits) {
        std::sort(keys.begin(), keys.end(), is_less);
        return;
    }
    const auto [first, last] = std::minmax_element(keys.begin(), keys.end(), is_less);
    const std::uint64_t least = first->value;
    const std::uint64_t range = last->value - least;
    other_keys_.resize(std::max(other_keys_.size(), keys.size()));
    std::span<Key> from = keys;
    std::span<Key> to(other_keys_.data(), keys.size());
    for (unsigned shift = 0; shift < 64 && (range >> shift) != 0; shift += kDigitBits) {
        const auto digit = [&](const Key& key) { return ((key.value - least) >> shift) & (kDigits - 1); };
        places_.assign(kDigits + 1, 0);
        for (const Key& key : from)
            ++places_[digit(key) + 1];
        for (std::size_t i = 1; i < kDigits; ++i)
            places_[i] += places_[i - 1];
        for (const Key& key : from)
            to[places_[digit(key)]++] = key;
        std::swap(from, to);
    }
    if (from.data() != keys.data()) std::copy(from.begin(), from.end(), keys.begin());
}

/// Many rows tie where the run ends, with all that is still under way.
void RowSorter::sort_ties_by_request(std::span<const serving::RequestRecord> rows) {
    for (std::size_t first = 0; first < keys_.size();) {
        std::size_t last = first + 1;
        while (last < keys_.size() && keys_[last].value == keys_[first].value)
            ++last;
        if (last - first > 1) {
            const std::span<Key> ties(&keys_[first], last - first);
            for (Key& key : ties)
                key.value = rows[key.row].request_id;
            sort_by_value(ties);
        }
        first = last;
    }
}

}  // namespace regatta::results
