#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "regatta/routing/router.hpp"
#include "routing/registry.hpp"

namespace regatta::routing {

inline std::unique_ptr<Router> make_router(std::string_view name, const RouterTarget& target) {
    const RouterRegistry registry = built_in_routers();
    return registry.find(name)->make(target, Parameters{});
}

}  // namespace regatta::routing
