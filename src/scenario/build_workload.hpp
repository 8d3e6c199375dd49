#pragma once

#include <memory>

#include "regatta/scenario/registries.hpp"
#include "scenario/scenario.hpp"
#include "workload/workload.hpp"

namespace regatta::scenario {

/// What the scenario's gateways will be asked.
[[nodiscard]] std::unique_ptr<workload::Workload> make_workload(const Scenario& scenario, const Registries& registries);

}  // namespace regatta::scenario
