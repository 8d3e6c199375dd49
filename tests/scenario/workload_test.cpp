// Checks that look at several keys of the workload, and at its place in time and fleet.
#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

std::string with_workload(const std::string& workload) {
    return "fleet:\n  pools:\n    - {name: chat, model: small-llm, node: {gpu: big-gpu}}\nworkload:\n" + workload;
}

TEST(Workload, TracesNeedNoDuration) {
    const Scenario scenario = load_text(with_workload("  trace: data/hour.csv\n"
                                                      "  rate_scale: 2\n"
                                                      "  window: {from: 1min, to: 2min}\n"
                                                      "  columns: {arrival: t, prompt_tokens: p, output_tokens: o}\n"
                                                      "  limit: 100\n"
                                                      "targets: {tpot: 50ms}\n"),
                                        {}, {"data/hour.csv"});
    ASSERT_EQ(scenario.streams.size(), 1U);
    const auto& trace = scenario.streams[0].trace;
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->path, "data/hour.csv");
    EXPECT_EQ(trace->rate_scale, 2);
    EXPECT_EQ(trace->window_from, SimTime::from_s(60));
    EXPECT_EQ(trace->window_to, SimTime::from_s(120));
    EXPECT_EQ(trace->columns.at("prompt_tokens"), "p");
    EXPECT_EQ(trace->limit, 100U);
    EXPECT_EQ(scenario.streams[0].name, "trace");
    EXPECT_EQ(scenario.streams[0].targets.tpot, SimTime::from_ms(50));
    EXPECT_FALSE(scenario.duration);
}

TEST(Workload, TracesLieBesideTheScenarioOrWhereTheUserIs) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["dir/fleet.yaml"] = {true, with_workload("  trace: hour.csv\n"), ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["dir/hour.csv"] = {true, "", ""};
    files.files["mine.csv"] = {true, "", ""};
    const Scenario beside = load_scenario({"dir/fleet.yaml", {}, "catalogue"}, Registries{}, files);
    EXPECT_EQ(beside.streams[0].trace->path, "dir/hour.csv");
    EXPECT_NE(beside.resolved_text.find("trace: /home/someone/dir/hour.csv\n"), std::string::npos);
    const Scenario here =
        load_scenario({"dir/fleet.yaml", {"workload.trace=mine.csv"}, "catalogue"}, Registries{}, files);
    EXPECT_EQ(here.streams[0].trace->path, "mine.csv");
}

TEST(Workload, TracesMustBeReadable) {
    EXPECT_EQ(problems_of_text(with_workload("  trace: hour.csv\n")),
              Lines{"fleet.yaml:5:10: workload.trace: cannot read \"hour.csv\": no such file"});
}

TEST(Workload, ThereMustBeOneKindOfTraffic) {
    EXPECT_EQ(problems_of_text(with_workload("  rate_scale: 2\n")),
              Lines{"fleet.yaml:5:3: workload: no traffic; give a trace by --set workload.trace=PATH, or streams"});
    EXPECT_EQ(problems_of_text(scenario_with(7, "workload:\n  trace: hour.csv")),
              Lines{"fleet.yaml:8:10: workload.trace: a trace and streams exclude each other; expected one of them"});
    EXPECT_EQ(problems_of_text(with_workload("")),
              Lines{"fleet.yaml:4:1: workload: expected a map with: trace, columns, rate_scale, window, prompt_scale, "
                    "output_scale, max_tokens, trace_model, limit, pool, model, timeout, arrival_rate, streams; found "
                    "nothing"});
}

TEST(Workload, WindowsAndColumnsMustMakeSense) {
    EXPECT_EQ(problems_of_text(with_workload("  trace: t.csv\n  window: {from: 2min, to: 1min}\n"), {}, {"t.csv"}),
              Lines{"fleet.yaml:6:28: workload.window.to: 1min is not after window.from, 2min"});
    EXPECT_EQ(problems_of_text(with_workload("  trace: t.csv\n  columns: {arrival: t}\n"), {}, {"t.csv"}),
              Lines{"fleet.yaml:6:12: workload.columns: one column alone cannot be named; expected all of: arrival, "
                    "prompt_tokens, output_tokens"});
}

TEST(Workload, KeysOfATraceDoNotApplyToStreams) {
    EXPECT_EQ(problems_of_text(scenario_with(7,
                                             "workload:\n"
                                             "  rate_scale: 2\n"
                                             "  window: {from: 1s}\n"
                                             "  columns: {arrival: t}\n"
                                             "  pool: chat\n"
                                             "  model: small-llm")),
              (Lines{"fleet.yaml:8:15: workload.rate_scale: applies to a trace only; change each stream's rate",
                     "fleet.yaml:9:11: workload.window: applies to a trace only; leave it out",
                     "fleet.yaml:10:12: workload.columns: applies to a trace only; leave it out",
                     "fleet.yaml:11:9: workload.pool: applies to a trace only; name the pool in each stream",
                     "fleet.yaml:12:10: workload.model: applies to a trace only; name the model in each stream"}));
}

TEST(Workload, StreamsMustEnd) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "")),
              Lines{"fleet.yaml:2:1: duration: missing; stream \"stream-0\" would never end: expected a duration, or a "
                    "limit"});
    EXPECT_EQ(load_text(scenario_with(1, ""), {"workload.limit=100"}).streams[0].limit, 100U);
    EXPECT_EQ(problems_of_text(scenario_with(1, "end: at_duration"), {"workload.limit=100"}),
              Lines{"fleet.yaml:1:6: end: at_duration needs a duration; give one, or drain"});
}

TEST(Workload, TheSmallerLimitHolds) {
    const std::string text = scenario_with(9, "    - limit: 50\n      arrivals: {rate: 1/s}");
    EXPECT_EQ(load_text(text, {"workload.limit=100"}).streams[0].limit, 50U);
    EXPECT_EQ(load_text(text, {"workload.limit=10"}).streams[0].limit, 10U);
}

TEST(Workload, MeasuringBeginsBeforeTheEnd) {
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: 1min\nmeasure: {from: 60s}")),
        Lines{"fleet.yaml:2:17: measure.from: 1min leaves nothing to measure; expected less than the duration, 1min"});
}

TEST(Workload, ProcessesNeedARateOrALimit) {
    EXPECT_EQ(problems_of_text(scenario_with(9, "    - arrivals: poisson")),
              Lines{"fleet.yaml:9:17: workload.streams[0].arrivals.rate: missing; poisson needs a rate, such as 40/s"});
    EXPECT_EQ(
        problems_of_text(scenario_with(9, "    - arrivals: all_at_once")),
        Lines{"fleet.yaml:9:7: workload.streams[0].limit: missing; all_at_once needs a limit, for it has no other "
              "end"});
    const Scenario scenario = load_text(scenario_with(9, "    - arrivals: all_at_once\n      limit: 100"));
    EXPECT_EQ(scenario.streams[0].arrivals.name, "all_at_once");
}

TEST(Workload, LengthsMustBeServable) {
    EXPECT_EQ(
        problems_of_text(scenario_with(10, "      lengths: {prompt: {fixed: 8000}, output: {fixed: 200}}")),
        Lines{"fleet.yaml:10:16: workload.streams[0].lengths: even the shortest prompt and output have 8200 tokens "
              "together; pool \"chat\" accepts at most 8192"});
    EXPECT_EQ(
        problems_of_text(scenario_with(
            10, "      lengths: {prompt: {distribution: uniform, least: 9, most: 5}, output: {fixed: 200}}")),
        Lines{"fleet.yaml:10:56: workload.streams[0].lengths.prompt.least: 9 is more than most = 5; expected at most "
              "5"});
}

TEST(Workload, StreamsHaveTheTargetsOfTheScenarioUnlessTheySayOtherwise) {
    const std::string text = scenario_with(9, "    - targets: {ttft: 2s, tpot: none}\n      arrivals: {rate: 1/s}");
    const Targets targets = load_text(text, {"targets={ttft: 1s, tpot: 50ms}"}).streams[0].targets;
    EXPECT_EQ(targets.ttft, SimTime::from_s(2));
    EXPECT_FALSE(targets.tpot);
}

std::string with_two_pools(const std::string& stream_key, const std::string& second_model) {
    return "duration: 1s\nfleet:\n  pools:\n"
           "    - {name: a, model: small-llm, node: {gpu: big-gpu}}\n"
           "    - {name: b, model: " +
           second_model +
           ", node: {gpu: big-gpu}, parallel: {tp: 8}}\n"
           "workload:\n  streams:\n    - arrivals: {rate: 1/s}\n"
           "      lengths: {prompt: {fixed: 1}, output: {fixed: 1}}\n" +
           stream_key;
}

TEST(Workload, StreamsGoToAllPoolsOfTheirModel) {
    const std::vector<std::uint16_t> both = {0, 1};
    const Scenario by_model = load_text(with_two_pools("      model: small-llm\n", "small-llm"));
    EXPECT_EQ(by_model.streams[0].pools, both);
    EXPECT_NE(by_model.resolved_text.find("      pool: none\n      model: small-llm\n"), std::string::npos);
    const Scenario by_default = load_text(with_two_pools("", "small-llm"));
    EXPECT_EQ(by_default.streams[0].pools, both);
    EXPECT_NE(by_default.resolved_text.find("      pool: none\n      model: small-llm\n"), std::string::npos);
    const Scenario by_pool = load_text(with_two_pools("      pool: a\n      model: small-llm\n", "small-llm"));
    EXPECT_EQ(by_pool.streams[0].pools, (std::vector<std::uint16_t>{0}));
}

TEST(Workload, StreamsFindTheirPoolByNameOrModel) {
    EXPECT_EQ(load_text(with_two_pools("      pool: b\n", "small-llm")).streams[0].pools,
              (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(load_text(with_two_pools("      model: large-llm\n", "large-llm")).streams[0].pools,
              (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(
        problems_of_text(with_two_pools("", "large-llm")),
        Lines{"fleet.yaml:8:7: workload.streams[0].pool: missing; pools serve different models: expected one of: a, "
              "b"});
    EXPECT_EQ(problems_of_text(with_two_pools("      pool: chat\n", "large-llm")),
              Lines{"fleet.yaml:10:13: workload.streams[0].pool: no pool \"chat\"; allowed: a, b"});
    EXPECT_EQ(problems_of_text(with_two_pools("      model: smal-llm\n", "large-llm")),
              Lines{"fleet.yaml:10:14: workload.streams[0].model: no pool serves \"smal-llm\"; allowed: a, b, "
                    "large-llm, small-llm; did you mean \"small-llm\"?"});
    EXPECT_EQ(
        problems_of_text(with_two_pools("      pool: a\n      model: large-llm\n", "large-llm")),
        Lines{"fleet.yaml:11:14: workload.streams[0].model: pool \"a\" serves small-llm; leave out the model or the "
              "pool"});
}

TEST(Workload, WhileAPoolIsWrongNothingIsSaidAboutWhatItServes) {
    EXPECT_EQ(
        problems_of_text(with_two_pools("      model: large-llm\n", "larg-llm")),
        Lines{"fleet.yaml:5:24: fleet.pools[1].model: no model \"larg-llm\" in the catalogue; allowed: small-llm, "
              "large-llm; did you mean \"large-llm\"?"});
}

TEST(Workload, NamesOfStreamsDiffer) {
    const std::string stream =
        "    - name: s\n      arrivals: {rate: 1/s}\n"
        "      lengths: {prompt: {fixed: 1}, output: {fixed: 1}}\n";
    EXPECT_EQ(
        problems_of_text(with_workload("  streams:\n" + stream + stream) + "duration: 1s\n"),
        Lines{"fleet.yaml:9:13: workload.streams[1].name: another stream is called \"s\", too; expected names that "
              "differ"});
}

TEST(Workload, KeysOfATraceDoNotApplyToOneStream) {
    EXPECT_EQ(
        problems_of_text(scenario_with(9,
                                       "    - rate_scale: 2\n"
                                       "      max_tokens: 9\n"
                                       "      trace_model: x\n"
                                       "      arrivals: {rate: 40/s}")),
        (Lines{"fleet.yaml:9:19: workload.streams[0].rate_scale: applies to a trace only; change the rate",
               "fleet.yaml:10:19: workload.streams[0].max_tokens: applies to a trace only; say it in the stream's "
               "lengths",
               "fleet.yaml:11:20: workload.streams[0].trace_model: applies to a trace only; leave it out"}));
}

}  // namespace
}  // namespace regatta::scenario
