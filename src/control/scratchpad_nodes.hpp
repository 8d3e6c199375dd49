#pragma once

#include <span>

#include "control/scratchpad_fleet.hpp"
#include "workload/scratchpad_draws.hpp"

namespace regatta::control {

/// Nodes of the Scratchpad simulator from instant to instant, with what is plainly wrong there put right: an engine
/// steps when its iteration has ended, loads are counted, re-provisionings complete and give engines of the new model,
/// one at a time for each model. Its policies and its engines are as they are.
///
/// `requests` are in order of arrival, and stay where they are. Nothing that begins at or after `until_s` happens.
/// Gives the last instant.
[[nodiscard]] double run_scratchpad_nodes(const ScratchpadFleet& fleet, std::span<serving::ScratchpadRequest> requests,
                                          workload::ScratchpadDraws& draws, ScratchpadWatcher& watcher, double until_s);

}  // namespace regatta::control
