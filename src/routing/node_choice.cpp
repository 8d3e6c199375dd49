#include "routing/node_choice.hpp"

#include "regatta/base/random.hpp"

namespace regatta::routing {

using serving::Load;

NodeChoice::NodeChoice(const RouterTarget& target) : seed_(target.seed) {
    std::uint32_t first = 0;
    for (const RouterTarget::Pool& pool : target.pools) {
        for (std::uint32_t replica = 0; replica < pool.replicas; replica += pool.replicas_per_node)
            nodes_.push_back({first + replica, first + replica + pool.replicas_per_node});
        first += pool.replicas;
    }
}

NodeChoice::State NodeChoice::state_of(std::uint32_t node, const Candidates& candidates) const {
    State state;
    for (std::uint32_t candidate = nodes_[node].begin; candidate < nodes_[node].end; ++candidate) {
        if (!candidates.is_available(candidate)) continue;
        const std::uint64_t load = candidates.load(Load::Requests, candidate);
        ++state.available;
        if (load == 0) ++state.idle;
        state.outstanding += load;
    }
    return state;
}

std::uint32_t NodeChoice::any_of(const std::vector<std::uint32_t>& nodes, const Request& request) const {
    const std::uint64_t bits = random_bits(seed_, RandomPurpose::Route, request.id.value(), 0);
    return nodes[uniform_below(nodes.size(), bits)];
}

std::uint32_t NodeChoice::least_outstanding(const Request& request, const Candidates& candidates) const {
    std::vector<std::uint32_t> best;
    std::uint64_t least = UINT64_MAX;
    for (std::uint32_t node = 0; node < nodes(); ++node) {
        const State state = state_of(node, candidates);
        if (state.available == 0 || state.outstanding > least) continue;
        if (state.outstanding < least) best.clear();
        least = state.outstanding;
        best.push_back(node);
    }
    return any_of(best, request);
}

std::uint32_t NodeChoice::least_on(std::uint32_t node, const Candidates& candidates) const {
    std::uint32_t best = nodes_[node].end;
    std::uint64_t least = UINT64_MAX;
    for (std::uint32_t candidate = nodes_[node].begin; candidate < nodes_[node].end; ++candidate) {
        if (!candidates.is_available(candidate)) continue;
        const std::uint64_t load = candidates.load(Load::Requests, candidate);
        if (load >= least) continue;
        best = candidate;
        least = load;
    }
    return best;
}

}  // namespace regatta::routing
