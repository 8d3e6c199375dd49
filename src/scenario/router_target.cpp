#include "scenario/router_target.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace regatta::scenario {

routing::RouterTarget router_target(const Scenario& scenario, std::span<const std::uint16_t> pools,
                                    std::uint32_t gateway) {
    routing::RouterTarget target{.pools = {},
                                 .gateway = gateway,
                                 .gateways = scenario.gateways.count,
                                 .seed = scenario.seed,
                                 .is_as_vidur = scenario.compat == Compat::Vidur};
    std::uint32_t replicas = 0;
    std::vector<std::uint32_t> first_replica;
    for (const Pool& pool : scenario.pools) {
        first_replica.push_back(replicas);
        replicas += pool.replicas();
    }
    for (const std::uint16_t index : pools) {
        const Pool& pool = scenario.pools[index];
        target.pools.push_back(
            {.replicas = pool.replicas(),
             .weight = static_cast<std::uint64_t>(std::llround(pool.weight * routing::kWeightUnits)),
             // As many as a report can tell.
             .kv_blocks = std::min<std::uint64_t>(static_cast<std::uint64_t>(pool.replica_kv_blocks), UINT32_MAX),
             .first_replica = first_replica[index],
             .replicas_per_node = pool.replicas_per_group(),
             .block_tokens = static_cast<std::uint64_t>(pool.block_tokens)});
    }
    target.fleet_replicas = replicas;
    target.read_file = [&scenario](const std::string& path) { return scenario.gateways.router_files.at(path); };
    return target;
}

}  // namespace regatta::scenario
