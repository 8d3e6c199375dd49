#pragma once

#include <cstdint>
#include <vector>

#include "regatta/routing/candidates.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::routing {

/// The candidates by the node that they are on, for policies that choose a node first. Looks at every candidate each
/// time: linear in their number.
class NodeChoice {
public:
    explicit NodeChoice(const RouterTarget& target);

    [[nodiscard]] std::uint32_t nodes() const { return static_cast<std::uint32_t>(nodes_.size()); }
    struct State {
        std::uint32_t available = 0;    ///< replicas
        std::uint32_t idle = 0;         ///< of them, without requests
        std::uint64_t outstanding = 0;  ///< requests of those available
    };
    [[nodiscard]] State state_of(std::uint32_t node, const Candidates& candidates) const;
    /// The node with the fewest outstanding requests; of several one at random, by the request.
    [[nodiscard]] std::uint32_t least_outstanding(const Request& request, const Candidates& candidates) const;
    /// Of several equally good nodes one at random, by the request.
    [[nodiscard]] std::uint32_t any_of(const std::vector<std::uint32_t>& nodes, const Request& request) const;
    /// The available replica on `node` with the fewest outstanding requests, the first of several.
    [[nodiscard]] std::uint32_t least_on(std::uint32_t node, const Candidates& candidates) const;

private:
    struct Node {
        std::uint32_t begin = 0;  ///< candidates
        std::uint32_t end = 0;
    };
    std::vector<Node> nodes_;
    std::uint64_t seed_;
};

}  // namespace regatta::routing
