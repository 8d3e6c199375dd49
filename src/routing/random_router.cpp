#include "routing/random_router.hpp"

#include "regatta/base/random.hpp"
#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

std::uint32_t RandomRouter::choose(const Request& request, const Candidates& candidates) {
    const std::uint64_t bits = random_bits(seed_, RandomPurpose::Route, request.id.value(), 0);
    if (candidates.is_whole()) return static_cast<std::uint32_t>(uniform_below(replicas_, bits));
    return candidates.nth_available(static_cast<std::uint32_t>(uniform_below(candidates.available(), bits)));
}

}  // namespace regatta::routing
