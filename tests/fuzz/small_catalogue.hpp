#pragma once

#include "../scenario/loading.hpp"
#include "scenario/input_files.hpp"

namespace regatta::fuzz {

/// Puts the catalogue that the tests of scenarios use where `catalogue` is looked for: parsing the shipped one would
/// take most of the time.
inline void add_small_catalogue(scenario::InputFiles& files) {
    files.catalogue_directory = "catalogue";
    files.files["catalogue/gpus.yaml"] = {true, scenario::testing::kGpus, ""};
    files.files["catalogue/nodes.yaml"] = {true, scenario::testing::kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, scenario::testing::kModels, ""};
}

}  // namespace regatta::fuzz
