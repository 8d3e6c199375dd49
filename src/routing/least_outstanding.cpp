#include "routing/least_outstanding.hpp"

#include "routing/outstanding_view.hpp"

namespace regatta::routing {

std::uint32_t LeastOutstandingRouter::choose(RequestId /*request*/, OutstandingView& view) {
    const std::uint32_t replica = view.least(cursor_.at());
    cursor_.move_behind(replica);
    return replica;
}

}  // namespace regatta::routing
