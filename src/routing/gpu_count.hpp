#pragma once

#include <vector>

#include "regatta/routing/router.hpp"
#include "routing/node_choice.hpp"

namespace regatta::routing {

/// The node with the most, or the fewest but some, replicas without requests, one at random of several; on it the first
/// of these. Where no node has any, the node with the fewest requests.
class GpuCountRouter final : public Router {
public:
    GpuCountRouter(const RouterTarget& target, bool prefers_most) : nodes_(target), prefers_most_(prefers_most) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }

private:
    NodeChoice nodes_;
    bool prefers_most_;
};

[[nodiscard]] std::vector<Parameter> gpu_count_parameters();

}  // namespace regatta::routing
