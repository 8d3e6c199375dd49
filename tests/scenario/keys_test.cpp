// What the declarations of the keys give: defaults, ranges, and a message for everything that does not keep them.
#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

TEST(Keys, TenLinesAreAScenarioAndTheRestHasDefaults) {
    const Scenario scenario = load_text(scenario_with());
    EXPECT_EQ(scenario.name, "unnamed");
    EXPECT_EQ(scenario.duration, SimTime::from_s(600));
    EXPECT_EQ(scenario.seed, 1U);
    EXPECT_FALSE(scenario.ends_at_duration);
    EXPECT_EQ(scenario.measure_from, SimTime());
    EXPECT_EQ(scenario.stepping, serving::Stepping::Lazy);
    EXPECT_EQ(scenario.series_every, SimTime::from_s(1));
    EXPECT_EQ(scenario.gateways.count, 1U);
    EXPECT_EQ(scenario.gateways.router.name, "least_outstanding");
    EXPECT_FALSE(scenario.gateways.report_every);
    EXPECT_EQ(scenario.node_to_node_latency, SimTime::from_us(10));
    ASSERT_EQ(scenario.pools.size(), 1U);
    const Pool& pool = scenario.pools[0];
    EXPECT_EQ(pool.name, "chat");
    EXPECT_EQ(pool.model.layers, 32);
    EXPECT_EQ(pool.nodes, 1U);
    EXPECT_EQ(pool.gpus_per_node, 8U);
    EXPECT_EQ(pool.replicas(), 8U);
    EXPECT_EQ(pool.block_tokens, 16);
    EXPECT_EQ(pool.memory_fraction, 0.9);
    EXPECT_FALSE(pool.kv_blocks);
    EXPECT_EQ(pool.max_context_tokens, 8192);
    EXPECT_EQ(pool.scheduler.name, "vllm_v1");
    EXPECT_EQ(pool.scheduler.parameters.count("max_running"), 256);
    EXPECT_EQ(pool.timing.name, "roofline");
    EXPECT_EQ(pool.gateway_latency, SimTime::from_us(50));
    ASSERT_EQ(scenario.streams.size(), 1U);
    const Stream& stream = scenario.streams[0];
    EXPECT_EQ(stream.name, "stream-0");
    EXPECT_EQ(stream.rate_per_s, 40);
    EXPECT_EQ(stream.arrivals.name, "poisson");
    EXPECT_EQ(stream.prompt.parameters.count("tokens"), 1000);
    EXPECT_FALSE(stream.limit);
    EXPECT_FALSE(stream.targets.ttft);
}

TEST(Keys, EverythingWrongIsToldAtOnceInTheOrderOfTheFile) {
    EXPECT_EQ(
        problems_of_text("durration: 10min\n"
                         "seed: -1\n"
                         "fleet:\n"
                         "  pools:\n"
                         "    - model: small-llm\n"
                         "      nodes: eight\n"
                         "gateways: {count: 0, routr: random, router: randon}\n"
                         "end: never\n"),
        (Lines{
            "fleet.yaml:1:1: durration: no such key; did you mean \"duration\"?",
            "fleet.yaml:1:1: workload: missing; expected a map with: trace, columns, rate_scale, window, prompt_scale, "
            "output_scale, max_tokens, trace_model, limit, pool, model, timeout, arrival_rate, streams",
            "fleet.yaml:2:7: seed: expected a whole number of at least 0, found \"-1\"",
            "fleet.yaml:6:14: fleet.pools[0].nodes: expected a whole number, found \"eight\"",
            "fleet.yaml:7:19: gateways.count: expected a whole number from 1 to 100000, found \"0\"",
            "fleet.yaml:7:22: gateways.routr: no such key; did you mean \"router\"?",
            "fleet.yaml:7:45: gateways.router: expected one of: random, round_robin, least_outstanding, "
            "least_tokens, least_kv, least_loaded, best_fit, gpu_count, model_affinity, lor, replay, power_of_two, "
            "power_of_d, "
            "found "
            "\"randon\"; did you mean \"random\"?",
            "fleet.yaml:8:6: end: expected one of: drain, at_duration, found \"never\""}));
}

TEST(Keys, UnknownKeysNameTheAllowedOnesWhenNoneIsNear) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nmeasure: {zzz: 1}")),
              Lines{"fleet.yaml:2:11: measure.zzz: no such key; allowed: from"});
}

TEST(Keys, ValuesOfAnotherShapeAreNamed) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: [1s]")),
              Lines{"fleet.yaml:1:11: duration: expected a duration of at least 1ns, found a list"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration:")),
              Lines{"fleet.yaml:1:1: duration: expected a duration of at least 1ns, found nothing"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: {min: 10}")),
              Lines{"fleet.yaml:1:11: duration: expected a duration of at least 1ns, found a map"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nmeasure: 1min")),
              Lines{"fleet.yaml:2:10: measure: expected a map with: from; found \"1min\""});
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: 1s\ngateways: {router: [random]}")),
        Lines{"fleet.yaml:2:20: gateways.router: expected one of: random, round_robin, least_outstanding, "
              "least_tokens, least_kv, least_loaded, best_fit, gpu_count, model_affinity, lor, replay, power_of_two, "
              "power_of_d; found a list"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nname: ''")),
              Lines{"fleet.yaml:2:7: name: expected a text, found an empty text"});
}

TEST(Keys, ListsMustHaveElements) {
    EXPECT_EQ(problems_of_text("duration: 1s\nfleet: {pools: []}\nworkload: {streams: {}}\n"),
              (Lines{"fleet.yaml:2:16: fleet.pools: expected a list with at least one element, found an empty list",
                     "fleet.yaml:3:21: workload.streams: expected a list with at least one element, found a map"}));
}

TEST(Keys, NoneIsAllowedWhereNothingIsTheDefault) {
    EXPECT_FALSE(load_text(scenario_with(1, "duration: 1s\noutput: {series: none}")).series_every);
    EXPECT_EQ(load_text(scenario_with(1, "duration: 1s\noutput: {steps: {from: 1s}}")).steps.sample, 1);
    EXPECT_EQ(load_text(scenario_with(1, "duration: 1s\noutput: {steps: {sample: 0.01}}")).steps.sample, 0.01);
    EXPECT_FALSE(load_text(scenario_with(1, "duration: 1s\ntargets: {ttft: none}")).streams[0].targets.ttft);
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nseed: none")),
              Lines{"fleet.yaml:2:7: seed: expected a whole number, found \"none\""});
}

TEST(Keys, SeedsAreExactUpTo63Bits) {
    EXPECT_EQ(load_text(scenario_with(1, "duration: 1s\nseed: 9007199254740993")).seed, 9'007'199'254'740'993U);
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nseed: 9223372036854775808")),
              Lines{"fleet.yaml:2:7: seed: expected a whole number, found \"9223372036854775808\"; at most "
                    "9223372036854775807"});
}

TEST(Keys, RangesOfQuantitiesAreToldInTheirUnit) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 0s")),
              Lines{"fleet.yaml:1:11: duration: expected a duration of at least 1ns, found \"0s\""});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: -5s")),
              Lines{"fleet.yaml:1:11: duration: expected a duration of at least 1ns, found \"-5s\""});
    EXPECT_EQ(
        problems_of_text(scenario_with(9, "    - arrivals: {rate: 0/s}")),
        Lines{"fleet.yaml:9:24: workload.streams[0].arrivals.rate: expected a rate of at least 1/d, found \"0/s\""});
    EXPECT_EQ(
        problems_of_text(scenario_with(4, "    - memory_fraction: 1.5")),
        Lines{"fleet.yaml:4:24: fleet.pools[0].memory_fraction: expected a fraction from 0.01 to 1, found \"1.5\""});
}

TEST(Keys, PoliciesAreNamesOrMaps) {
    const auto router = [](const std::string& text) {
        return load_text(scenario_with(1, "duration: 1s\ngateways: {router: " + text + "}")).gateways.router.name;
    };
    EXPECT_EQ(router("random"), "random");
    EXPECT_EQ(router("{policy: power_of_two}"), "power_of_two");
    EXPECT_EQ(router("{}"), "least_outstanding");
    const Scenario scenario = load_text(scenario_with(1, "duration: 1s\ngateways: {reports: {every: 100ms}}"));
    EXPECT_EQ(scenario.gateways.report_every, SimTime::from_ms(100));
}

TEST(Keys, ParametersOfPoliciesAreCheckedLikeKeys) {
    EXPECT_EQ(
        problems_of_text(scenario_with(4, "    - scheduler: {policy: vllm_v1, chunk_tokns: 2048}")),
        Lines{"fleet.yaml:4:36: fleet.pools[0].scheduler.chunk_tokns: no such key; did you mean \"chunk_tokens\"?"});
    EXPECT_EQ(
        problems_of_text(scenario_with(4, "    - scheduler: {max_running: 0}")),
        Lines{"fleet.yaml:4:32: fleet.pools[0].scheduler.max_running: expected a whole number from 1 to 65536, found "
              "\"0\""});
    EXPECT_EQ(problems_of_text(scenario_with(4, "    - scheduler: {policy: fcfs}")),
              Lines{"fleet.yaml:4:27: fleet.pools[0].scheduler.policy: expected one of: vllm_v1, vllm, sarathi, orca, "
                    "lightllm, faster_transformer, found \"fcfs\""});
    EXPECT_EQ(
        problems_of_text(scenario_with(9, "    - arrivals: {process: gamma, rate: 1/s}")),
        Lines{"fleet.yaml:9:17: workload.streams[0].arrivals.cv: missing; gamma needs a number from 0.01 to 100"});
}

TEST(Keys, CountsByNameAreCheckedOneByOne) {
    const auto problems_with = [](const std::string& limits) {
        return problems_of_text(scenario_with(4, "    - scheduler: {class_limits: " + limits + "}"));
    };
    const std::string place = "fleet.yaml:4:33: fleet.pools[0].scheduler.class_limits: ";
    EXPECT_EQ(problems_with("{stream-0: 8}"), Lines{});
    EXPECT_EQ(problems_with("{stream-0: 0}"),
              Lines{place + "stream-0: expected a whole number from 1 to 65536, found \"0\""});
    EXPECT_EQ(problems_with("{stream-0: many}"), Lines{place + "stream-0: expected a whole number, found \"many\""});
    EXPECT_EQ(problems_with("{stream-0: [1]}"), Lines{place + "stream-0: expected a whole number, found a list"});
    EXPECT_EQ(problems_with("{stream-0: '8'}"),
              Lines{place + "stream-0: expected a whole number, found the quoted text \"8\""});
    EXPECT_EQ(problems_with("8"),
              Lines{place + "expected a map of names to whole numbers from 1 to 65536, found \"8\""});
    EXPECT_EQ(problems_with("{strem-0: 8}"),
              Lines{place + "no stream has the class \"strem-0\"; allowed: stream-0; did you "
                            "mean \"stream-0\"?"});
}

TEST(Keys, ClassesAreThoseThatStreamsName) {
    const std::string streams =
        "    - {name: a, class: chat, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 1}, output: {fixed: 1}}}\n"
        "    - arrivals: {rate: 40/s}";
    const auto pool =
        load_text(scenario_with(9, streams), {"fleet.pools[0].scheduler.class_limits={chat: 3, stream-1: 5}"}).pools[0];
    EXPECT_EQ(pool.scheduler.parameters.counts("class_limits"),
              (std::vector<std::pair<std::string, std::int64_t>>{{"chat", 3}, {"stream-1", 5}}));
    EXPECT_EQ(
        problems_of_text(scenario_with(9, streams), {"fleet.pools[0].scheduler.class_limits={a: 3}"}),
        Lines{"--set #1 (fleet.pools[0].scheduler.class_limits={a: 3}): fleet.pools[0].scheduler.class_limits: no "
              "stream has the class \"a\"; allowed: chat, stream-1"});
}

TEST(Keys, TimeoutsAreOfAStreamOrOfALoneTrace) {
    EXPECT_TRUE(load_text(scenario_with()).streams[0].timeout.is_never());
    const auto timeout = [](const std::string& line) {
        return load_text(scenario_with(9, line), {}, {"t.csv"}).streams[0].timeout;
    };
    EXPECT_EQ(timeout("    - {trace: t.csv, timeout: 3s}\n    - arrivals: {rate: 1/s}"), SimTime::from_s(3));
    EXPECT_EQ(timeout("    - timeout: 1500ms\n      arrivals: {rate: 1/s}"), SimTime::from_ms(1500));
    EXPECT_EQ(load_text(scenario_with(), {"workload={trace: t.csv, timeout: 1min}"}, {"t.csv"}).streams[0].timeout,
              SimTime::from_s(60));
    EXPECT_EQ(problems_of_text(scenario_with(7, "workload:\n  timeout: 3s")),
              Lines{"fleet.yaml:8:12: workload.timeout: applies to a trace only; say it in each stream"});
    EXPECT_EQ(problems_of_text(scenario_with(9, "    - timeout: 0s\n      arrivals: {rate: 1/s}")),
              Lines{"fleet.yaml:9:16: workload.streams[0].timeout: expected a duration of at least 1ns, found \"0s\""});
}

TEST(Keys, ClientsDoNotGiveUpInVidur) {
    const std::string what = "clients do not give up in Vidur; leave it out, or compat: vidur";
    EXPECT_EQ(problems_of_text("compat: vidur\n" + scenario_with(9, "    - timeout: 3s\n      arrivals: {rate: 1/s}")),
              Lines{"fleet.yaml:10:16: workload.streams[0].timeout: " + what});
    EXPECT_EQ(problems_of_text(scenario_with(), {"compat=vidur", "workload={trace: t.csv, timeout: 1min}"}, {"t.csv"}),
              Lines{"--set #2 (workload={trace: t.csv, timeout: 1min}): workload.timeout: " + what});
    EXPECT_EQ(
        problems_of_text("compat: vidur\n" + scenario_with(9, "    - timeout: none\n      arrivals: {rate: 1/s}")),
        Lines{});
}

TEST(Keys, LengthsMustSayTheirDistribution) {
    const std::string names = "fixed, uniform, exponential, lognormal, zipf, ycsb_zipf, quantiles";
    EXPECT_EQ(problems_of_text(scenario_with(10, "      lengths: {prompt: {fixd: 9}, output: {mean: 200}}")),
              (Lines{"fleet.yaml:10:25: workload.streams[0].lengths.prompt: no distribution chosen; expected one of: " +
                         names + "; did you mean \"fixed\"?",
                     "fleet.yaml:10:44: workload.streams[0].lengths.output: no distribution chosen; expected one of: " +
                         names}));
    EXPECT_EQ(problems_of_text(scenario_with(10, "      lengths: {output: {fixed: 200}}")),
              Lines{"fleet.yaml:10:16: workload.streams[0].lengths.prompt: missing; expected one of: " + names});
}

TEST(Keys, QuantilesAreCheckedPointByPoint) {
    const auto problems_with = [](const std::string& points) {
        return problems_of_text(
            scenario_with(10, "      lengths: {output: {fixed: 1}, prompt: {quantiles: " + points + "}}"));
    };
    const std::string place = "fleet.yaml:10:57: workload.streams[0].lengths.prompt.quantiles";
    EXPECT_EQ(problems_with("[[0, 5], [1.5, 9]]"),
              Lines{place + ": point 1: expected a fraction from 0 to 1, found \"1.5\""});
    EXPECT_EQ(problems_with("[[0, 5], [1]]"),
              Lines{place + ": point 1: expected a pair [fraction, value], found a list of 1"});
    EXPECT_EQ(problems_with("[[0, 5], 1]"), Lines{place + ": point 1: expected a pair [fraction, value], found \"1\""});
    EXPECT_EQ(problems_with("[[0, 5], [1, '9']]"),
              Lines{place + ": point 1: expected a number, found the quoted text \"9\""});
    EXPECT_EQ(problems_with("[[0, -5], [1, 9]]"), Lines{place + "[0]: expected 0 to 100000000 tokens, found -5"});
    EXPECT_EQ(problems_with("[[0, 5], [0.5, 4], [1, 9]]"), Lines{place + "[1]: expected at least 5 tokens, found 4"});
    EXPECT_EQ(problems_with("7"), Lines{place + ": expected a list of pairs [[fraction, value], ...], found \"7\""});
}

TEST(Keys, TheClosingLineCounts) {
    EXPECT_EQ(closing_line(1, "fleet.yaml"), "1 error in fleet.yaml; nothing was run.");
    EXPECT_EQ(closing_line(2, "fleet.yaml"), "2 errors in fleet.yaml; nothing was run.");
}

}  // namespace
}  // namespace regatta::scenario
