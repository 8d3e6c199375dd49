#include "results/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "made_up_run.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

using serving::EndState;
using serving::RequestRecord;

/// Everything once more, from the rows themselves, in floating point and with whole vectors: shares nothing with the
/// code under test.
struct Recomputed {
    std::vector<double> ttft_ns, tpot_ns, end_to_end_ns, queueing_ns;
    std::vector<double> normalised_ns, network_ns, waiting_ns, prefill_ns, decode_ns, preempted_ns;
    double prompt_tokens = 0;
    double output_tokens = 0;
    double ttft_met = 0;
    double tpot_met = 0;
    double tpot_held = 0;
    double all_met = 0;
    double measured = 0;

    void add(const RequestRecord& row, const MadeUpRun& run) {
        if (row.arrival_ns < run.description.measure_from.ns()) return;
        ++measured;
        if (row.state != EndState::Finished) return;
        const StreamDescription& stream = run.description.streams[row.stream];
        const auto since = [&row](std::int64_t ns) { return static_cast<double>(ns - row.arrival_ns); };
        ttft_ns.push_back(since(row.first_token_ns));
        end_to_end_ns.push_back(since(row.end_ns));
        queueing_ns.push_back(since(row.scheduled_ns));
        normalised_ns.push_back(std::floor(0.5 + end_to_end_ns.back() / row.output_tokens));
        network_ns.push_back(since(row.received_ns));
        waiting_ns.push_back(since(row.scheduled_ns) - since(row.received_ns));
        const auto before_ns = static_cast<double>(row.preempted_before_token_ns);
        preempted_ns.push_back(static_cast<double>(row.preempted_ns));
        prefill_ns.push_back(since(row.first_token_ns) - since(row.scheduled_ns) - before_ns);
        decode_ns.push_back(since(row.end_ns) - since(row.first_token_ns) - (preempted_ns.back() - before_ns));
        const bool ttft_good = !stream.ttft_target || ttft_ns.back() <= static_cast<double>(stream.ttft_target->ns());
        bool tpot_good = true;
        if (row.output_tokens > 1) {
            tpot_ns.push_back(
                std::floor(0.5 + static_cast<double>(row.end_ns - row.first_token_ns) / (row.output_tokens - 1.0)));
            tpot_good = !stream.tpot_target || tpot_ns.back() <= static_cast<double>(stream.tpot_target->ns());
            if (stream.tpot_target) {
                ++tpot_held;
                tpot_met += tpot_good;
            }
        }
        ttft_met += ttft_good;
        all_met += ttft_good && tpot_good;
        prompt_tokens += row.prompt_tokens;
        output_tokens += row.output_tokens;
    }
};

void expect_figures(const LatencyFigures& figures, std::vector<double> values, const char* name) {
    SCOPED_TRACE(name);
    ASSERT_EQ(figures.count, static_cast<std::int64_t>(values.size()));
    ASSERT_FALSE(values.empty());
    std::sort(values.begin(), values.end());
    double sum = 0;
    for (const double value : values)
        sum += value;
    EXPECT_NEAR(figures.mean_ns, sum / static_cast<double>(values.size()), 1e-9 * sum);
    const auto at = [&values](double p) {
        return values[static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size()))) - 1];
    };
    EXPECT_NEAR(static_cast<double>(figures.p50_ns), at(0.50), 0.004 * at(0.50) + 1);
    EXPECT_NEAR(static_cast<double>(figures.p90_ns), at(0.90), 0.004 * at(0.90) + 1);
    EXPECT_NEAR(static_cast<double>(figures.p95_ns), at(0.95), 0.004 * at(0.95) + 1);
    EXPECT_NEAR(static_cast<double>(figures.p99_ns), at(0.99), 0.004 * at(0.99) + 1);
}

class SummaryOfAMadeUpRun : public testing::Test {
protected:
    SummaryOfAMadeUpRun() {
        const ScratchDirectory scratch;
        outcome = combine(run.description, write_run(run, scratch.path(), 3));
        for (const RequestRecord& row : run.requests) {
            all.add(row, run);
            streams[row.stream].add(row, run);
        }
    }
    MadeUpRun run = make_up_run(40, 3'000);
    RunOutcome outcome;
    Recomputed all;
    Recomputed streams[2];
    double span_s = 90;  // from measure_from at 10 s to the end at 100 s
};

TEST_F(SummaryOfAMadeUpRun, CountsRequestsByHowTheyEnded) {
    const auto ended = [this](EndState state) {
        return std::count_if(run.requests.begin(), run.requests.end(),
                             [state](auto& row) { return row.state == state; });
    };
    EXPECT_EQ(outcome.summary.arrived, 3'000);
    EXPECT_EQ(outcome.summary.all.finished, ended(EndState::Finished));
    EXPECT_EQ(outcome.summary.all.rejected, ended(EndState::Rejected));
    EXPECT_EQ(outcome.summary.all.failed, ended(EndState::Failed));
    EXPECT_EQ(outcome.summary.all.unfinished, ended(EndState::Unfinished));
    EXPECT_GT(ended(EndState::Unfinished), 0);
}

TEST_F(SummaryOfAMadeUpRun, AgreesWithLatenciesComputedFromTheRows) {
    const RequestFigures& figures = outcome.summary.all;
    expect_figures(figures.ttft, all.ttft_ns, "TTFT");
    expect_figures(figures.tpot, all.tpot_ns, "TPOT");
    expect_figures(figures.end_to_end, all.end_to_end_ns, "end to end");
    expect_figures(figures.queueing, all.queueing_ns, "queueing");
    expect_figures(figures.normalised, all.normalised_ns, "normalised");
    expect_figures(figures.network, all.network_ns, "network");
    expect_figures(figures.waiting, all.waiting_ns, "waiting");
    expect_figures(figures.prefill, all.prefill_ns, "prefill");
    expect_figures(figures.decode, all.decode_ns, "decode");
    expect_figures(figures.preempted, all.preempted_ns, "preempted");
    for (std::size_t i = 0; i < 2; ++i) {
        SCOPED_TRACE(i);
        expect_figures(outcome.summary.streams[i].ttft, streams[i].ttft_ns, "TTFT");
        expect_figures(outcome.summary.streams[i].tpot, streams[i].tpot_ns, "TPOT");
    }
}

TEST_F(SummaryOfAMadeUpRun, AgreesWithRatesComputedFromTheRows) {
    const RequestFigures& figures = outcome.summary.all;
    EXPECT_DOUBLE_EQ(figures.requests_per_s, static_cast<double>(all.ttft_ns.size()) / span_s);
    EXPECT_DOUBLE_EQ(figures.prompt_tokens_per_s, all.prompt_tokens / span_s);
    EXPECT_DOUBLE_EQ(figures.output_tokens_per_s, all.output_tokens / span_s);
}

TEST_F(SummaryOfAMadeUpRun, HoldsEachRequestToTheTargetsOfItsStream) {
    const RequestFigures& figures = outcome.summary.all;
    EXPECT_FALSE(figures.ttft_target.target.has_value());  // the two streams have different ones
    EXPECT_DOUBLE_EQ(figures.ttft_target.met_fraction.value(), all.ttft_met / static_cast<double>(all.ttft_ns.size()));
    EXPECT_FALSE(figures.tpot_target.target.has_value());  // only one stream has one
    EXPECT_DOUBLE_EQ(figures.tpot_target.met_fraction.value(), all.tpot_met / all.tpot_held);
    EXPECT_DOUBLE_EQ(figures.goodput_requests_per_s.value(), all.all_met / span_s);
    EXPECT_DOUBLE_EQ(figures.goodput_fraction.value(), all.all_met / all.measured);

    const RequestFigures& people = outcome.summary.streams[0];
    EXPECT_EQ(people.name, "people");
    EXPECT_EQ(people.ttft_target.target, SimTime::from_ms(300));
    EXPECT_FALSE(people.tpot_target.met_fraction.has_value());
    EXPECT_DOUBLE_EQ(people.goodput_fraction.value(), streams[0].all_met / streams[0].measured);
    // Each is met by some and missed by some, or the comparison would prove nothing.
    EXPECT_GT(all.ttft_met, 0);
    EXPECT_LT(all.ttft_met, static_cast<double>(all.ttft_ns.size()));
    EXPECT_GT(all.tpot_met, 0);
    EXPECT_LT(all.tpot_met, all.tpot_held);
}

TEST_F(SummaryOfAMadeUpRun, WeighsBusyTimeByGpus) {
    double busy_gpu_ns = 0;
    double gpus = 0;
    double peak = 0;
    for (const auto& replica : run.replicas) {
        busy_gpu_ns += static_cast<double>(replica.busy_ns) * replica.gpus;
        gpus += replica.gpus;
        peak = std::max(peak, static_cast<double>(replica.kv_blocks_peak) / static_cast<double>(replica.kv_blocks));
    }
    EXPECT_EQ(outcome.summary.fleet.replicas, 6);
    EXPECT_EQ(outcome.summary.fleet.gpus, 15);
    EXPECT_NEAR(outcome.summary.fleet.gpu_busy_fraction, busy_gpu_ns / gpus / 100e9, 1e-12);
    EXPECT_DOUBLE_EQ(outcome.summary.fleet.kv_peak_fraction, peak);
}

TEST_F(SummaryOfAMadeUpRun, AveragesKvUseOverTheMeasuredSpan) {
    double used[2] = {0, 0};
    double capacity[2] = {0, 0};
    for (const Sample& sample : run.samples)
        if (sample.at >= run.description.measure_from && sample.at <= run.end)
            used[sample.pool.index()] += static_cast<double>(sample.sample.kv_blocks_used) / 19;  // 10, 15, ... 100 s
    for (const auto& replica : run.replicas)
        capacity[replica.pool] += static_cast<double>(replica.kv_blocks);
    EXPECT_NEAR(outcome.summary.pools[0].kv_mean_fraction.value(), used[0] / capacity[0], 1e-12);
    EXPECT_NEAR(outcome.summary.pools[1].kv_mean_fraction.value(), used[1] / capacity[1], 1e-12);
    EXPECT_NEAR(outcome.summary.fleet.kv_mean_fraction.value(), (used[0] + used[1]) / (capacity[0] + capacity[1]),
                1e-12);
}

TEST_F(SummaryOfAMadeUpRun, AddsUpStreamsOfOneClass) {
    ASSERT_EQ(outcome.summary.classes.size(), 1U);  // the other stream names none
    EXPECT_EQ(outcome.summary.classes[0].name, "batch");
    EXPECT_EQ(outcome.summary.classes[0].goodput_fraction, outcome.summary.streams[1].goodput_fraction);
    RunDescription one_class = run.description;
    one_class.streams[0].traffic_class = "batch";
    const Summary summary = summarize(one_class, outcome.sums, outcome.series, 3'000, run.end);
    ASSERT_EQ(summary.classes.size(), 1U);
    EXPECT_EQ(summary.classes[0].finished, summary.all.finished);
    EXPECT_DOUBLE_EQ(summary.classes[0].goodput_fraction.value(), all.all_met / all.measured);
}

TEST_F(SummaryOfAMadeUpRun, ComparesWhatGpusDidWithWhatTheyCould) {
    double did[2] = {0, 0};    // operations, bytes
    double could[2] = {0, 0};  // in the 100 s of the run
    for (const auto& replica : run.replicas) {
        const PoolDescription& pool = run.description.pools[replica.pool];
        const llm::WorkFacts& work = pool.work;
        const auto each = [](std::int64_t count, std::int64_t cost) {
            return static_cast<double>(count) * static_cast<double>(cost);
        };
        did[0] += each(replica.prefill_tokens + replica.decode_tokens, work.flops_per_token) +
                  each(replica.samples, work.flops_per_sample) +
                  each(replica.attended_tokens, work.flops_per_attended) +
                  each(replica.window_attended_tokens, work.flops_per_window_attended);
        did[1] += each(replica.steps, work.weight_bytes) + each(replica.experts_read_1024, work.expert_bytes) / 1024 +
                  each(replica.moved_kv_tokens, work.kv_bytes) +
                  each(replica.window_moved_kv_tokens, work.window_kv_bytes);
        could[0] += 100 * each(replica.gpus, pool.gpu_flops_per_s);
        could[1] += 100 * each(replica.gpus, pool.gpu_memory_bytes_per_s);
    }
    const PoolFigures& fleet = outcome.summary.fleet;
    EXPECT_NEAR(fleet.flops_utilisation.value(), did[0] / could[0], 1e-12 * did[0] / could[0]);
    EXPECT_NEAR(fleet.bandwidth_utilisation.value(), did[1] / could[1], 1e-12 * did[1] / could[1]);
    EXPECT_GT(outcome.summary.pools[1].flops_utilisation.value(), 0);
}

TEST_F(SummaryOfAMadeUpRun, CountsGpusThatPoolsShareOnce) {
    RunDescription shared = run.description;
    shared.pools[1].shared_gpus = 3;
    const Summary summary = summarize(shared, outcome.sums, outcome.series, 3'000, run.end);
    EXPECT_EQ(summary.fleet.gpus, 12);
    EXPECT_NEAR(summary.fleet.gpu_busy_fraction, outcome.summary.fleet.gpu_busy_fraction * 15 / 12, 1e-12);
    EXPECT_GT(summary.fleet.flops_utilisation.value(), outcome.summary.fleet.flops_utilisation.value());
    EXPECT_EQ(summary.pools[1].gpus, outcome.summary.pools[1].gpus);
}

TEST_F(SummaryOfAMadeUpRun, KnowsNoUtilisationOfUnknownHardware) {
    RunDescription unknown = run.description;
    unknown.pools[1].gpu_flops_per_s = 0;
    const Summary summary = summarize(unknown, outcome.sums, outcome.series, 3'000, run.end);
    EXPECT_TRUE(summary.pools[0].flops_utilisation.has_value());
    EXPECT_FALSE(summary.pools[1].flops_utilisation.has_value());
    EXPECT_FALSE(summary.fleet.bandwidth_utilisation.has_value());
}

TEST_F(SummaryOfAMadeUpRun, KeepsBatchSizesByPool) {
    for (std::size_t pool = 0; pool < 2; ++pool) {
        double steps = 0;
        double sequences = 0;
        std::map<std::int64_t, std::int64_t> by_size;
        for (const Batches& batches : run.batches) {
            if (batches.pool.index() != pool) continue;
            by_size[batches.sequences] += batches.steps;
            steps += static_cast<double>(batches.steps);
            sequences += static_cast<double>(batches.sequences * batches.steps);
        }
        const auto at = [&](double p) {
            double below = 0;
            for (const auto& [size, count] : by_size)
                if (below += static_cast<double>(count); below >= p * steps) return size;
            return std::int64_t{-1};
        };
        const BatchFigures& figures = outcome.summary.pools[pool].batch;
        EXPECT_EQ(static_cast<double>(figures.steps), steps);
        EXPECT_NEAR(figures.mean, sequences / steps, 1e-9);
        EXPECT_EQ(figures.p50, at(0.5));
        EXPECT_EQ(figures.p90, at(0.9));
        EXPECT_EQ(figures.p99, at(0.99));
        EXPECT_EQ(figures.most, by_size.rbegin()->first);
    }
}

TEST_F(SummaryOfAMadeUpRun, RefusesBatchesThatAreNotTheSteps) {
    SummarySums sums = outcome.sums;
    sums.add_batches(PoolId(0), 3, 1);
    expect_contains(error_of<BugError>([&] { (void)summarize(run.description, sums, outcome.series, 3'000, run.end); }),
                    "batches");
}

TEST_F(SummaryOfAMadeUpRun, KeepsInterTokenGapsByPool) {
    std::vector<double> gaps[3];
    for (const Gaps& some : run.gaps)
        for (std::int64_t i = 0; i < some.count; ++i)
            for (const std::size_t place : {some.pool.index(), std::size_t{2}})
                gaps[place].push_back(static_cast<double>(some.gap.ns()));
    expect_figures(outcome.summary.pools[0].inter_token_gap, gaps[0], "chat");
    expect_figures(outcome.summary.pools[1].inter_token_gap, gaps[1], "code");
    expect_figures(outcome.summary.fleet.inter_token_gap, gaps[2], "both");
}

TEST_F(SummaryOfAMadeUpRun, IsTheSameOnAnyNumberOfRanks) {
    const std::string text = to_text(outcome.summary, {.digest = outcome.digest, .facts = {}});
    for (const std::uint32_t ranks : {1U, 4U}) {
        SCOPED_TRACE(ranks);
        const ScratchDirectory scratch;
        const RunOutcome other = combine(run.description, write_run(run, scratch.path(), ranks, 99));
        EXPECT_EQ(to_text(other.summary, {.digest = other.digest, .facts = {}}), text);
        EXPECT_EQ(to_json(other.summary, {.digest = other.digest, .facts = {}}),
                  to_json(outcome.summary, {.digest = outcome.digest, .facts = {}}));
    }
}

/// One stream with targets of 100 ns, one finished request that arrived at 0.
SummarySums sums_of(std::int64_t first_token_ns, std::int64_t end_ns, std::uint32_t output_tokens) {
    const SimTime target = SimTime::from_ns(100);
    const RunDescription run{.name = {},
                             .seed = 1,
                             .scenario_text = {},
                             .pools = {{.name = "pool"}},
                             .streams = {{.name = "stream", .ttft_target = target, .tpot_target = target}},
                             .series_every = {},
                             .measure_from = {}};
    SummarySums sums(run);
    RequestRecord row;
    row.arrival_ns = row.received_ns = row.scheduled_ns = 0;
    row.first_token_ns = first_token_ns;
    row.end_ns = end_ns;
    row.output_tokens = output_tokens;
    row.state = EndState::Finished;
    sums.add(row);
    return sums;
}

TEST(Summary, RoundsTpotToTheNearestNanosecond) {
    EXPECT_EQ(sums_of(10, 10 + 5, 3).streams()[0].tpot.quantile_ns(1), 3);  // 2.5
    EXPECT_EQ(sums_of(10, 10 + 7, 4).streams()[0].tpot.quantile_ns(1), 2);  // 2.33
}

TEST(Summary, HasNoTpotOfASingleToken) {
    const SummarySums sums = sums_of(10, 10, 1);
    EXPECT_EQ(sums.streams()[0].tpot.count(), 0);
    EXPECT_EQ(sums.streams()[0].all_met, 1);
}

TEST(Summary, TakesATargetAsMetWhenItIsJustReached) {
    EXPECT_EQ(sums_of(100, 300, 3).streams()[0].all_met, 1);
    EXPECT_EQ(sums_of(101, 301, 3).streams()[0].ttft_met, 0);
    EXPECT_EQ(sums_of(100, 301, 3).streams()[0].tpot_met, 0);  // 100.5 ns
}

TEST(Summary, RefusesARunThatLostARequest) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(41, 20);
    std::vector<RankPartial> partials = write_run(run, scratch.path(), 2);
    ++partials[1].arrived;
    expect_contains(error_of<BugError>([&] { (void)combine(run.description, partials); }),
                    "requests were lost or counted twice: 21 arrived, ");
}

TEST(Summary, RefusesRanksThatEndedAtDifferentTimes) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(42, 20);
    std::vector<RankPartial> partials = write_run(run, scratch.path(), 2);
    partials[1].end = SimTime::from_s(99);
    expect_contains(error_of<BugError>([&] { (void)combine(run.description, partials); }),
                    "one rank ended at 100000000000 ns, another at 99000000000 ns");
}

}  // namespace
}  // namespace regatta::results
