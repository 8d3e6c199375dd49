#pragma once

#include <string>
#include <vector>

#include "scenario/scratchpad_files.hpp"
#include "scenario/scratchpad_kinds.hpp"
#include "scenario/scratchpad_scenario.hpp"

namespace regatta::scenario {

/// What results/export_scratchpad.hpp reads: which engine each replica is there, and what happens before and beside
/// requests, as far as it follows from the input.
[[nodiscard]] std::string describe_scratchpad(const ScratchpadScenario& made, const Scenario& scenario,
                                              const ScratchpadKinds& kinds, const ScratchpadEnvironment& environment,
                                              const std::vector<ScratchpadEnvironmentChange>& changes);

}  // namespace regatta::scenario
