#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "regatta/base/sketch.hpp"
#include "regatta/serving/records.hpp"

namespace regatta::results::report {

/// Simulated time cut into equal intervals of a round length.
struct TimeGrid {
    std::int64_t width_ns = 1;
    std::size_t columns = 1;

    /// At most `most` intervals that cover [0, end_ns].
    [[nodiscard]] static TimeGrid covering(std::int64_t end_ns, std::size_t most);
    /// The interval that `at_ns` >= 0 falls in; the last one has its end, too.
    [[nodiscard]] std::size_t column_of(std::int64_t at_ns) const;
    [[nodiscard]] double start_s(std::size_t column) const;
};

/// The stages that a request's time divides into.
enum class Stage { Network, Waiting, Prefill, Decode, Preempted };
inline constexpr std::size_t kStages = 5;

/// What charts over time need of one interval: requests by when they ended, arrivals by when they came.
struct Interval {
    std::int64_t arrived = 0;
    std::int64_t finished = 0;
    std::int64_t given_up = 0;  ///< rejected, failed or timed out
    std::int64_t output_tokens = 0;
    LatencySketch ttft;
    LatencySketch tpot;
};

/// Stages of the requests whose end-to-end time lies in one bucket of a sketch.
struct StageSums {
    std::int64_t requests = 0;
    std::array<std::int64_t, kStages> ns = {};
};

/// Requests in batches over time, for groups of nodes.
class NodeLoad {
public:
    NodeLoad() = default;
    /// `row_of_replica`: the group of each replica's node, by index over the fleet.
    NodeLoad(const TimeGrid& grid, std::vector<std::size_t> row_of_replica, std::size_t rows);

    void add(const serving::RequestRecord& record);
    /// Requests in a batch on average, [row][column]. `end_ns`: of the run, within the last column.
    [[nodiscard]] std::vector<std::vector<double>> means(std::int64_t end_ns) const;

private:
    struct Row {
        std::vector<std::int64_t> part_ns;  ///< of requests that began or ended in the column
        std::vector<std::int64_t> whole;    ///< change in the number of those that were there for all of it
    };
    TimeGrid grid_;
    std::vector<std::size_t> row_of_replica_;
    std::vector<Row> rows_;
};

/// What a report needs of /requests beyond the summary, in one pass and bounded memory.
class RequestPass {
public:
    RequestPass(const TimeGrid& grid, std::int64_t measure_from_ns, NodeLoad load);

    void add(std::span<const serving::RequestRecord> rows);

    [[nodiscard]] const TimeGrid& grid() const { return grid_; }
    [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }
    [[nodiscard]] const NodeLoad& load() const { return load_; }

    /// Mean stages [s] of the finished and measured requests between two fractions of them, ordered by end-to-end
    /// time to the width of a sketch's bucket; none: there are no such requests.
    [[nodiscard]] std::optional<std::array<double, kStages>> mean_stages_s(double from, double to) const;

private:
    void add(const serving::RequestRecord& record);
    void add_finished(const serving::RequestRecord& record, Interval& at_end);

    TimeGrid grid_;
    std::int64_t measure_from_ns_ = 0;
    std::vector<Interval> intervals_;
    std::map<std::int64_t, StageSums> stages_;  ///< by the end of the bucket
    NodeLoad load_;
};

}  // namespace regatta::results::report
