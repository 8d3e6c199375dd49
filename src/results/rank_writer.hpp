#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/rank_files.hpp"
#include "results/rank_partial.hpp"
#include "results/run_description.hpp"

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
};

/// The results of one rank: rows go to DIR/rank-RRRRR-SSS.h5, sums and sketches to a RankPartial as they come.
/// The file is written under a temporary name and gets its own in finish(); a writer destroyed before that removes it.
/// Rows of /requests lie in the file by (end_ns, request_id); buffered are only rows that are not settled.
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

    /// Writes the rest and gives the file its name. `end` is the end of the run, the same on all ranks: samples after
    /// it are dropped. `arrived`: requests that reached this rank's gateways. `facts` are this rank's; what is in them
    /// of ranks and of writing is filled in here. Throws IoError.
    void finish(SimTime end, std::int64_t arrived, RunFacts facts);

    /// Wall time spent on sorting rows and writing them so far.
    [[nodiscard]] double writing_s() const;

    /// This rank's sums; complete after finish().
    [[nodiscard]] const RankPartial& partial() const;
    /// The file's final path.
    [[nodiscard]] const std::string& path() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::results
