#pragma once

#include <string>
#include <vector>

#include "scenario/document.hpp"

namespace regatta::scenario {

/// Applies `--set path=value` in order: `workload.streams[0].arrivals.rate=24/s`, `fleet.pools[chat].nodes=4`. The
/// value is read as YAML. Keys on the way are made; whether they are allowed is for the reader to say.
void apply_overrides(const std::vector<std::string>& overrides, Node& document, Problems& problems);

}  // namespace regatta::scenario
