#pragma once

#include "scenario/assembly_scratchpad.hpp"

namespace regatta::scenario {

/// Tells of everything in the scenario that Scratchpad has not, and of what it needs; fixes what it takes for granted
/// (latencies, seed) in the reading, so that the resolved text says so.
void refuse_what_scratchpad_cannot(const ScratchpadInput& input);

/// Of a scenario that is under another compat, or under none: keys that mean nothing there.
void refuse_scratchpad_keys(Reading& root, Problems& problems);

}  // namespace regatta::scenario
