#include "routing/report_index.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

namespace {

/// Counts up to 2,047 requests apart, which is what reports hold, are sorted in one round.
constexpr unsigned kDigitBits = 11;
constexpr std::uint32_t kDigits = 1U << kDigitBits;

}  // namespace

void ReportIndex::build(std::span<const std::uint32_t> loads) {
    REGATTA_CHECK(!loads.empty(), "a report on no replica was indexed");
    sort(loads);
    levels_.clear();
    for (std::uint32_t place = 0; place < replicas(); ++place) {
        const std::uint32_t level = loads[order_[place]];
        if (levels_.empty() || levels_.back().load != level)
            levels_.push_back({.load = level, .first_place = place, .end_place = place});
        ++levels_.back().end_place;
    }
}

/// Digit by digit from the lowest, each time keeping the order of equal digits, so that equal loads stay by number.
void ReportIndex::sort(std::span<const std::uint32_t> loads) {
    order_.resize(loads.size());
    other_order_.resize(loads.size());
    std::iota(order_.begin(), order_.end(), 0U);
    const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
    const std::uint32_t base = *least;
    const std::uint32_t range = *most - base;
    for (unsigned shift = 0; shift < 32 && (range >> shift) != 0; shift += kDigitBits) {
        const auto digit = [&](std::uint32_t replica) { return ((loads[replica] - base) >> shift) & (kDigits - 1); };
        places_.assign(kDigits + 1, 0);
        for (const std::uint32_t replica : order_)
            ++places_[digit(replica) + 1];
        for (std::uint32_t i = 1; i < kDigits; ++i)
            places_[i] += places_[i - 1];
        for (const std::uint32_t replica : order_)
            other_order_[places_[digit(replica)]++] = replica;
        order_.swap(other_order_);
    }
}

std::uint32_t ReportIndex::place_from(const Level& level, std::uint32_t replica) const {
    const auto begin = order_.begin();
    return static_cast<std::uint32_t>(std::lower_bound(begin + level.first_place, begin + level.end_place, replica) -
                                      begin);
}

std::uint32_t ReportIndex::place_of(std::uint32_t replica, std::uint32_t load) const {
    const auto level = std::partition_point(levels_.begin(), levels_.end(),
                                            [load](const Level& candidate) { return candidate.load < load; });
    const std::uint32_t place = level == levels_.end() ? replicas() : place_from(*level, replica);
    REGATTA_CHECK(place < replicas() && order_[place] == replica,
                  "replica " + std::to_string(replica) + " is not among those with a load of " + std::to_string(load));
    return place;
}

}  // namespace regatta::routing
