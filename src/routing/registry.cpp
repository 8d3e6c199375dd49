#include "routing/registry.hpp"

#include <string>

#include "routing/least_outstanding.hpp"
#include "routing/power_of_two.hpp"
#include "routing/random_router.hpp"
#include "routing/round_robin.hpp"

namespace regatta::routing {

namespace {

template <class Policy>
std::unique_ptr<Router> make(const RouterTarget& target, const Parameters& /*parameters*/) {
    REGATTA_CHECK(target.replicas > 0 && target.gateway < target.gateways,
                  "gateway " + std::to_string(target.gateway) + " of " + std::to_string(target.gateways) +
                      " cannot choose among " + std::to_string(target.replicas) + " replicas");
    return std::make_unique<Policy>(target);
}

}  // namespace

RouterRegistry built_in_routers() {
    return RouterRegistry({
        {"random", "a replica at random, all equally likely", {}, make<RandomRouter>},
        {"round_robin", "one replica after the other; gateways start evenly spread", {}, make<RoundRobinRouter>},
        {"least_outstanding",
         "the replica with the fewest outstanding requests known to the gateway; ties in turn",
         {},
         make<LeastOutstandingRouter>},
        {"power_of_two",
         "of two different replicas at random, the one with fewer outstanding requests known to the gateway",
         {},
         make<PowerOfTwoRouter>},
    });
}

}  // namespace regatta::routing
