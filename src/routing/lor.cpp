#include "routing/lor.hpp"

#include "regatta/routing/candidates.hpp"
#include "regatta/routing/registry.hpp"

namespace regatta::routing {

LorRouter::LorRouter(const RouterTarget& target)
    : load_(target.is_as_vidur ? serving::Load::Waiting : serving::Load::Requests), sizes_(target.pools.size(), 1) {}

std::uint32_t LorRouter::choose(const Request& /*request*/, const Candidates& candidates) {
    return candidates.least(load_, 0, sizes_);
}

}  // namespace regatta::routing
