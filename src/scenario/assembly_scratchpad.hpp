#pragma once

#include <functional>
#include <string>

#include "scenario/catalogue.hpp"
#include "scenario/input_files.hpp"
#include "scenario/reading.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// What a scenario under `compat: scratchpad` is assembled from, and into.
struct ScratchpadInput {
    Reading& root;
    InputFiles& files;
    Problems& problems;
    CatalogueSet& catalogue;
    /// Where a file lies that stands at this place of the scenario.
    std::function<std::string(const std::string& path, const Place& place)> locate;
    Scenario& scenario;
};

/// The fleet that an environment or engines make, the requests of the trace with their arrivals, and the pools and
/// streams that results know them by. What that simulator could not do is a problem, not left out.
void assemble_scratchpad(const ScratchpadInput& input);

}  // namespace regatta::scenario
