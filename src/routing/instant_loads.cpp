#include "routing/instant_loads.hpp"

#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

InstantLoads::InstantLoads(serving::Load load, std::uint32_t replicas, std::shared_ptr<InstantPool> pool)
    : load_(load), replicas_(replicas), pool_(std::move(pool)) {
    REGATTA_CHECK(pool_ != nullptr, "a view of the instant without replicas to look at");
}

std::uint32_t InstantLoads::least(std::uint32_t start) const {
    std::uint32_t least = start;
    std::uint64_t least_load = load(start);
    for (std::uint32_t step = 1; step < replicas_ && least_load > 0; ++step) {
        const std::uint32_t replica = start + step < replicas_ ? start + step : start + step - replicas_;
        const std::uint64_t one = load(replica);
        if (one >= least_load) continue;
        least = replica;
        least_load = one;
    }
    return least;
}

}  // namespace regatta::routing
