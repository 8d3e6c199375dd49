#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "regatta/base/digest.hpp"
#include "regatta/base/time.hpp"
#include "results/run_description.hpp"
#include "results/series.hpp"
#include "results/summary.hpp"

namespace regatta::results {

/// What one rank knows at the end of a run, small enough to be gathered at rank 0.
struct RankPartial {
    Digest rows;  ///< of /requests and /replicas
    SummarySums sums;
    SeriesSums series;
    std::int64_t arrived = 0;
    SimTime end;
    RunFacts facts;

    /// Of another rank of the same run.
    RankPartial& operator+=(const RankPartial& other);

    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    /// Throws BugError when the bytes are not what to_bytes gave.
    [[nodiscard]] static RankPartial from_bytes(std::span<const std::byte> bytes);
};

/// Of all results of those whose sum this is.
[[nodiscard]] Digest digest_of(const RankPartial& total);

/// What came out of a run, over all ranks.
struct RunOutcome {
    Digest digest;  ///< of all results; the same whatever the number of ranks
    Summary summary;
    SummarySums sums;
    SeriesSums series;
    RunFacts facts;
};

/// Adds up the partials of all ranks, one at a time, so that they need not all be in memory. The order of ranks decides
/// only the order of `RunOutcome::facts`.
class Reduction {
public:
    explicit Reduction(const RunDescription& run);
    void add(const RankPartial& partial);
    /// Rows that no partial has counted.
    void add_rows(const Digest& rows) { total_.rows += rows; }
    /// What was added so far.
    [[nodiscard]] const RankPartial& total() const { return total_; }
    [[nodiscard]] Digest digest() const { return digest_of(total_); }
    /// After at least one add. Throws BugError when requests were lost
    /// (arrived != finished + rejected + failed + unfinished).
    [[nodiscard]] RunOutcome outcome() const;

private:
    RunDescription run_;
    RankPartial total_;
};

/// The same, for partials that are all there.
[[nodiscard]] RunOutcome combine(const RunDescription& run, const std::vector<RankPartial>& partials);

}  // namespace regatta::results
