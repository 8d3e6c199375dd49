// The sketches of a summary's sums as tables, and back.
#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// One of the sketches of a pool.
using Sketch = LatencySketch PoolSums::*;

std::vector<GapRow> rows_of(const std::vector<PoolSums>& pools, Sketch sketch) {
    std::vector<GapRow> rows;
    for (std::size_t pool = 0; pool < pools.size(); ++pool)
        for (const LatencySketch::Bucket& bucket : (pools[pool].*sketch).buckets())
            rows.push_back({.pool = static_cast<std::int64_t>(pool),
                            .lower_ns = bucket.lower_ns,
                            .upper_ns = bucket.upper_ns,
                            .count = bucket.count});
    return rows;
}

std::vector<GapTotalRow> totals_of(const std::vector<PoolSums>& pools, Sketch sketch) {
    std::vector<GapTotalRow> rows;
    for (std::size_t pool = 0; pool < pools.size(); ++pool) {
        const LatencySketch& times = pools[pool].*sketch;
        if (times.count() == 0) continue;
        const auto [sum_s, rest_ns] = times.sum_ns().divided_by(kNsPerSecond);
        rows.push_back(
            {.pool = static_cast<std::int64_t>(pool), .count = times.count(), .sum_s = sum_s, .sum_rest_ns = rest_ns});
    }
    return rows;
}

void add_rows(std::vector<PoolSums>& pools, Sketch sketch, const std::vector<GapRow>& rows,
              const std::vector<GapTotalRow>& totals) {
    auto row = rows.begin();
    for (const GapTotalRow& total : totals) {
        std::vector<LatencySketch::Bucket> buckets;
        for (; row != rows.end() && row->pool == total.pool; ++row)
            buckets.push_back({.lower_ns = row->lower_ns, .upper_ns = row->upper_ns, .count = row->count});
        REGATTA_CHECK(
            total.sum_s >= 0 && total.sum_rest_ns >= 0 && total.sum_rest_ns < kNsPerSecond,
            fmt::format("times of pool {} add up to {} s and {} ns", total.pool, total.sum_s, total.sum_rest_ns));
        WideSum sum;
        sum.add(kNsPerSecond, total.sum_s);
        sum.add(total.sum_rest_ns, 1);
        const LatencySketch times = LatencySketch::from_buckets(buckets, sum);
        REGATTA_CHECK(
            total.pool >= 0 && static_cast<std::size_t>(total.pool) < pools.size() && times.count() == total.count,
            fmt::format("pool {} has {} times in buckets and {} in all", total.pool, times.count(), total.count));
        pools[static_cast<std::size_t>(total.pool)].*sketch += times;
    }
    REGATTA_CHECK(row == rows.end(), fmt::format("times of pool {} have no total", row->pool));
}

}  // namespace

std::vector<GapRow> SummarySums::gap_rows() const {
    return rows_of(pools_, &PoolSums::inter_token_gap);
}
std::vector<GapTotalRow> SummarySums::gap_total_rows() const {
    return totals_of(pools_, &PoolSums::inter_token_gap);
}
std::vector<GapRow> SummarySums::step_time_rows() const {
    return rows_of(pools_, &PoolSums::step_time);
}
std::vector<GapTotalRow> SummarySums::step_time_total_rows() const {
    return totals_of(pools_, &PoolSums::step_time);
}
void SummarySums::add_gaps(const std::vector<GapRow>& rows, const std::vector<GapTotalRow>& totals) {
    add_rows(pools_, &PoolSums::inter_token_gap, rows, totals);
}
void SummarySums::add_step_times(const std::vector<GapRow>& rows, const std::vector<GapTotalRow>& totals) {
    add_rows(pools_, &PoolSums::step_time, rows, totals);
}

}  // namespace regatta::results
