#include "results/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>

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
    const std::string text = to_text(outcome.summary, {.digest = outcome.digest, .ranks = {}});
    for (const std::uint32_t ranks : {1U, 4U}) {
        SCOPED_TRACE(ranks);
        const ScratchDirectory scratch;
        const RunOutcome other = combine(run.description, write_run(run, scratch.path(), ranks, 99));
        EXPECT_EQ(to_text(other.summary, {.digest = other.digest, .ranks = {}}), text);
        EXPECT_EQ(to_json(other.summary, {.digest = other.digest, .ranks = {}}),
                  to_json(outcome.summary, {.digest = outcome.digest, .ranks = {}}));
    }
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

/// A summary with one stream and one pool whose numbers can be checked by eye.
Summary plain_summary() {
    Summary summary;
    summary.name = "quickstart";
    summary.arrived = 7'204;
    summary.end = SimTime::from_s(600);
    RequestFigures& all = summary.all;
    all.finished = 7'181;
    all.unfinished = 23;
    all.preemptions = 12;
    all.ttft = {.count = 7'181,
                .mean_ns = 52.35e6,
                .p50_ns = 41'000'000,
                .p90_ns = 97'000'000,
                .p95_ns = 120'400'000,
                .p99_ns = 214'000'000};
    all.ttft_target = {.target = SimTime::from_ms(200), .met_fraction = 0.984};
    all.tpot = {.count = 7'000,
                .mean_ns = 10.2e6,
                .p50_ns = 9'800'000,
                .p90_ns = 13'100'000,
                .p95_ns = 15'000'000,
                .p99_ns = 19'700'000};
    all.tpot_target = {.target = SimTime::from_ms(20), .met_fraction = 0.9999};
    all.end_to_end = {.count = 7'181,
                      .mean_ns = 2.5e9,
                      .p50_ns = 2'100'000'000,
                      .p90_ns = 5'800'000'000,
                      .p95_ns = 8'000'000'000,
                      .p99_ns = 124'000'000'000};
    all.requests_per_s = 11.97;
    all.prompt_tokens_per_s = 9'430.4;
    all.output_tokens_per_s = 18'430;
    all.goodput_requests_per_s = 11.7;
    all.goodput_fraction = 0.981;
    summary.streams = {all};
    summary.fleet = {.name = {},
                     .replicas = 16,
                     .gpus = 16,
                     .steps = 18'100'000,
                     .preemptions = 12,
                     .gpu_busy_fraction = 0.63,
                     .kv_mean_fraction = 0.401,
                     .kv_peak_fraction = 0.71,
                     .inter_token_gap = all.tpot};
    summary.pools = {summary.fleet};
    return summary;
}

SummaryContext plain_context() {
    SummaryContext context;
    EXPECT_TRUE(Digest::from_hex("9f3c1e0a77b2d4155c08e6a1d2f49b30", context.digest));
    context.ranks = {{.rank = 0,
                      .wall_s = 9.7,
                      .loop_s = 9.05,
                      .waiting_s = 1.0,
                      .windows = 61'220,
                      .events = 100,
                      .peak_memory_bytes = 80'000'000},
                     {.rank = 1,
                      .wall_s = 9.6,
                      .loop_s = 9.05,
                      .waiting_s = 1.5,
                      .windows = 61'220,
                      .events = 120,
                      .peak_memory_bytes = 70'000'000}};
    return context;
}

TEST(SummaryText, ReadsLikeThis) {
    EXPECT_EQ(to_text(plain_summary(), plain_context()),
              R"(Requests   7,204 arrived = 7,181 finished + 0 rejected + 0 failed + 23 unfinished at the end
                       mean       p50       p90       p95          p99    target      met
  TTFT              52.4 ms   41.0 ms   97.0 ms    120 ms       214 ms    200 ms   98.4 %
  TPOT              10.2 ms   9.80 ms   13.1 ms   15.0 ms      19.7 ms   20.0 ms   99.9 %
  inter-token gap   10.2 ms   9.80 ms   13.1 ms   15.0 ms      19.7 ms         -        -
  end to end         2.50 s    2.10 s    5.80 s    8.00 s   2 min 04 s         -        -
  queueing                -         -         -         -            -         -        -
Throughput 12.0 requests/s, 9,430 prompt tokens/s, 18,430 output tokens/s
Goodput    11.7 requests/s within all targets (98.1 % of requests)
Fleet      16 replicas on 16 GPUs, GPU busy 63.0 %, KV cache mean 40.1 %, peak 71.0 %, preemptions 12
Run        9.70 s wall on 2 ranks, 18.1 M steps (2.00 M steps/s in the event loop), 61,220 windows, 13.8 % of the time waiting for other ranks
Digest 9f3c1e0a77b2d4155c08e6a1d2f49b30
)");
}

TEST(SummaryText, TellsStreamsAndPoolsApartWhenThereAreSeveral) {
    Summary summary = plain_summary();
    summary.measure_from = SimTime::from_s(60);
    summary.streams.push_back({});
    summary.streams[0].name = "people";
    summary.streams[1].name = "machines";
    summary.pools.push_back({});
    summary.pools[0].name = "chat";
    summary.pools[1].name = "code";
    const std::string text = to_text(summary, {.digest = {}, .ranks = {}});
    expect_contains(text,
                    "Measured   7,181 finished requests of those that arrived from 60.0 s on, until 10 min 00 s\n");
    expect_contains(text, R"(Streams
             finished   requests/s   TTFT p50      p99      met   TPOT p50       p99      met   within all
  people        7,181         12.0    41.0 ms   214 ms   98.4 %    9.80 ms   19.7 ms   99.9 %       98.1 %
  machines          0         0.00          -        -        -          -         -        -            -
)");
    expect_contains(text, R"(Pools
         replicas   GPUs   GPU busy   KV mean   KV peak   preemptions   gap p50       p99
  chat         16     16     63.0 %    40.1 %    71.0 %            12   9.80 ms   19.7 ms
  code          0      0      0.0 %         -     0.0 %             0         -         -
)");
}

TEST(SummaryText, HasTheDigestOnALineOfItsOwn) {
    const std::string text = to_text(plain_summary(), plain_context());
    EXPECT_TRUE(std::regex_search(text, std::regex("(^|\n)Digest [0-9a-f]{32}\n")));
}

TEST(SummaryJson, IsOneDocumentWithUnitsInItsKeys) {
    const nlohmann::json json = nlohmann::json::parse(to_json(plain_summary(), plain_context()));
    EXPECT_EQ(json["digest"], "9f3c1e0a77b2d4155c08e6a1d2f49b30");
    EXPECT_EQ(json["requests"]["arrived"], 7'204);
    EXPECT_EQ(json["requests"]["unfinished"], 23);
    EXPECT_DOUBLE_EQ(json["end_s"], 600.0);
    EXPECT_DOUBLE_EQ(json["ttft"]["p99_s"], 0.214);
    EXPECT_DOUBLE_EQ(json["ttft"]["target_s"], 0.2);
    EXPECT_DOUBLE_EQ(json["ttft"]["met_fraction"], 0.984);
    EXPECT_DOUBLE_EQ(json["inter_token_gap"]["p50_s"], 0.0098);
    EXPECT_TRUE(json["queueing"]["mean_s"].is_null());
    EXPECT_DOUBLE_EQ(json["goodput"]["fraction"], 0.981);
    EXPECT_DOUBLE_EQ(json["fleet"]["kv_mean_fraction"], 0.401);
    EXPECT_EQ(json["run"]["ranks"], 2);
    EXPECT_EQ(json["run"]["events"], 220);
    EXPECT_DOUBLE_EQ(json["run"]["steps_per_s"], 2e6);
    EXPECT_EQ(json["streams"].size(), 1U);
    EXPECT_EQ(json["pools"].size(), 1U);
}

TEST(SummaryJson, SaysNothingOfTargetsThatNobodyGave) {
    Summary summary = plain_summary();
    summary.all.goodput_fraction.reset();
    summary.all.goodput_requests_per_s.reset();
    summary.all.ttft_target = {};
    const nlohmann::json json = nlohmann::json::parse(to_json(summary, plain_context()));
    EXPECT_TRUE(json["goodput"].is_null());
    EXPECT_TRUE(json["ttft"]["target_s"].is_null());
    EXPECT_EQ(to_text(summary, plain_context()).find("Goodput"), std::string::npos);
}

}  // namespace
}  // namespace regatta::results
