#include "routing/model_affinity.hpp"

namespace regatta::routing {

std::uint32_t ModelAffinityRouter::choose(const Request& request, const Candidates& candidates) {
    const bool stays = last_ > 0 && nodes_.state_of(last_ - 1, candidates).idle > 0;
    if (!stays) last_ = nodes_.least_outstanding(request, candidates) + 1;
    return nodes_.least_on(last_ - 1, candidates);
}

}  // namespace regatta::routing
