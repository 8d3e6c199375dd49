#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/scenario_input.hpp"
#include "app/setting.hpp"
#include "regatta/engine/simulation.hpp"
#include "results/checkpoint_files.hpp"
#include "results/rank_partial.hpp"

namespace regatta::app {

/// Where a run goes on: a checkpoint, and what belongs to it.
class ResumePoint {
public:
    /// Of the newest checkpoint of a run's directory, or of the one that is named. Throws InputError when there is
    /// none, or one that this program does not read.
    explicit ResumePoint(const std::string& directory_or_checkpoint);

    [[nodiscard]] const results::CheckpointManifest& manifest() const { return reader_.manifest(); }
    [[nodiscard]] const std::string& path() const { return reader_.path(); }
    /// Of the run.
    [[nodiscard]] const std::string& directory() const { return directory_; }

    /// The scenario as it was read when the run began.
    [[nodiscard]] ScenarioSource scenario() const;
    /// Throws InputError when what runs on is not what was saved: `resolved_text` is of the scenario that was read now.
    void check_same_scenario(const std::string& resolved_text, const std::string& named) const;
    /// Throws InputError when traces, or rank files that belong to it, are not what they were, or the run has ended.
    void check_files(bool is_branch) const;
    /// Removes what came after it: the run goes on here.
    void drop_later() const;
    /// Of the run, and of those that it branched off from: a branch has files of them all.
    [[nodiscard]] std::vector<std::string> run_ids() const;
    /// Gives a branch the rank files that belong to it: the same ones under another name where the file system can.
    void share_segments(const std::string& directory) const;

    /// Collective: each rank looks through some of the parts. Returns the exit code of all; rank 0 says what is
    /// damaged.
    [[nodiscard]] int check_parts(engine::Transport& transport) const;
    /// What the rank goes on with: states of all processes; and of results, on rank 0, all that is in no rank file yet.
    void load(engine::Simulation& simulation) const;
    [[nodiscard]] results::RankPartial sums(const results::RunDescription& run) const;

private:
    results::CheckpointReader reader_;
    std::string directory_;
};

}  // namespace regatta::app
