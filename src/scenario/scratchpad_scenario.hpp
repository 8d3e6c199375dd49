#pragma once

#include <string>
#include <vector>

#include "control/scratchpad_fleet.hpp"
#include "workload/scratchpad_draws.hpp"

namespace regatta::scenario {

/// What runs under `compat: scratchpad`, complete: nothing of it changes in a run.
struct ScratchpadScenario {
    control::ScratchpadFleet fleet;
    std::vector<serving::ScratchpadRequest> requests;  ///< as they are before the run
    workload::ScratchpadDraws draws;                   ///< after those of the arrivals
    /// What a result must tell for that simulator's own files to be made of it, as JSON: see
    /// results/export_scratchpad.hpp.
    std::string description;
};

}  // namespace regatta::scenario
