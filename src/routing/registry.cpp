#include "regatta/routing/registry.hpp"

#include <string>

#include "routing/best_fit.hpp"
#include "routing/gpu_count.hpp"
#include "routing/least_loaded.hpp"
#include "routing/least_loaded_node.hpp"
#include "routing/lor.hpp"
#include "routing/model_affinity.hpp"
#include "routing/power_of_d.hpp"
#include "routing/power_of_two.hpp"
#include "routing/random_router.hpp"
#include "routing/replay.hpp"
#include "routing/round_robin.hpp"

namespace regatta::routing {

namespace {

const RouterTarget& checked(const RouterTarget& target) {
    REGATTA_CHECK(!target.pools.empty(), "a router without pools");
    for (const RouterTarget::Pool& pool : target.pools)
        REGATTA_CHECK(pool.replicas > 0 && target.gateway < target.gateways,
                      "gateway " + std::to_string(target.gateway) + " of " + std::to_string(target.gateways) +
                          " cannot choose among " + std::to_string(pool.replicas) + " replicas");
    return target;
}

template <class Policy>
std::unique_ptr<Router> make(const RouterTarget& target, const Parameters& /*parameters*/) {
    return std::make_unique<Policy>(checked(target));
}

template <serving::Load load>
std::unique_ptr<Router> make_least(const RouterTarget& target, const Parameters& /*parameters*/) {
    return std::make_unique<LeastLoadedRouter>(load, checked(target));
}

std::unique_ptr<Router> make_power_of_d(const RouterTarget& target, const Parameters& parameters) {
    return std::make_unique<PowerOfDRouter>(checked(target), power_of_d_options(parameters));
}

std::unique_ptr<Router> make_gpu_count(const RouterTarget& target, const Parameters& parameters) {
    return std::make_unique<GpuCountRouter>(checked(target), parameters.word("prefer") == "most");
}

std::unique_ptr<Router> make_replay(const RouterTarget& target, const Parameters& parameters) {
    return std::make_unique<ReplayRouter>(checked(target), parameters.word("file"));
}

}  // namespace

std::uint32_t RouterTarget::replicas() const {
    std::uint32_t sum = 0;
    for (const Pool& pool : pools)
        sum += pool.replicas;
    return sum;
}

RouterRegistry built_in_routers() {
    return RouterRegistry({
        {"random", "a replica at random, all equally likely", {}, make<RandomRouter>},
        {"round_robin", "one replica after the other; gateways start evenly spread", {}, make<RoundRobinRouter>},
        {"least_outstanding",
         "the replica with the fewest outstanding requests known to the gateway; ties in turn",
         {},
         make_least<serving::Load::Requests>},
        {"least_tokens",
         "the replica with the fewest prompt tokens outstanding as known to the gateway; ties in turn",
         {},
         make_least<serving::Load::Tokens>},
        {"least_kv",
         "the replica with the smallest share of its KV blocks in use as known to the gateway; ties in turn",
         {},
         make_least<serving::Load::KvBlocks>},
        {"least_loaded",
         "on the node with the fewest outstanding requests known to the gateway, ties at random, the replica with the "
         "fewest",
         {},
         make<LeastLoadedNodeRouter>},
        {"best_fit",
         "the replica whose free KV blocks are the fewest that hold the prompt, as known to the gateway",
         {},
         make<BestFitRouter>},
        {"gpu_count", "on the node with the most replicas without requests, or the fewest but some",
         gpu_count_parameters(), make_gpu_count},
        {"model_affinity",
         "on the node that served the model last while a replica there has no request, else as least_loaded",
         {},
         make<ModelAffinityRouter>},
        {"lor",
         "the replica with the fewest outstanding requests at this instant, the lowest of several; needs reports: "
         "instant",
         {},
         make<LorRouter>},
        {"replay", "the replica to which a recorded run sent the request", replay_parameters(), make_replay},
        {"power_of_two",
         "of two different replicas at random, the one with fewer outstanding requests known to the gateway",
         {},
         make<PowerOfTwoRouter>},
        {"power_of_d",
         "of d different replicas, drawn in proportion to their pools' weights, the one with the least load by weight",
         power_of_d_parameters(), make_power_of_d},
    });
}

}  // namespace regatta::routing
