#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/setting.hpp"
#include "app/stop_signals.hpp"
#include "regatta/engine/transport.hpp"
#include "results/rank_partial.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta run` and `regatta validate`.
struct RunArguments {
    ScenarioArguments scenario;
    std::string output;  ///< empty: runs/NAME-001, or the next free number
    std::uint64_t seeds = 1;
    std::optional<std::string> checkpoint_every;       ///< simulated time between checkpoints
    std::optional<std::string> checkpoint_every_wall;  ///< wall time between them
    std::optional<std::uint32_t> keep_checkpoints;
    std::string stall_timeout = "10min";
    std::optional<std::string> resume;  ///< directory of a run, or of one of its checkpoints
    bool is_quiet = false;
    bool is_json = false;
};
void declare_run(CLI::App& program, RunArguments& arguments);
/// Collective over the session's ranks; rank 0 speaks. Returns the exit code.
[[nodiscard]] int run_scenario(const RunArguments& arguments, const Setting& setting);

/// What came of one run.
struct RunResult {
    int exit_code = 0;  ///< of all ranks; 3: stopped by a signal
    std::string directory;
    std::optional<results::RunOutcome> outcome;  ///< on rank 0, when it went well
    std::optional<SimTime> stopped_at = {};
};
/// Reads the scenario, runs it and writes its files; the summary is for the caller to print. `signals`: null where
/// several run in one process, which then heed none.
[[nodiscard]] RunResult run_once(const RunArguments& arguments, const Setting& setting, StopSignals* signals = nullptr);

/// Rank 0 makes the directory for results, which must be new or empty: the one given, or the next free one of that
/// name. All ranks learn of it in `directory`; returns the exit code of all.
[[nodiscard]] int make_run_directory(std::string& directory, const std::string& name, engine::Transport& transport);

struct ValidateArguments {
    ScenarioArguments scenario;
    bool shows_resolved = false;
};
void declare_validate(CLI::App& program, ValidateArguments& arguments);
[[nodiscard]] int validate_scenario(const ValidateArguments& arguments, const Setting& setting);

}  // namespace regatta::app
