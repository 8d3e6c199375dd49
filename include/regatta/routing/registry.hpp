#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "regatta/base/registry.hpp"

namespace regatta::routing {

class Router;

/// A pool's weight is kept in millionths, so that what is drawn and compared by weights is exact.
inline constexpr double kWeightUnits = 1e6;
inline constexpr double kLeastWeight = 1e-3;
inline constexpr double kMostWeight = 1e3;

/// What a router chooses among, and for whom.
struct RouterTarget {
    struct Pool {
        std::uint32_t replicas = 0;
        std::uint64_t weight = 1'000'000;  ///< of a replica, in millionths: what it counts against one of another pool
        std::uint64_t kv_blocks = 1;       ///< of a replica
        std::uint32_t first_replica = 0;   ///< ReplicaId of its first
        std::uint32_t replicas_per_node = 1;  ///< divides `replicas`
        std::uint64_t block_tokens = 16;      ///< of a KV block
    };
    std::vector<Pool> pools;  ///< whose replicas are numbered through from 0
    std::uint32_t gateway = 0;
    std::uint32_t gateways = 1;
    std::uint64_t seed = 0;
    std::uint32_t fleet_replicas = 0;  ///< of all pools, these and others
    bool is_as_vidur = false;          ///< `compat: vidur`: as Vidur does it where that differs from what is right
    /// The text of a file that a parameter names, unpacked.
    std::function<std::string(const std::string& path)> read_file = {};

    [[nodiscard]] std::uint32_t replicas() const;
};

using RouterFactory = std::unique_ptr<Router> (*)(const RouterTarget&, const Parameters&);
using RouterRegistry = Registry<RouterFactory>;
[[nodiscard]] RouterRegistry built_in_routers();

}  // namespace regatta::routing
