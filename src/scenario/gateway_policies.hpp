#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "regatta/routing/admission.hpp"
#include "regatta/routing/router.hpp"
#include "regatta/scenario/registries.hpp"
#include "regatta/serving/load.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// The router of a gateway for requests that go to these pools.
[[nodiscard]] std::unique_ptr<routing::Router> make_router(const Scenario& scenario, const Registries& registries,
                                                           std::span<const std::uint16_t> pools, std::uint32_t gateway);
/// One of the scenario's rules.
[[nodiscard]] std::unique_ptr<routing::Admission> make_admission(const Scenario& scenario, const Registries& registries,
                                                                 const PolicyChoice& choice);
/// What routers and rules ask replicas for.
[[nodiscard]] serving::LoadSet loads_looked_at(const Scenario& scenario, const Registries& registries);

}  // namespace regatta::scenario
