#include "routing/round_robin.hpp"

#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

std::uint32_t RoundRobinRouter::choose(const Request& /*request*/, const Candidates& candidates) {
    const std::uint32_t replica = candidates.next_available(cursor_.at());
    cursor_.move_behind(replica);
    return replica;
}

}  // namespace regatta::routing
