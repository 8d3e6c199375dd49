#include "results/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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
                             .pools = {"pool"},
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
