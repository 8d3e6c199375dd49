#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "made_up_run.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

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
