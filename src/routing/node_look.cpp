#include "routing/node_look.hpp"

#include "serving/node_state.hpp"

namespace regatta::routing {

std::uint64_t NodeLook::load(serving::Load load, std::uint32_t replica) const {
    const LpId node(first_node_.value() + replica / replicas_per_node_);
    // Whatever stands behind a route is a node.
    const auto& state = static_cast<const serving::NodeState&>(context_->peek(node));
    return static_cast<std::uint64_t>(state.load_of(load, first_slot_ + replica % replicas_per_node_));
}

}  // namespace regatta::routing
