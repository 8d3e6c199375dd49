#include "results/report/request_pass.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace regatta::results::report {
namespace {

using serving::EndState;
using serving::kNoTime;
using serving::RequestRecord;

constexpr double kNsPerS = 1e9;

/// Nothing reaches before 0, and nobody looks beyond the run's last interval.
std::int64_t clamped(std::int64_t at_ns) {
    return std::max<std::int64_t>(at_ns, 0);
}

}  // namespace

TimeGrid TimeGrid::covering(std::int64_t end_ns, std::size_t most) {
    const auto needed = [end_ns](std::int64_t width) { return static_cast<std::size_t>(end_ns / width) + 1; };
    for (std::int64_t decade = 1;; decade *= 10)
        for (const std::int64_t digit : {1, 2, 5})
            // The end itself needs no interval of its own where it is an edge.
            if (const std::int64_t width = decade * digit; needed(width) <= most + (end_ns % width == 0 ? 1 : 0))
                return {.width_ns = width,
                        .columns = std::max<std::size_t>(needed(width) - (end_ns % width == 0 ? 1 : 0), 1)};
}

std::size_t TimeGrid::column_of(std::int64_t at_ns) const {
    return std::min(static_cast<std::size_t>(clamped(at_ns) / width_ns), columns - 1);
}

double TimeGrid::start_s(std::size_t column) const {
    return static_cast<double>(static_cast<std::int64_t>(column) * width_ns) / kNsPerS;
}

NodeLoad::NodeLoad(const TimeGrid& grid, std::vector<std::size_t> row_of_replica, std::size_t rows)
    : grid_(grid), row_of_replica_(std::move(row_of_replica)), rows_(rows) {
    for (Row& row : rows_) {
        row.part_ns.resize(grid.columns);
        row.whole.resize(grid.columns + 1);
    }
}

void NodeLoad::add(const RequestRecord& record) {
    if (record.scheduled_ns == kNoTime || record.replica >= row_of_replica_.size()) return;
    Row& row = rows_[row_of_replica_[record.replica]];
    const std::size_t first = grid_.column_of(record.scheduled_ns);
    const std::size_t last = grid_.column_of(record.end_ns);
    if (first == last) {
        row.part_ns[first] += record.end_ns - record.scheduled_ns;
        return;
    }
    row.part_ns[first] += static_cast<std::int64_t>(first + 1) * grid_.width_ns - record.scheduled_ns;
    row.part_ns[last] += record.end_ns - static_cast<std::int64_t>(last) * grid_.width_ns;
    ++row.whole[first + 1];
    --row.whole[last];
}

std::vector<std::vector<double>> NodeLoad::means(std::int64_t end_ns) const {
    std::vector<std::vector<double>> means;
    for (const Row& row : rows_) {
        std::vector<double> values;
        std::int64_t whole = 0;
        for (std::size_t column = 0; column < grid_.columns; ++column) {
            whole += row.whole[column];
            const std::int64_t start = static_cast<std::int64_t>(column) * grid_.width_ns;
            const std::int64_t width = std::clamp<std::int64_t>(end_ns - start, 1, grid_.width_ns);
            values.push_back(static_cast<double>(whole) +
                             static_cast<double>(row.part_ns[column]) / static_cast<double>(width));
        }
        means.push_back(std::move(values));
    }
    return means;
}

RequestPass::RequestPass(const TimeGrid& grid, std::int64_t measure_from_ns, NodeLoad load)
    : grid_(grid), measure_from_ns_(measure_from_ns), intervals_(grid.columns), load_(std::move(load)) {}

void RequestPass::add(std::span<const RequestRecord> rows) {
    for (const RequestRecord& record : rows)
        add(record);
}

void RequestPass::add(const RequestRecord& record) {
    ++intervals_[grid_.column_of(record.arrival_ns)].arrived;
    load_.add(record);
    Interval& at_end = intervals_[grid_.column_of(record.end_ns)];
    if (record.state == EndState::Finished)
        add_finished(record, at_end);
    else if (record.state != EndState::Unfinished)
        ++at_end.given_up;
}

void RequestPass::add_finished(const RequestRecord& record, Interval& at_end) {
    ++at_end.finished;
    at_end.output_tokens += record.output_tokens;
    at_end.ttft.fill(SimTime::from_ns(record.first_token_ns - record.arrival_ns));
    if (const std::int64_t gaps = std::int64_t{record.output_tokens} - 1; gaps > 0)
        at_end.tpot.fill(SimTime::from_ns((record.end_ns - record.first_token_ns + gaps / 2) / gaps));
    if (record.arrival_ns < measure_from_ns_) return;
    StageSums& sums = stages_[LatencySketch::bucket_end(SimTime::from_ns(record.end_ns - record.arrival_ns)).ns()];
    ++sums.requests;
    const std::int64_t away_later_ns = record.preempted_ns - record.preempted_before_token_ns;
    const auto add = [&sums](Stage stage, std::int64_t ns) { sums.ns[static_cast<std::size_t>(stage)] += ns; };
    add(Stage::Network, record.received_ns - record.arrival_ns);
    add(Stage::Waiting, record.scheduled_ns - record.received_ns);
    add(Stage::Prefill, record.first_token_ns - record.scheduled_ns - record.preempted_before_token_ns);
    add(Stage::Decode, record.end_ns - record.first_token_ns - away_later_ns);
    add(Stage::Preempted, record.preempted_ns);
}

std::optional<std::array<double, kStages>> RequestPass::mean_stages_s(double from, double to) const {
    double all = 0;
    for (const auto& [end, sums] : stages_)
        all += static_cast<double>(sums.requests);
    std::array<double, kStages> means = {};
    double taken = 0;
    double before = 0;
    for (const auto& [end, sums] : stages_) {
        // Of a bucket that a bound cuts, its share: within a bucket, requests are taken to be alike.
        const auto requests = static_cast<double>(sums.requests);
        const double part = std::min(before + requests, to * all) - std::max(before, from * all);
        before += requests;
        if (part <= 0) continue;
        taken += part;
        for (std::size_t stage = 0; stage < kStages; ++stage)
            means[stage] += static_cast<double>(sums.ns[stage]) * part / requests / kNsPerS;
    }
    if (taken <= 0) return std::nullopt;
    for (double& mean : means)
        mean /= taken;
    return means;
}

}  // namespace regatta::results::report
