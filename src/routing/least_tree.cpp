#include "routing/least_tree.hpp"

#include <algorithm>
#include <bit>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

LeastTree::LeastTree(const std::vector<std::uint64_t>& loads)
    : leaves_(std::bit_ceil(loads.size())), nodes_(2 * leaves_, UINT64_MAX) {
    REGATTA_CHECK(!loads.empty(), "a tournament of no items");
    std::copy(loads.begin(), loads.end(), nodes_.begin() + static_cast<std::ptrdiff_t>(leaves_));
    for (std::size_t node = leaves_ - 1; node > 0; --node)
        nodes_[node] = std::min(nodes_[2 * node], nodes_[2 * node + 1]);
}

void LeastTree::set(std::uint32_t item, std::uint64_t load) {
    std::size_t node = leaves_ + item;
    nodes_[node] = load;
    while (node > 1) {
        const std::uint64_t least = std::min(nodes_[node], nodes_[node ^ 1]);
        node >>= 1;
        if (nodes_[node] == least) return;
        nodes_[node] = least;
    }
}

std::uint32_t LeastTree::least_from(std::uint32_t start) const {
    const std::uint64_t least = nodes_[1];
    std::size_t node = leaves_ + start;
    if (nodes_[node] == least) return start;
    // Everything to the right of the path from the leaf to the root, from the near to the far.
    for (; node > 1; node >>= 1)
        if ((node & 1) == 0 && nodes_[node + 1] == least) return first_below(node + 1);
    return first_below(1);
}

std::uint32_t LeastTree::first_below(std::size_t node) const {
    const std::uint64_t least = nodes_[1];
    while (node < leaves_)
        node = nodes_[2 * node] == least ? 2 * node : 2 * node + 1;
    return static_cast<std::uint32_t>(node - leaves_);
}

}  // namespace regatta::routing
