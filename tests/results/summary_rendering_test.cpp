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
    summary.fleet = {
        .name = {},
        .replicas = 16,
        .gpus = 16,
        .steps = 18'100'000,
        .preemptions = 12,
        .gpu_busy_fraction = 0.63,
        .kv_mean_fraction = 0.401,
        .kv_peak_fraction = 0.71,
        .inter_token_gap = all.tpot,
        .step_time = all.tpot,
        .batch = {.steps = 18'100'000, .mean = 12.34, .p50 = 11, .p90 = 20, .p99 = 31, .most = 64},
        .tokens_per_step = 45.6,
        .flops_utilisation = 0.091,
        .bandwidth_utilisation = 0.62,
        .energy = EnergyFigures{.total_j = 3.456e6,
                                .mean_w = 5'760,
                                .j_per_request = 481.3,
                                .j_per_million_output_tokens = 312'500,
                                .j_per_million_tokens = 200'000},
        .cost = CostFigures{.total_usd = 18.35, .usd_per_request = 0.002555, .usd_per_million_output_tokens = 1.659},
        .carbon = CarbonFigures{.total_g = 454.1, .g_per_request = 0.06324}};
    summary.pools = {summary.fleet};
    return summary;
}

SummaryContext plain_context() {
    SummaryContext context;
    EXPECT_TRUE(Digest::from_hex("9f3c1e0a77b2d4155c08e6a1d2f49b30", context.digest));
    context.facts.ranks = {{.rank = 0,
                            .wall_s = 9.7,
                            .loop_s = 9.05,
                            .waiting_s = 1.0,
                            .windows = 61'220,
                            .events = 74'321'000,
                            .peak_memory_bytes = 80'000'000,
                            .busy_s = 7.5,
                            .exchanging_s = 0.5,
                            .writing_s = 1.0,
                            .messages_sent = 61'220,
                            .bytes_sent = 13'100'000,
                            .least_slack_ns = 50'000},
                           {.rank = 1,
                            .wall_s = 9.6,
                            .loop_s = 9.05,
                            .waiting_s = 1.5,
                            .windows = 61'220,
                            .events = 76'780'000,
                            .peak_memory_bytes = 70'000'000,
                            .busy_s = 7.0,
                            .exchanging_s = 0.5,
                            .writing_s = 1.0,
                            .messages_sent = 61'220,
                            .bytes_sent = 13'200'000,
                            .least_slack_ns = 12'345}};
    context.facts.link_names = {"node -> gateway (reports)", "gateway -> node", "node -> node"};
    context.facts.links = {{.rank = 0, .link = 0, .latency_ns = 70'000, .windows_ended = 10'000},
                           {.rank = 0, .link = 1, .latency_ns = 50'000, .windows_ended = 51'000},
                           {.rank = 1, .link = 0, .latency_ns = 70'000, .windows_ended = 8'000},
                           {.rank = 1, .link = 1, .latency_ns = 50'000, .windows_ended = 53'000}};
    return context;
}

TEST(SummaryText, ReadsLikeThis) {
    EXPECT_EQ(to_text(plain_summary(), plain_context()),
              R"(Requests   7,204 arrived = 7,181 finished + 0 rejected + 0 failed + 23 unfinished at the end
                          mean       p50       p90       p95          p99    target      met
  TTFT                 52.4 ms   41.0 ms   97.0 ms    120 ms       214 ms    200 ms   98.4 %
  TPOT                 10.2 ms   9.80 ms   13.1 ms   15.0 ms      19.7 ms   20.0 ms   99.9 %
  inter-token gap      10.2 ms   9.80 ms   13.1 ms   15.0 ms      19.7 ms         -        -
  end to end            2.50 s    2.10 s    5.80 s    8.00 s   2 min 04 s         -        -
  end to end / token         -         -         -         -            -         -        -
  queueing                   -         -         -         -            -         -        -
    network                  -         -         -         -            -         -        -
    waiting                  -         -         -         -            -         -        -
  prefill                    -         -         -         -            -         -        -
  decode                     -         -         -         -            -         -        -
  preempted                  -         -         -         -            -         -        -
  step                 10.2 ms   9.80 ms   13.1 ms   15.0 ms      19.7 ms         -        -
Throughput 12.0 requests/s, 9,430 prompt tokens/s, 18,430 output tokens/s
Goodput    11.7 requests/s within all targets (98.1 % of requests)
Fleet      16 replicas on 16 GPUs, GPU busy 63.0 %, KV cache mean 40.1 %, peak 71.0 %, preemptions 12
Steps      18,100,000 with 12.3 sequences on average (p50 11, p99 31), 45.6 tokens; MFU 9.1 %, MBU 62.0 %
Energy     3.46 MJ, 5.76 kW on average; 481 J per request, 312 kJ per million output tokens
Cost       18.4 USD; 2.56 USD per thousand requests, 1.66 USD per million output tokens
Emissions  454 g of CO2 equivalent; 63.2 mg per request
Run        9.70 s wall on 2 ranks, 18.1 M steps (2.00 M steps/s in the event loop)
Windows    61,220 of 9.80 ms on average (1,234 events each on a rank), smallest slack 12.3 us; 84.9 % ended by gateway -> node (50.0 us), 14.7 % by node -> gateway (reports) (70.0 us)
Time       busy 72.5 % (70 to 75), waiting 12.5 % (10 to 15), exchanging 5.0 % (5 to 5), writing 10.0 % (10 to 10); 122,440 messages of 215 B between ranks
Digest 9f3c1e0a77b2d4155c08e6a1d2f49b30
)");
}

TEST(SummaryText, SaysNothingOfPowerAndPricesThatAreNotKnown) {
    Summary summary = plain_summary();
    summary.fleet.energy.reset();
    summary.fleet.cost.reset();
    summary.fleet.carbon.reset();
    const std::string text = to_text(summary, plain_context());
    for (const char* word : {"Energy", "Cost", "Emissions"})
        EXPECT_EQ(text.find(word), std::string::npos) << word;
    const nlohmann::json fleet = nlohmann::json::parse(to_json(summary, plain_context()))["fleet"];
    for (const char* key : {"energy", "cost", "carbon"})
        EXPECT_TRUE(fleet.at(key).is_null()) << key;
    summary.fleet.energy.emplace();
    summary.fleet.energy->total_j = 12;
    summary.fleet.energy->mean_w = 1;
    expect_contains(to_text(summary, plain_context()), "\nEnergy     12.0 J, 1.00 W on average\n");
}

TEST(SummaryText, CountsTimeOutsAndReasonsWhereThereAreAny) {
    Summary summary = plain_summary();
    summary.all.rejected = 4;
    summary.all.timed_out = 1'300;
    summary.all.by_reason = {7'204, 4, 1'000, 0, 0, 300};
    expect_contains(to_text(summary, plain_context()),
                    "+ 4 rejected + 0 failed + 1,300 timed out + 23 unfinished at the end\n"
                    "Not served 4 too long, 1,000 waited too long, 300 client gone\n");
}

TEST(SummaryJson, CountsTimeOutsAndReasonsAlways) {
    Summary summary = plain_summary();
    nlohmann::json requests = nlohmann::json::parse(to_json(summary, plain_context()))["requests"];
    EXPECT_EQ(requests["timed_out"], 0);
    EXPECT_EQ(requests["reasons"], nlohmann::json({{"too_long", 0},
                                                   {"waited_too_long", 0},
                                                   {"queue_full", 0},
                                                   {"rate_limited", 0},
                                                   {"client_gone", 0},
                                                   {"no_replica", 0},
                                                   {"replica_lost", 0}}));
    summary.all.timed_out = 1'300;
    summary.all.by_reason = {7'192, 4, 1'000, 7, 5, 300};
    requests = nlohmann::json::parse(to_json(summary, plain_context()))["requests"];
    EXPECT_EQ(requests["timed_out"], 1'300);
    EXPECT_EQ(requests["reasons"], nlohmann::json({{"too_long", 4},
                                                   {"waited_too_long", 1'000},
                                                   {"queue_full", 7},
                                                   {"rate_limited", 5},
                                                   {"client_gone", 300},
                                                   {"no_replica", 0},
                                                   {"replica_lost", 0}}));
}

TEST(SummaryText, SaysOfOneRankWhatThereIsToSay) {
    SummaryContext context = plain_context();
    context.facts.ranks.resize(1);
    RankFacts& rank = context.facts.ranks.front();
    rank = {.wall_s = 2, .loop_s = 1, .windows = 1, .events = 220, .busy_s = 0.9, .writing_s = 0.3};
    context.facts.links.clear();
    expect_contains(to_text(plain_summary(), context), R"(
Run        2.00 s wall on 1 rank, 18.1 M steps (18.1 M steps/s in the event loop)
Windows    1 of 10 min 00 s (220 events)
Time       busy 75.0 %, writing 25.0 %
Digest)");
}

TEST(SummaryText, CountsReductionsBesideMessages) {
    SummaryContext context = plain_context();
    for (RankFacts& rank : context.facts.ranks)
        rank.reductions = 122'442;
    expect_contains(to_text(plain_summary(), context),
                    "; 122,440 messages of 215 B between ranks, 122,442 reductions over all\n");
}

TEST(SummaryText, NamesOnlyLinksThatEndManyWindows) {
    SummaryContext context = plain_context();
    context.facts.links[0].windows_ended = 3'000;
    context.facts.links[2].windows_ended = 0;
    expect_contains(to_text(plain_summary(), context), "; 84.9 % ended by gateway -> node (50.0 us)\n");
}

TEST(SummaryText, SaysNothingOfWindowsAndTimesWhereThereAreNone) {
    SummaryContext context = plain_context();
    context.facts = {.ranks = {{.wall_s = 2, .loop_s = 1}}, .link_names = {}, .links = {}};
    const std::string text = to_text(plain_summary(), context);
    EXPECT_EQ(text.find("Windows"), std::string::npos);
    EXPECT_EQ(text.find("Time"), std::string::npos);
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
    const std::string text = to_text(summary, {.digest = {}, .facts = {}});
    expect_contains(text,
                    "Measured   7,181 finished requests of those that arrived from 60.0 s on, until 10 min 00 s\n");
    expect_contains(text, R"(Streams
             finished   requests/s   TTFT p50      p99      met   TPOT p50       p99      met   within all
  people        7,181         12.0    41.0 ms   214 ms   98.4 %    9.80 ms   19.7 ms   99.9 %       98.1 %
  machines          0         0.00          -        -        -          -         -        -            -
)");
    expect_contains(text, R"(Pools
         replicas   GPUs   GPU busy   KV mean   KV peak   preemptions   gap p50       p99    energy    USD
  chat         16     16     63.0 %    40.1 %    71.0 %            12   9.80 ms   19.7 ms   3.46 MJ   18.4
  code          0      0      0.0 %         -     0.0 %             0         -         -         -      -
)");
}

TEST(SummaryText, TellsClassesApartWhereSeveralStreamsShareOne) {
    Summary summary = plain_summary();
    summary.streams = {summary.all, summary.all, summary.all};
    summary.classes = {summary.all, summary.all, summary.all};
    EXPECT_EQ(to_text(summary, plain_context()).find("Classes"), std::string::npos) << "each is a stream";
    summary.classes.pop_back();
    summary.classes[0].name = "interactive";
    expect_contains(to_text(summary, plain_context()), "Classes\n");
    expect_contains(to_text(summary, plain_context()), "  interactive");
    const nlohmann::json json = nlohmann::json::parse(to_json(summary, plain_context()));
    ASSERT_EQ(json["classes"].size(), 2U);
    EXPECT_EQ(json["classes"][0]["name"], "interactive");
    EXPECT_DOUBLE_EQ(json["classes"][0]["goodput"]["fraction"], 0.981);
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
    EXPECT_DOUBLE_EQ(json["run"]["steps_per_s"], 2e6);
    EXPECT_EQ(json["streams"].size(), 1U);
    EXPECT_TRUE(json["stages"]["waiting"]["p50_s"].is_null());
    EXPECT_DOUBLE_EQ(json["fleet"]["flops_utilisation"], 0.091);
    EXPECT_DOUBLE_EQ(json["fleet"]["bandwidth_utilisation"], 0.62);
    EXPECT_EQ(json["fleet"]["batch_size"]["p99"], 31);
    EXPECT_DOUBLE_EQ(json["fleet"]["tokens_per_step"], 45.6);
    EXPECT_EQ(json["pools"].size(), 1U);
}

TEST(SummaryJson, TellsHowTheRunWent) {
    const nlohmann::json run = nlohmann::json::parse(to_json(plain_summary(), plain_context()))["run"];
    EXPECT_EQ(run["windows"], 61'220);
    EXPECT_EQ(run["events"], 151'101'000);
    EXPECT_EQ(run["messages"], 122'440);
    EXPECT_EQ(run["bytes"], 26'300'000);
    EXPECT_DOUBLE_EQ(run["mean_window_s"], 600.0 / 61'220);
    EXPECT_DOUBLE_EQ(run["events_per_window"], 151'101'000.0 / 122'440);
    EXPECT_DOUBLE_EQ(run["least_slack_s"], 12'345e-9);
    EXPECT_DOUBLE_EQ(run["busy_fraction"], 0.725);
    EXPECT_DOUBLE_EQ(run["waiting_fraction"], 0.125);
    EXPECT_DOUBLE_EQ(run["exchanging_fraction"], 0.05);
    EXPECT_DOUBLE_EQ(run["writing_fraction"], 0.1);
    ASSERT_EQ(run["ended_by"].size(), 2U) << "a link that ended no window is not listed";
    EXPECT_EQ(run["ended_by"][0]["link"], "gateway -> node");
    EXPECT_DOUBLE_EQ(run["ended_by"][0]["latency_s"], 50e-6);
    EXPECT_DOUBLE_EQ(run["ended_by"][0]["windows_fraction"], 104'000.0 / 122'440);
    ASSERT_EQ(run["of_ranks"].size(), 2U);
    EXPECT_EQ(run["of_ranks"][1]["rank"], 1);
    EXPECT_DOUBLE_EQ(run["of_ranks"][1]["waiting_s"], 1.5);
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
