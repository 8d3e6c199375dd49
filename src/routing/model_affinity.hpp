#pragma once

#include "regatta/routing/router.hpp"
#include "routing/node_choice.hpp"

namespace regatta::routing {

/// The node that served the model last, while it has a replica without requests; else the node with the fewest
/// requests, which is then remembered. Each model has a router of its own.
class ModelAffinityRouter final : public Router {
public:
    explicit ModelAffinityRouter(const RouterTarget& target) : nodes_(target) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }
    [[nodiscard]] std::uint64_t state() const override { return last_; }
    void restore(std::uint64_t state) override { last_ = static_cast<std::uint32_t>(state); }

private:
    NodeChoice nodes_;
    std::uint32_t last_ = 0;  ///< node and one; 0: none yet
};

}  // namespace regatta::routing
