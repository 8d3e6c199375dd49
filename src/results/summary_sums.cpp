#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/checked_sum.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

using serving::EndState;

constexpr std::int64_t kNoTarget = std::numeric_limits<std::int64_t>::max();

std::size_t index_of(EndState state) {
    return static_cast<std::size_t>(state);
}

/// Counts only when the request got through all its stages in their order.
void check_finished(const serving::RequestRecord& record) {
    const std::int64_t away_before_ns = record.preempted_before_token_ns;
    const std::int64_t away_later_ns = record.preempted_ns - away_before_ns;
    REGATTA_CHECK(
        record.arrival_ns <= record.received_ns && record.received_ns <= record.scheduled_ns &&
            record.scheduled_ns + away_before_ns <= record.first_token_ns &&
            record.first_token_ns + away_later_ns <= record.end_ns && away_before_ns >= 0 && away_later_ns >= 0 &&
            record.output_tokens > 0,
        fmt::format("request {} finished with {} tokens: arrival {} ns, received {} ns, scheduled {} ns, "
                    "first token {} ns, end {} ns, preempted for {} ns and then {} ns",
                    record.request_id, record.output_tokens, record.arrival_ns, record.received_ns, record.scheduled_ns,
                    record.first_token_ns, record.end_ns, away_before_ns, away_later_ns));
}

/// Apart, so that counting gaps and batches, which happens more often than anything else here, needs no stack.
[[noreturn]] void refuse_pool(PoolId pool, std::size_t pools) {
    fail_check(__FILE__, __LINE__, "pool.index() < pools_.size()",
               fmt::format("pool {}; there are {} pools", pool.value(), pools));
}

}  // namespace

bool ChangeSums::is_empty() const {
    return std::all_of(by_kind.begin(), by_kind.end(), [](const OfKind& kind) { return kind.count == 0; });
}

void ChangeSums::add(const serving::FleetEventRecord& record) {
    OfKind& kind = by_kind.at(static_cast<std::size_t>(record.kind));
    ++kind.count;
    add_checked(kind.amount, record.amount);
    add_checked(kind.duration_ns, record.end_ns - record.start_ns);
}

ChangeSums& ChangeSums::operator+=(const ChangeSums& other) {
    for (std::size_t kind = 0; kind < by_kind.size(); ++kind) {
        by_kind[kind].count += other.by_kind[kind].count;
        add_checked(by_kind[kind].amount, other.by_kind[kind].amount);
        add_checked(by_kind[kind].duration_ns, other.by_kind[kind].duration_ns);
    }
    return *this;
}

StreamSums& StreamSums::operator+=(const StreamSums& other) {
    for (std::size_t state = 0; state < serving::kEndStates; ++state) {
        by_state[state] += other.by_state[state];
        measured_by_state[state] += other.measured_by_state[state];
    }
    for (std::size_t reason = 0; reason < serving::kEndReasons; ++reason)
        by_reason[reason] += other.by_reason[reason];
    preemptions += other.preemptions;
    prompt_tokens += other.prompt_tokens;
    output_tokens += other.output_tokens;
    ttft_met += other.ttft_met;
    tpot_met += other.tpot_met;
    all_met += other.all_met;
    ttft += other.ttft;
    tpot += other.tpot;
    end_to_end += other.end_to_end;
    queueing += other.queueing;
    normalised += other.normalised;
    network += other.network;
    waiting += other.waiting;
    prefill += other.prefill;
    decode += other.decode;
    preempted += other.preempted;
    return *this;
}

void PoolSums::add(const serving::ReplicaRecord& record) {
    ++replicas;
    add_checked(gpus, record.gpus);
    add_checked(steps, record.steps);
    busy_gpu_ns.add(record.busy_ns, record.gpus);
    add_checked(preemptions, record.preemptions);
    add_checked(kv_blocks, record.kv_blocks);
    prefill_tokens.add(record.prefill_tokens, 1);
    decode_tokens.add(record.decode_tokens, 1);
    samples.add(record.samples, 1);
    attended_tokens.add(record.attended_tokens, 1);
    window_attended_tokens.add(record.window_attended_tokens, 1);
    moved_kv_tokens.add(record.moved_kv_tokens, 1);
    window_moved_kv_tokens.add(record.window_moved_kv_tokens, 1);
    experts_read_1024.add(record.experts_read_1024, 1);
    // A model may leave no memory for blocks; such a replica serves nothing.
    if (record.kv_blocks > 0)
        kv_peak_fraction = std::max(kv_peak_fraction,
                                    static_cast<double>(record.kv_blocks_peak) / static_cast<double>(record.kv_blocks));
}

void PoolSums::add(const serving::FleetEventRecord& record) {
    if (record.kind == serving::FleetEvent::Installed) {
        add_checked(gpus_installed, record.amount);
        installed_gpu_ns.add(record.start_ns, record.amount);
    } else if (record.kind == serving::FleetEvent::Removed) {
        add_checked(gpus_removed, record.amount);
        removed_gpu_ns.add(record.start_ns, record.amount);
    }
}

PoolSums& PoolSums::operator+=(const PoolSums& other) {
    replicas += other.replicas;
    add_checked(gpus, other.gpus);
    add_checked(steps, other.steps);
    busy_gpu_ns += other.busy_gpu_ns;
    add_checked(preemptions, other.preemptions);
    add_checked(kv_blocks, other.kv_blocks);
    kv_peak_fraction = std::max(kv_peak_fraction, other.kv_peak_fraction);
    inter_token_gap += other.inter_token_gap;
    step_time += other.step_time;
    batches += other.batches;
    prefill_tokens += other.prefill_tokens;
    decode_tokens += other.decode_tokens;
    samples += other.samples;
    attended_tokens += other.attended_tokens;
    window_attended_tokens += other.window_attended_tokens;
    moved_kv_tokens += other.moved_kv_tokens;
    window_moved_kv_tokens += other.window_moved_kv_tokens;
    experts_read_1024 += other.experts_read_1024;
    finished += other.finished;
    finished_prompt_tokens += other.finished_prompt_tokens;
    finished_output_tokens += other.finished_output_tokens;
    add_checked(gpus_installed, other.gpus_installed);
    add_checked(gpus_removed, other.gpus_removed);
    installed_gpu_ns += other.installed_gpu_ns;
    removed_gpu_ns += other.removed_gpu_ns;
    return *this;
}

SummarySums::SummarySums(const RunDescription& run)
    : measure_from_ns_(run.measure_from.ns()), streams_(run.streams.size()), pools_(run.pools.size()) {
    for (const StreamDescription& stream : run.streams)
        targets_.push_back({.ttft_ns = stream.ttft_target ? stream.ttft_target->ns() : kNoTarget,
                            .tpot_ns = stream.tpot_target ? stream.tpot_target->ns() : kNoTarget});
}

void SummarySums::add(const serving::RequestRecord& record) {
    REGATTA_CHECK(record.stream < streams_.size() && index_of(record.state) < serving::kEndStates &&
                      static_cast<std::size_t>(record.reason) < serving::kEndReasons,
                  fmt::format("request {} of stream {} ended in state {}; there are {} streams", record.request_id,
                              record.stream, index_of(record.state), streams_.size()));
    StreamSums& sums = streams_[record.stream];
    ++sums.by_state[index_of(record.state)];
    ++sums.by_reason[static_cast<std::size_t>(record.reason)];
    sums.preemptions += record.preemptions;
    if (record.state == EndState::Finished && record.pool < pools_.size()) {
        PoolSums& pool = pools_[record.pool];
        ++pool.finished;
        pool.finished_prompt_tokens.add(record.prompt_tokens, 1);
        pool.finished_output_tokens.add(record.output_tokens, 1);
    }
    if (record.arrival_ns < measure_from_ns_) return;
    ++sums.measured_by_state[index_of(record.state)];
    if (record.state != EndState::Finished) return;
    check_finished(record);

    const Targets& targets = targets_[record.stream];
    const std::int64_t ttft_ns = record.first_token_ns - record.arrival_ns;
    const bool meets_ttft = ttft_ns <= targets.ttft_ns;
    bool meets_tpot = true;
    if (const std::int64_t gaps = std::int64_t{record.output_tokens} - 1; gaps > 0) {
        // To the nearest nanosecond, halves up; in integers, so that it is the same wherever it is computed.
        const std::int64_t tpot_ns = (record.end_ns - record.first_token_ns + gaps / 2) / gaps;
        meets_tpot = tpot_ns <= targets.tpot_ns;
        sums.tpot.fill(SimTime::from_ns(tpot_ns));
        sums.tpot_met += meets_tpot ? 1 : 0;
    }
    sums.ttft.fill(SimTime::from_ns(ttft_ns));
    const std::int64_t end_to_end_ns = record.end_ns - record.arrival_ns;
    const std::int64_t tokens = record.output_tokens;
    sums.end_to_end.fill(SimTime::from_ns(end_to_end_ns));
    sums.normalised.fill(SimTime::from_ns((end_to_end_ns + tokens / 2) / tokens));
    sums.queueing.fill(SimTime::from_ns(record.scheduled_ns - record.arrival_ns));
    sums.network.fill(SimTime::from_ns(record.received_ns - record.arrival_ns));
    sums.waiting.fill(SimTime::from_ns(record.scheduled_ns - record.received_ns));
    const std::int64_t away_later_ns = record.preempted_ns - record.preempted_before_token_ns;
    sums.prefill.fill(SimTime::from_ns(record.first_token_ns - record.scheduled_ns - record.preempted_before_token_ns));
    sums.decode.fill(SimTime::from_ns(record.end_ns - record.first_token_ns - away_later_ns));
    sums.preempted.fill(SimTime::from_ns(record.preempted_ns));
    sums.ttft_met += meets_ttft ? 1 : 0;
    sums.all_met += meets_ttft && meets_tpot ? 1 : 0;
    sums.prompt_tokens += record.prompt_tokens;
    sums.output_tokens += record.output_tokens;
}

void SummarySums::add(const serving::ReplicaRecord& record) {
    REGATTA_CHECK(record.pool < pools_.size() && record.kv_blocks >= 0,
                  fmt::format("replica {} of pool {} with {} KV blocks; there are {} pools", record.replica,
                              record.pool, record.kv_blocks, pools_.size()));
    pools_[record.pool].add(record);
}

void SummarySums::add(const serving::FleetEventRecord& record) {
    changes_.add(record);
    if (record.pool < pools_.size()) pools_[record.pool].add(record);
}

void SummarySums::add(const serving::StepTimes& times) {
    if (times.pool.index() >= pools_.size()) [[unlikely]]
        refuse_pool(times.pool, pools_.size());
    PoolSums& pool = pools_[times.pool.index()];
    pool.step_time.fill_both(times.length, times.count, times.total, times.gaps_each, &pool.inter_token_gap);
}

void SummarySums::add_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) {
    if (pool.index() >= pools_.size()) [[unlikely]]
        refuse_pool(pool, pools_.size());
    pools_[pool.index()].inter_token_gap.fill_bucket(gap, count, total);
}

void SummarySums::add_batches(PoolId pool, std::int64_t sequences, std::int64_t steps) {
    if (pool.index() >= pools_.size()) [[unlikely]]
        refuse_pool(pool, pools_.size());
    pools_[pool.index()].batches.add(sequences, steps);
}

void SummarySums::add_batches(const std::vector<BatchRow>& rows) {
    // More than the schedulers' max_running allows is no batch; memory is not to follow a number in a file.
    constexpr std::int64_t kMostSequences = 1 << 20;
    constexpr std::int64_t kMostSteps = std::int64_t{1} << 44;
    std::pair<std::int64_t, std::int64_t> last = {-1, 0};
    for (const BatchRow& row : rows) {
        const std::pair place = {row.pool, row.sequences};
        REGATTA_CHECK(row.pool >= 0 && static_cast<std::size_t>(row.pool) < pools_.size() && row.sequences > 0 &&
                          row.sequences <= kMostSequences && row.steps > 0 && row.steps <= kMostSteps && place > last,
                      fmt::format("{} steps of pool {} with {} sequences", row.steps, row.pool, row.sequences));
        last = place;
        pools_[static_cast<std::size_t>(row.pool)].batches.add(row.sequences, row.steps);
    }
}

SummarySums& SummarySums::operator+=(const SummarySums& other) {
    if (other.streams_.empty() && other.pools_.empty()) return *this;
    REGATTA_CHECK(streams_.size() == other.streams_.size() && pools_.size() == other.pools_.size(),
                  fmt::format("sums of {} streams and {} pools, and of {} and {}", streams_.size(), pools_.size(),
                              other.streams_.size(), other.pools_.size()));
    for (std::size_t i = 0; i < streams_.size(); ++i)
        streams_[i] += other.streams_[i];
    for (std::size_t i = 0; i < pools_.size(); ++i)
        pools_[i] += other.pools_[i];
    changes_ += other.changes_;
    return *this;
}

std::vector<BatchRow> SummarySums::batch_rows() const {
    std::vector<BatchRow> rows;
    for (std::size_t pool = 0; pool < pools_.size(); ++pool) {
        const std::vector<std::int64_t>& steps = pools_[pool].batches.steps();
        for (std::size_t sequences = 0; sequences < steps.size(); ++sequences)
            if (steps[sequences] > 0)
                rows.push_back({.pool = static_cast<std::int64_t>(pool),
                                .sequences = static_cast<std::int64_t>(sequences),
                                .steps = steps[sequences]});
    }
    return rows;
}

}  // namespace regatta::results
