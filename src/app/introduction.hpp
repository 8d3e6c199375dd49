#pragma once

#include <optional>
#include <string>

#include "app/log.hpp"
#include "regatta/engine/partition.hpp"
#include "scenario/load.hpp"
#include "scenario/scenario.hpp"

namespace regatta::app {

/// What is about to run, in a few lines.
void introduce(const Log& log, const scenario::Scenario& scenario, const scenario::TraceSummaries& traces,
               const engine::Partition& partition, const std::string& directory);

/// Arrivals end here, as far as it can be told beforehand.
[[nodiscard]] std::optional<SimTime> expected_end(const scenario::Scenario& scenario,
                                                  const scenario::TraceSummaries& traces);

}  // namespace regatta::app
