#pragma once

#include <string>

#include "regatta/scenario/registries.hpp"

namespace regatta::scenario {

/// The form of a scenario as JSON Schema (draft-07), for editors: keys, values with their units, policies with their
/// parameters, each with its sentence. It accepts what the reader accepts, but for what depends on other keys, on files
/// or on the catalogue; ranges of values with units are the reader's alone.
[[nodiscard]] std::string scenario_json_schema(const Registries& registries);

}  // namespace regatta::scenario
