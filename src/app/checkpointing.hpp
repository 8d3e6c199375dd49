#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/log.hpp"
#include "app/stop_signals.hpp"
#include "base/cores.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/engine/transport.hpp"
#include "results/checkpoint_writer.hpp"
#include "results/rank_writer.hpp"

namespace regatta::app {

/// When a run saves itself without being asked to.
struct CheckpointTerms {
    std::optional<SimTime> every;        ///< of simulated time
    std::optional<double> every_wall_s;  ///< as rank 0's clock goes
};

/// Saves a run while it goes on: at multiples of a simulated time, after a wall time, and when a signal asks for it.
class Checkpointing {
public:
    struct Setup {
        std::string directory;
        CheckpointTerms terms;
        StopSignals* signals = nullptr;  ///< null: no signal is heeded
        /// What is the same in all checkpoints of the run, and of earlier segments.
        results::CheckpointManifest manifest;
        std::vector<std::string> data_files;  ///< paths
        std::string scenario_files;           ///< on rank 0
    };
    Checkpointing(Setup setup, engine::Transport& transport, const Log& log);

    /// The first instant after `now` at which the run is to pause; never: it is not.
    [[nodiscard]] SimTime next_pause(SimTime now) const;
    /// What this rank wants of all; throws when the last checkpoint could not be written.
    [[nodiscard]] engine::Wish wish();
    /// Saves a run that has paused at `at`. Its results until then get a segment of their own, and the caller begins
    /// the next. The disk may be busy with it for a while after.
    void save(const engine::Simulation& simulation, results::RankWriter& writer, SimTime at, results::RunFacts facts);
    /// Saves a branch that has begun at `at`, whose first segments are there.
    void save_begun(const engine::Simulation& simulation, const results::RankWriter& writer, SimTime at,
                    results::RunFacts facts);
    /// Until the disk has it.
    void wait() { writer_.wait(); }

private:
    using Clock = std::chrono::steady_clock;
    void hand_over(const engine::Simulation& simulation, const results::RankWriter& writer,
                   results::CheckpointPart part, results::RunFacts facts, SimTime at);

    /// Of all ranks here: mpirun binds each of them to one of its own, where what is written while the run goes on
    /// would keep it from computing, whether others wait or not.
    std::optional<CoreSet> cores_;
    Setup setup_;
    engine::Transport& transport_;
    const Log& log_;
    Clock::time_point last_;  ///< checkpoint, or the beginning
    bool has_saved_ = false;
    results::CheckpointWriter writer_;
};

}  // namespace regatta::app
