#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scenario/document.hpp"

namespace regatta::scenario {

/// What problems with a `--set` are told of: "--set #2 (seed=x)".
[[nodiscard]] std::string name_of_override(std::size_t number, const std::string& text);
/// Applies `path=value`: `workload.streams[0].arrivals.rate=24/s`, `fleet.pools[chat].nodes=4`. The value is read as
/// YAML. Keys on the way are made; whether they are allowed is for the reader to say. What is wrong is told at `place`.
void apply_override(const std::string& text, const Place& place, Node& document, Problems& problems);
/// Those of the command line, in order.
void apply_overrides(const std::vector<std::string>& overrides, Node& document, Problems& problems);

}  // namespace regatta::scenario
