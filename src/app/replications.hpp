#pragma once

#include "app/run_command.hpp"
#include "app/setting.hpp"

namespace regatta::app {

/// `regatta run --seeds N`: the same scenario with N seeds, each in a directory of its own. Ranks that one run has no
/// use for, because there are more than islands, run other seeds meanwhile. Collective; rank 0 speaks. Returns the exit
/// code.
[[nodiscard]] int run_replications(const RunArguments& arguments, const Setting& setting);

}  // namespace regatta::app
