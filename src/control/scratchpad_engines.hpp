#pragma once

#include <span>

#include "control/scratchpad_fleet.hpp"
#include "workload/scratchpad_draws.hpp"

namespace regatta::control {

/// Engines of the Scratchpad simulator's legacy mode, as they are: each has a clock of its own, which goes by 0.1 ms
/// while it is idle; requests are routed at the instants of these clocks, to an engine of their model by chance; the
/// clocks of engines that an environment change adds begin at 0; a request that no engine serves is lost, and takes an
/// idle engine out of service. Idle clocks are not advanced tick by tick, but come to the same.
///
/// `requests` are in order of arrival, and stay where they are. Nothing is decided at or after `until_s`. Gives the
/// last instant.
[[nodiscard]] double run_scratchpad_engines(const ScratchpadFleet& fleet,
                                            std::span<serving::ScratchpadRequest> requests,
                                            workload::ScratchpadDraws& draws, ScratchpadWatcher& watcher,
                                            double until_s);

}  // namespace regatta::control
