#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/setting.hpp"
#include "regatta/engine/transport.hpp"
#include "regatta/scenario/registries.hpp"
#include "scenario/load.hpp"
#include "scenario/scenario.hpp"
#include "workload/workload.hpp"

namespace regatta::app {

/// Rank 0 does `body`, which may throw, and says what is wrong; all ranks get its exit code (0: it went well).
[[nodiscard]] int on_rank_zero(engine::Transport& transport, const std::function<void()>& body);

/// What a scenario is read from.
struct ScenarioSource {
    std::string path;
    std::vector<std::string> overrides;
    /// Bytes of the files as they were read before, on all ranks; none: from the disk.
    std::optional<std::string> files = {};
    std::vector<scenario::Branch> branches = {};  ///< what is to change from an instant on
};

[[nodiscard]] ScenarioSource source_of(const ScenarioArguments& arguments);

/// A scenario that every rank has read from the same bytes, or the exit code that all ranks return.
struct ScenarioInput {
    int exit_code = 0;
    std::optional<scenario::Scenario> scenario;
    scenario::TraceSummaries traces;  ///< on rank 0, by stream
    std::string files;                ///< bytes of what it was read from
};

/// Rank 0 reads and checks the scenario and its trace, speaks, and hands the bytes to the others.
[[nodiscard]] ScenarioInput read_scenario(const ScenarioSource& source, const Setting& setting);

/// Makes the step times of all pools ready, on all ranks together: before anything but checking the scenario. What
/// takes long is taken from the cache of earlier runs, or shared and kept there.
void prepare_step_times(const scenario::Scenario& scenario, engine::Transport& transport);

}  // namespace regatta::app
