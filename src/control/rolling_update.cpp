#include "control/rolling_update.hpp"

#include <algorithm>

namespace regatta::control {

std::vector<std::uint32_t> RollingUpdate::next(const std::vector<NodeState>& nodes, SimTime now, SimTime seen_by) {
    std::vector<std::uint32_t> chosen;
    if (now < plan_.at) return chosen;
    std::erase_if(under_way_, [&](const UnderWay& node) {
        return now >= node.since + plan_.duration + seen_by && nodes[node.node].is_at_rest;
    });
    const auto is_under_way = [&](std::uint32_t node) {
        return std::any_of(under_way_.begin(), under_way_.end(),
                           [node](const UnderWay& other) { return other.node == node; });
    };
    std::uint32_t unavailable = 0;
    for (std::uint32_t node = 0; node < nodes.size(); ++node)
        if (is_under_way(node) || !nodes[node].is_available) ++unavailable;
    // A node that has failed anyway may be updated at no further loss.
    while (next_ < plan_.nodes) {
        const bool is_out = !nodes[next_].is_available;
        if (!is_out && unavailable >= plan_.most_unavailable) break;
        if (under_way_.size() >= plan_.most_unavailable) break;
        if (!is_out) ++unavailable;
        under_way_.push_back({.node = next_, .since = now});
        chosen.push_back(next_++);
    }
    return chosen;
}

}  // namespace regatta::control
