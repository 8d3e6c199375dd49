#pragma once

#include <cstdint>
#include <span>

#include "regatta/routing/registry.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// What the router of a gateway chooses among for requests that go to these pools.
[[nodiscard]] routing::RouterTarget router_target(const Scenario& scenario, std::span<const std::uint16_t> pools,
                                                  std::uint32_t gateway);

}  // namespace regatta::scenario
