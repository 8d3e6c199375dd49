#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/checkpointing.hpp"
#include "app/log.hpp"
#include "app/resume.hpp"
#include "app/setting.hpp"
#include "app/stall_watch.hpp"
#include "results/rank_partial.hpp"
#include "results/rank_writer.hpp"
#include "scenario/build_fleet.hpp"
#include "scenario/load.hpp"

namespace regatta::app {

/// How a run is to be carried out, besides what its scenario says.
struct RunTerms {
    std::chrono::steady_clock::time_point started;  ///< of the program
    const ResumePoint* resume = nullptr;            ///< null: from the beginning
    bool is_branch = false;                         ///< it goes on as another run
    Checkpointing::Setup checkpoints;
    double stall_timeout_s = 0;  ///< after which a rank that does not answer ends the run
};

/// What came of a run, on each rank.
struct RunEnd {
    std::optional<SimTime> stopped_at;           ///< by a signal, with a checkpoint
    std::optional<results::RunOutcome> outcome;  ///< on rank 0
};

/// One run from a checked scenario to the summary.
class OneRun {
public:
    OneRun(const scenario::Scenario& scenario, const Setting& setting, const Log& log, RunTerms terms);
    [[nodiscard]] RunEnd carry_out(const scenario::TraceSummaries& traces);

private:
    [[nodiscard]] results::RunFacts facts_of(const engine::RunReport& report) const;
    [[nodiscard]] engine::RunReport run_to_end(engine::Simulation& simulation, const scenario::TraceSummaries& traces);
    [[nodiscard]] std::optional<results::RunOutcome> conclude();

    const scenario::Scenario& scenario_;
    const Setting& setting_;
    const Log& log_;
    WatchedTransport transport_;
    RunTerms terms_;
    results::RunDescription description_;
    results::RankWriter writer_;
    scenario::Fleet fleet_;
    Checkpointing checkpoints_;
};

}  // namespace regatta::app
