#pragma once

#include <cstdint>

#include "regatta/engine/context.hpp"
#include "routing/instant_pool.hpp"

namespace regatta::routing {

/// Looks at the replicas of nodes of the gateway's own island.
class NodeLook final : public ReplicaLook {
public:
    /// `first_slot`: of the pool's replicas on each node.
    NodeLook(LpId first_node, std::uint32_t replicas_per_node, std::uint32_t first_slot)
        : first_node_(first_node), replicas_per_node_(replicas_per_node), first_slot_(first_slot) {}
    /// The gateway's, while it handles something.
    void look_through(engine::Context& context) { context_ = &context; }
    [[nodiscard]] std::uint64_t load(serving::Load load, std::uint32_t replica) const override;

private:
    LpId first_node_;
    std::uint32_t replicas_per_node_;
    std::uint32_t first_slot_;
    engine::Context* context_ = nullptr;
};

}  // namespace regatta::routing
