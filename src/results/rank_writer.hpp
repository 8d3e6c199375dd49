#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/rank_files.hpp"
#include "results/rank_partial.hpp"
#include "results/run_description.hpp"
#include "results/temporary_file.hpp"

namespace regatta::results {

/// Where a rank writes and who it is.
struct RankWriterOptions {
    std::string directory;  ///< exists (prepare_output_directory)
    std::uint32_t rank = 0;
    std::uint32_t ranks = 1;
    std::string program;  ///< "regatta 0.1.0 (a1b2c3d, Release)"; goes to /run
    RunDescription run;
    /// By stream: in whose series its requests count that reached no pool. One that is not there: in the first's.
    std::vector<PoolId> pool_of_stream = {};
    /// Wall time [s], to tell what writing took; none: it tells 0.
    std::function<double()> clock = {};
    std::uint32_t segment = 0;  ///< number of the first file: of a run that goes on, those before it are there
    std::vector<std::string> ancestors = {};  ///< of a branch: see layout::Identity
};

/// The results of one rank: rows go to DIR/rank-RRRRR-SSS.h5, sums and sketches to a RankPartial as they come.
/// Rows are in one file, or in several, the segments: each checkpoint ends one. The last has the sums, too.
/// A file is written under a temporary name and gets its own when it is whole; a writer destroyed before that removes
/// it. Rows of /requests lie in a file by (end_ns, request_id); buffered are only rows that are not settled.
class RankWriter final : public serving::RecordSink {
public:
    /// Throws IoError when the file cannot be made.
    explicit RankWriter(RankWriterOptions options);
    ~RankWriter() override;
    RankWriter(const RankWriter&) = delete;
    RankWriter& operator=(const RankWriter&) = delete;

    void request_ended(const serving::RequestRecord& record) override;
    void replica_ended(const serving::ReplicaRecord& record) override;
    void step_times(const serving::StepTimes& times) override;
    void inter_token_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) override;
    void batches(PoolId pool, std::int64_t sequences, std::int64_t count) override;
    /// Recorded steps are kept in memory (128 bytes each) until finish(): a run of steps is told when it has ended, so
    /// that none is settled before.
    void step(const serving::StepRecord& record) override;
    /// Kept in memory (40 bytes each) until finish().
    void fleet_changed(const serving::FleetEventRecord& record) override;
    /// `at` must be a multiple of the run's series interval.
    void sample(PoolId pool, NodeId node, SimTime at, const serving::ReplicaSample& sample) override;

    /// States that no request that ends before `before` will come any more; such a row is a BugError from now on.
    /// Called after each window; writes only when enough has gathered.
    void settle(SimTime before);

    /// Adds what is known of the time before this run goes on, or of some ranks' part of it. Before the first row.
    void carry(const RankPartial& earlier);
    /// What this rank knows so far, to be carried over. `facts` are this rank's.
    [[nodiscard]] RankPartial partial_so_far(SimTime now, RunFacts facts) const;
    /// The run stands at `at`: ends the current file, with all rows that have come. It has what it will ever have, but
    /// its name: the caller gives it that, when it is on the disk. Nothing may come before the next one is begun.
    [[nodiscard]] std::unique_ptr<TemporaryFile> end_segment(SimTime at);
    /// `stopped_at`: the run stops there, and this file shows what there is until then.
    void begin_segment(std::optional<SimTime> stopped_at = {});

    /// Writes the rest and gives the file its name. `end` is the end of the run, the same on all ranks: samples after
    /// it are dropped. `arrived`: requests that reached this rank's gateways. `facts` are this rank's; what is in them
    /// of ranks and of writing is filled in here. Throws IoError.
    void finish(SimTime end, std::int64_t arrived, RunFacts facts);

    /// Wall time spent on sorting rows and writing them so far.
    [[nodiscard]] double writing_s() const;

    /// This rank's sums; complete after finish().
    [[nodiscard]] const RankPartial& partial() const;
    /// What files of this run have in common.
    [[nodiscard]] std::string run_id() const;
    /// The file's final path.
    [[nodiscard]] const std::string& path() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::results
