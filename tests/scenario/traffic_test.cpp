// Streams in full: rates that change, traces among streams, and who they are for.
#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

std::string with_rate(const std::string& rate) {
    return scenario_with(9, "    - arrivals: {rate: " + rate + "}");
}

Stream stream_with_rate(const std::string& rate) {
    return load_text(with_rate(rate)).streams[0];
}

double rate_at(const Stream& stream, std::int64_t second) {
    return stream.curve->rate_per_s(SimTime::from_s(second));
}

TEST(Traffic, ARateAloneIsNoCurve) {
    EXPECT_FALSE(stream_with_rate("40/s").curve);
    EXPECT_FALSE(stream_with_rate("{constant: 40/s}").curve);
    EXPECT_EQ(stream_with_rate("{constant: 40/s}").rate_per_s, 40);
}

TEST(Traffic, RatesMayBeStepsOrRamps) {
    const Stream steps = stream_with_rate("{steps: [[0s, 10/s], [5min, 40/s]]}");
    EXPECT_EQ(rate_at(steps, 299), 10);
    EXPECT_EQ(rate_at(steps, 300), 40);
    EXPECT_EQ(steps.rate_per_s, 25);
    const Stream ramp = stream_with_rate("{ramp: [[0s, 600/min], [10min, 40/s]]}");
    EXPECT_EQ(rate_at(ramp, 300), 25);
    EXPECT_EQ(ramp.rate_per_s, 25);
}

TEST(Traffic, RatesMayFollowTheDay) {
    const Stream day = stream_with_rate("{daily: {mean: 1/s, peak: 1.5/s}}");
    EXPECT_EQ(rate_at(day, 14 * 3600), 1.5);
    EXPECT_NEAR(rate_at(day, 2 * 3600), 0.5, 1e-12);
    const Stream minute = stream_with_rate("{daily: {mean: 1/s, peak: 2/s, period: 1min, peak_at: 10s}}");
    EXPECT_EQ(rate_at(minute, 70), 2);
}

TEST(Traffic, SpikesStandOnAnyRate) {
    const Stream flat = stream_with_rate("{constant: 10/s, spikes: [{at: 5min, for: 30s, factor: 4}]}");
    EXPECT_EQ(rate_at(flat, 299), 10);
    EXPECT_EQ(rate_at(flat, 300), 40);
    EXPECT_EQ(rate_at(flat, 330), 10);
    EXPECT_EQ(flat.rate_per_s, 10 + 10 * 3 * 30 / 600.0);
    const Stream overridden =
        load_text(scenario_with(), {"workload.streams[0].arrivals.rate.spikes=[{at: 1s, for: 1s, factor: 0}]"})
            .streams[0];
    EXPECT_EQ(rate_at(overridden, 0), 40);
    EXPECT_EQ(rate_at(overridden, 1), 0);
}

Scenario with_rate_file(const std::string& content) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["dir/fleet.yaml"] = {true, with_rate("{file: rates.csv}"), ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["dir/rates.csv"] = {true, content, ""};
    return load_scenario({"dir/fleet.yaml", {}, "catalogue"}, Registries{}, files);
}

Lines problems_of_rate_file(const std::string& content) {
    try {
        static_cast<void>(with_rate_file(content));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

TEST(Traffic, RatesMayStandInAFileBesideTheScenario) {
    const Scenario scenario = with_rate_file("time_s,rate_per_s\r\n0,10\r\n\r\n0.5, 2.5\n");
    const Stream& stream = scenario.streams[0];
    EXPECT_EQ(rate_at(stream, 0), 10);
    EXPECT_EQ(rate_at(stream, 1), 2.5);
    EXPECT_NE(scenario.resolved_text.find("rate: {file: /home/someone/dir/rates.csv}"), std::string::npos);
}

TEST(Traffic, ARateFileSaysWhereItIsWrong) {
    EXPECT_EQ(problems_of_rate_file(""), Lines{"dir/rates.csv: expected the header time_s,rate_per_s, found \"\""});
    EXPECT_EQ(problems_of_rate_file("0,10\n"),
              Lines{"dir/rates.csv:1:1: expected the header time_s,rate_per_s, found \"0,10\""});
    EXPECT_EQ(problems_of_rate_file("time_s,rate_per_s\n"),
              Lines{"dir/rates.csv:1:1: expected lines of time and rate after the header"});
    EXPECT_EQ(problems_of_rate_file("time_s,rate_per_s\n1,10\n"),
              Lines{"dir/rates.csv:2:1: expected the first line at time 0"});
    EXPECT_EQ(problems_of_rate_file("time_s,rate_per_s\n0,10\n5,1\n5,2\n"),
              Lines{"dir/rates.csv:4:1: expected a time after that of the line before"});
    EXPECT_EQ(
        problems_of_rate_file("time_s,rate_per_s\n0,-1\n"),
        Lines{"dir/rates.csv:2:1: expected a time in seconds and a rate per second of at least 0, such as 300,40; "
              "found \"0,-1\""});
    EXPECT_EQ(
        problems_of_rate_file("time_s,rate_per_s\n0\n"),
        Lines{"dir/rates.csv:2:1: expected a time in seconds and a rate per second of at least 0, such as 300,40; "
              "found \"0\""});
    EXPECT_EQ(problems_of_rate_file("time_s,rate_per_s\n0,0\n"),
              Lines{"dir/rates.csv: expected a rate above 0 somewhere, found 0 everywhere"});
    EXPECT_EQ(
        problems_of_text(with_rate("{file: rates.csv}")),
        Lines{"fleet.yaml:9:31: workload.streams[0].arrivals.rate.file: cannot read \"rates.csv\": no such file"});
}

TEST(Traffic, ACurveThatIsWrongSaysWhere) {
    const std::string path = "workload.streams[0].arrivals.rate";
    EXPECT_EQ(problems_of_text(with_rate("{steps: [[0s, 1/s]], ramp: [[0s, 1/s]]}")),
              Lines{"fleet.yaml:9:24: " + path +
                    ": expected one of: constant, steps, ramp, daily, file; found steps, "
                    "ramp"});
    EXPECT_EQ(problems_of_text(with_rate("{spikes: [{at: 1s, for: 1s, factor: 2}]}")),
              Lines{"fleet.yaml:9:24: " + path + ": expected one of: constant, steps, ramp, daily, file; found none"});
    EXPECT_EQ(problems_of_text(with_rate("{steps: [[1s, 1/s], [1s, 2/s]]}")),
              (Lines{"fleet.yaml:9:32: " + path + ".steps[0]: expected the first point at 0s, found 1 s",
                     "fleet.yaml:9:32: " + path +
                         ".steps[1]: expected a time after the 1 s of the point before, found "
                         "1 s"}));
    EXPECT_EQ(problems_of_text(with_rate("{ramp: [[0s, 0/s], [1s, 0/s]]}")),
              Lines{"fleet.yaml:9:31: " + path + ".ramp: expected a rate above 0 somewhere, found 0 everywhere"});
    EXPECT_EQ(problems_of_text(with_rate("{daily: {mean: 0.5/s, peak: 1.5/s}}")), Lines());
    EXPECT_EQ(problems_of_text(with_rate("{daily: {mean: 0.5/s, peak: 4/s}}")),
              Lines{"fleet.yaml:9:52: " + path +
                    ".daily.peak: 4/s is more than 7.98 times the mean of 0.5/s; expected less, or steps"});
    EXPECT_EQ(problems_of_text(with_rate("{steps: [[0s, 1/s], [5min]]}")),
              Lines{"fleet.yaml:9:32: " + path + ".steps: point 1: expected a pair [time, rate], found a list of 1"});
    EXPECT_EQ(problems_of_text(with_rate("{steps: [[0s, 1]]}")),
              Lines{"fleet.yaml:9:32: " + path +
                    ".steps: point 0: expected a rate with a unit (/s, /min, /h, /d), found "
                    "\"1\""});
    EXPECT_EQ(problems_of_text(with_rate("20")),
              Lines{"fleet.yaml:9:24: " + path + ": expected a rate with a unit (/s, /min, /h, /d), found \"20\""});
    EXPECT_EQ(problems_of_text(with_rate("[1/s]")),
              Lines{"fleet.yaml:9:24: " + path +
                    ": expected a map with: constant, steps, ramp, daily, file, spikes; "
                    "found a list"});
    EXPECT_EQ(problems_of_text(with_rate("{spikes: [{at: 1s, factor: 2}], constant: 1/s}")),
              Lines{"fleet.yaml:9:34: " + path + ".spikes[0].for: missing; expected a duration of at least 1ns"});
}

TEST(Traffic, WhatComesAllAtOnceHasNoRateThatChanges) {
    EXPECT_EQ(problems_of_text(scenario_with(9,
                                             "    - limit: 5\n      arrivals: {process: all_at_once, rate: {steps: "
                                             "[[0s, 1/s]]}}")),
              Lines{"fleet.yaml:10:46: workload.streams[0].arrivals.rate: all_at_once has no rate that could change; "
                    "leave it out"});
}

TEST(Traffic, StreamsSayWhoTheyAreFor) {
    const Scenario scenario = load_text(
        scenario_with(9,
                      "    - {name: night, tenant: acme, class: batch, priority: -3, arrivals: {rate: 1/s}, lengths: "
                      "{prompt: {fixed: 1}, output: {fixed: 1}}}\n    - name: chat\n      arrivals: {rate: 1/s}"));
    EXPECT_EQ(scenario.streams[0].tenant, "acme");
    EXPECT_EQ(scenario.streams[0].traffic_class, "batch");
    EXPECT_EQ(scenario.streams[0].priority, -3);
    EXPECT_EQ(scenario.streams[1].tenant, "");
    EXPECT_EQ(scenario.streams[1].traffic_class, "chat");
    EXPECT_EQ(scenario.streams[1].priority, 0);
}

TEST(Traffic, ATraceMayBeOneOfSeveralStreams) {
    const std::string text =
        scenario_with(9,
                      "    - {name: hour, trace: hour.csv, rate_scale: 2, window: {from: 1min}, limit: 7}\n"
                      "    - arrivals: {rate: 1/s}");
    const Scenario scenario = load_text(text, {}, {"hour.csv"});
    ASSERT_EQ(scenario.streams.size(), 2U);
    ASSERT_TRUE(scenario.streams[0].trace);
    EXPECT_EQ(scenario.streams[0].trace->path, "hour.csv");
    EXPECT_EQ(scenario.streams[0].trace->rate_scale, 2);
    EXPECT_EQ(scenario.streams[0].trace->window_from, SimTime::from_s(60));
    EXPECT_EQ(scenario.streams[0].trace->limit, 7U);
    EXPECT_FALSE(scenario.streams[1].trace);
    EXPECT_NE(scenario.resolved_text.find("      trace: /home/someone/hour.csv\n"), std::string::npos);
}

TEST(Traffic, AStreamIsEitherMadeUpOrRecorded) {
    EXPECT_EQ(
        problems_of_text(scenario_with(9, "    - trace: hour.csv"), {}, {"hour.csv"}),
        Lines{"fleet.yaml:10:16: workload.streams[0].lengths: the stream's trace tells its lengths; leave out one of "
              "them"});
    EXPECT_EQ(problems_of_text(scenario_with(9, "    - window: {from: 1s}\n      arrivals: {rate: 1/s}")),
              Lines{"fleet.yaml:9:15: workload.streams[0].window: applies to a trace only; leave it out"});
    EXPECT_EQ(problems_of_text(scenario_with(9, "    - name: chat")),
              Lines{"fleet.yaml:9:7: workload.streams[0].arrivals: missing; expected one of: poisson, gamma, constant, "
                    "truncated_poisson, all_at_once, or a trace in place of arrivals and lengths"});
    EXPECT_EQ(problems_of_text(scenario_with(10, "")),
              Lines{"fleet.yaml:9:7: workload.streams[0].lengths: missing; expected a map with: prompt, output, or "
                    "total, or recorded, or a trace "
                    "in place of arrivals and lengths"});
}

TEST(Traffic, LengthsMayGoTogether) {
    const auto with_lengths = [](const std::string& correlation) {
        return scenario_with(10,
                             "      lengths: {prompt: {fixed: 9}, output: {distribution: zipf, exponent: 1.1, most: "
                             "500}, correlation: " +
                                 correlation + "}");
    };
    EXPECT_EQ(load_text(with_lengths("0.4")).streams[0].correlation, 0.4);
    EXPECT_EQ(problems_of_text(with_lengths("1.5")),
              Lines{"fleet.yaml:10:106: workload.streams[0].lengths.correlation: expected a number from -1 to 1, found "
                    "\"1.5\""});
}

std::string with_lengths(const std::string& lengths) {
    return scenario_with(10, "      lengths: " + lengths);
}

TEST(Traffic, LengthsMayBePartsOfATotal) {
    const Stream stream =
        load_text(
            with_lengths("{total: {distribution: uniform, least: 9, most: 99}, prompt_to_output: 4, rounding: up}"))
            .streams[0];
    EXPECT_EQ(stream.total.name, "uniform");
    EXPECT_EQ(stream.split.prompt_to_output, 4);
    EXPECT_TRUE(stream.split.rounds_up);
    const std::string at = "fleet.yaml:10:16: workload.streams[0].lengths.";
    EXPECT_EQ(problems_of_text(with_lengths("{total: {fixed: 9}}")),
              Lines{at + "prompt_to_output: missing; a total needs it: expected a number from 0 to 1000000"});
    EXPECT_EQ(
        problems_of_text(with_lengths("{total: {fixed: 9}, prompt_to_output: 2, prompt: {fixed: 9}}")),
        Lines{"fleet.yaml:10:65: workload.streams[0].lengths.prompt: a total gives both lengths already; leave out "
              "one of them"});
    EXPECT_EQ(
        problems_of_text(with_lengths("{total: {fixed: 9}, prompt_to_output: 2, correlation: 0.1}")),
        Lines{"fleet.yaml:10:70: workload.streams[0].lengths.correlation: is that of a prompt and an output of their "
              "own; leave it out"});
    EXPECT_EQ(problems_of_text(with_lengths("{prompt: {fixed: 9}, output: {fixed: 9}, rounding: up}")),
              Lines{"fleet.yaml:10:67: workload.streams[0].lengths.rounding: needs a total that is split"});
    EXPECT_EQ(
        problems_of_text(with_lengths("{total: {fixed: 9000}, prompt_to_output: 2}")),
        Lines{"fleet.yaml:10:16: workload.streams[0].lengths: even the shortest prompt and output have 9000 tokens "
              "together; pool \"chat\" accepts at most 8192"});
}

TEST(Traffic, LengthsMayBeRecorded) {
    const Scenario scenario =
        load_text(with_lengths("{recorded: {file: l.csv, prompt_scale: 2, max_tokens: 4096, order: as_recorded}}"), {},
                  {"l.csv"});
    const Stream& stream = scenario.streams[0];
    EXPECT_EQ(stream.recorded_lengths->path, "l.csv");
    EXPECT_EQ(stream.recorded_lengths->prompt_scale, 2);
    EXPECT_EQ(stream.recorded_lengths->max_tokens, 4096);
    EXPECT_FALSE(stream.recorded_lengths->is_shuffled);
    EXPECT_NE(scenario.resolved_text.find("file: /home/someone/l.csv\n"), std::string::npos) << scenario.resolved_text;
    EXPECT_TRUE(load_text(with_lengths("{recorded: l.csv}"), {}, {"l.csv"}).streams[0].recorded_lengths->is_shuffled);
    EXPECT_EQ(
        problems_of_text(with_lengths("{recorded: l.csv}")),
        Lines{"fleet.yaml:10:27: workload.streams[0].lengths.recorded.file: cannot read \"l.csv\": no such file"});
    EXPECT_EQ(
        problems_of_text(with_lengths("{recorded: l.csv, total: {fixed: 9}}"), {}, {"l.csv"}),
        Lines{"fleet.yaml:10:41: workload.streams[0].lengths.total: recorded gives both lengths already; leave out "
              "one of them"});
}

TEST(Traffic, ArrivalsMayBeRecorded) {
    const auto with_times = [](const std::string& times) { return scenario_with(9, "    - arrival_times: " + times); };
    const Stream stream =
        load_text(with_times("{file: a.csv, from: 1970-01-04 12:00:00, time_scale: 2, whole: 1s}"), {}, {"a.csv"})
            .streams[0];
    EXPECT_EQ(stream.recorded_arrivals->column, "arrival_time");
    EXPECT_EQ(stream.recorded_arrivals->from, "1970-01-04 12:00:00");
    EXPECT_EQ(stream.recorded_arrivals->time_scale, 2);
    EXPECT_EQ(stream.recorded_arrivals->whole, SimTime::from_s(1));
    // They end by themselves.
    EXPECT_FALSE(load_text(scenario_with(9, "    - arrival_times: a.csv"), {"duration=none"}, {"a.csv"}).duration);
    EXPECT_EQ(
        problems_of_text(with_times("a.csv\n      arrivals: {rate: 4/s}"), {}, {"a.csv"}),
        Lines{"fleet.yaml:10:17: workload.streams[0].arrivals: arrival_times say when requests come; leave out one "
              "of them"});
}

TEST(Traffic, TracesMayBeScaledAndCut) {
    const Scenario scenario = load_text(
        scenario_with(), {"workload={trace: t.csv, prompt_scale: 0.5, output_scale: 2, max_tokens: 100}"}, {"t.csv"});
    EXPECT_EQ(scenario.streams[0].trace->prompt_scale, 0.5);
    EXPECT_EQ(scenario.streams[0].trace->output_scale, 2);
    EXPECT_EQ(scenario.streams[0].trace->max_tokens, 100);
    EXPECT_EQ(problems_of_text(scenario_with(9, "    - max_tokens: 9\n      arrivals: {rate: 4/s}")),
              Lines{"fleet.yaml:9:19: workload.streams[0].max_tokens: applies to a trace only; say it in the stream's "
                    "lengths"});
}

std::string with_pools(const std::string& first_name, const std::string& model) {
    return "duration: 1s\nfleet:\n  pools:\n"
           "    - {name: " +
           first_name +
           ", model: small-llm, node: {gpu: big-gpu}}\n"
           "    - {name: b, model: large-llm, node: {gpu: big-gpu}, parallel: {tp: 8}}\n"
           "workload:\n  streams:\n    - arrivals: {rate: 1/s}\n"
           "      lengths: {prompt: {fixed: 1}, output: {fixed: 1}}\n      model: " +
           model + "\n";
}

TEST(Traffic, AModelIsThatOfAPoolOrItsName) {
    EXPECT_EQ(load_text(with_pools("a", "large-llm")).streams[0].pools, (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(load_text(with_pools("a", "b")).streams[0].pools, (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(
        problems_of_text(with_pools("large-llm", "large-llm")),
        Lines{
            "fleet.yaml:10:14: workload.streams[0].pool: missing; large-llm is a pool's name and the model of others: "
            "expected one of: large-llm, b"});
}

}  // namespace
}  // namespace regatta::scenario
