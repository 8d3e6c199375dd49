#pragma once

#include <vector>

#include "regatta/base/ids.hpp"
#include "results/run_description.hpp"
#include "scenario/scenario.hpp"

namespace regatta::app {

/// What files of results say of a scenario.
[[nodiscard]] results::RunDescription describe(const scenario::Scenario& scenario);
/// By stream: the first pool that serves it.
[[nodiscard]] std::vector<PoolId> first_pools(const scenario::Scenario& scenario);

}  // namespace regatta::app
