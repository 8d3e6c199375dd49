#pragma once

#include "regatta/routing/router.hpp"
#include "routing/node_choice.hpp"

namespace regatta::routing {

/// The node with the fewest outstanding requests of all its replicas, one at random of several; on it the replica with
/// the fewest.
class LeastLoadedNodeRouter final : public Router {
public:
    explicit LeastLoadedNodeRouter(const RouterTarget& target) : nodes_(target) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override {
        return nodes_.least_on(nodes_.least_outstanding(request, candidates), candidates);
    }
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }

private:
    NodeChoice nodes_;
};

}  // namespace regatta::routing
