#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "routing/load_view.hpp"

namespace regatta::routing {

inline std::vector<std::uint32_t> counts_of(const LoadView& view) {
    std::vector<std::uint32_t> counts;
    for (std::uint32_t replica = 0; replica < view.replicas(); ++replica)
        counts.push_back(static_cast<std::uint32_t>(view.load(replica)));
    return counts;
}

inline std::uint32_t walked_least(const std::vector<std::uint32_t>& counts, std::uint32_t start) {
    std::vector<std::uint32_t> rotated = counts;
    std::rotate(rotated.begin(), rotated.begin() + start, rotated.end());
    const auto least = std::min_element(rotated.begin(), rotated.end()) - rotated.begin();
    return static_cast<std::uint32_t>((static_cast<std::size_t>(least) + start) % counts.size());
}

/// Saves one and loads it into the other.
void round_trip(const LoadView& from, LoadView& to);

}  // namespace regatta::routing
