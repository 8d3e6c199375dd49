#pragma once

#include <cstdint>
#include <memory>

#include "regatta/base/registry.hpp"

namespace regatta::routing {

class Router;

/// What a router chooses among, and for whom.
struct RouterTarget {
    std::uint32_t replicas = 0;  ///< of the pool, numbered from 0
    std::uint32_t gateway = 0;
    std::uint32_t gateways = 1;
    std::uint64_t seed = 0;
};

using RouterFactory = std::unique_ptr<Router> (*)(const RouterTarget&, const Parameters&);
using RouterRegistry = Registry<RouterFactory>;
[[nodiscard]] RouterRegistry built_in_routers();

}  // namespace regatta::routing
