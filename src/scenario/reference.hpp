#pragma once

#include <string>

#include "regatta/scenario/registries.hpp"

namespace regatta::scenario {

/// The scenario reference page in Markdown: every key with its kind, unit, default, range and meaning, and every policy
/// with its parameters. docs/reference/scenario.md is what this gives for the built-in policies.
[[nodiscard]] std::string scenario_reference(const Registries& registries);

}  // namespace regatta::scenario
