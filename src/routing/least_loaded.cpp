#include "routing/least_loaded.hpp"

#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

LeastLoadedRouter::LeastLoadedRouter(serving::Load load, const RouterTarget& target) : load_(load), cursor_(target) {
    for (const RouterTarget::Pool& pool : target.pools)
        sizes_.push_back(load == serving::Load::KvBlocks ? pool.kv_blocks : 1);
}

std::uint32_t LeastLoadedRouter::choose(const Request& /*request*/, const Candidates& candidates) {
    const std::uint32_t replica = candidates.least(load_, cursor_.at(), sizes_);
    cursor_.move_behind(replica);
    return replica;
}

}  // namespace regatta::routing
