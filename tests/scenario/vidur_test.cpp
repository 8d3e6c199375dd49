// What cannot be translated of Vidur's configuration, in the words that are told.
#include <gtest/gtest.h>

#include "regatta/base/errors.hpp"
#include "scenario/import_vidur.hpp"

namespace regatta::scenario {
namespace {

using Lines = std::vector<std::string>;

Lines problems_of(const std::string& text) {
    VidurImport how;
    how.source = "v.json";
    try {
        static_cast<void>(import_vidur(text, how));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

/// Of a configuration whose cluster has this, too.
Lines problems_of_replica(const std::string& fields) {
    return problems_of(R"({"cluster_config": {"replica_config": {)" + fields + "}}}");
}

Lines problems_of_generator(const std::string& fields) {
    return problems_of(R"({"request_generator_config": {)" + fields + "}}");
}

TEST(Vidur, TheDefaultsAreTranslated) {
    EXPECT_EQ(problems_of("{}"), Lines{});
    EXPECT_EQ(problems_of("python -m vidur.main"), Lines{});
}

TEST(Vidur, RefusesWhatIsNoConfiguration) {
    EXPECT_EQ(problems_of(" \n"), Lines{"v.json: the file is empty; expected Vidur's config.json or a command line"});
    EXPECT_EQ(problems_of(R"({"seed": })"), Lines{"v.json: byte 10: this is no JSON"});
    EXPECT_EQ(problems_of(R"({"seed": 1e999})"), Lines{"v.json: a number is too large to be read"});
    EXPECT_EQ(problems_of(R"({"a": )" + std::string(40, '[')), Lines{"v.json: byte 38: nested deeper than 32 levels"});
    EXPECT_EQ(problems_of("--metrics_config_output_dir \xff"), Lines{"v.json: expected text in UTF-8"});
}

TEST(Vidur, RefusesKeysAndKindsThatVidurDoesNotHave) {
    EXPECT_EQ(problems_of(R"({"sed": 1})"), Lines{"v.json: sed: Vidur has no such key; did you mean \"seed\"?"});
    EXPECT_EQ(problems_of(R"({"cluster_config": 1})"), Lines{"v.json: cluster_config: expected an object"});
    EXPECT_EQ(problems_of(R"({"cluster_config": {"global_scheduler_config": {"name": "lorr"}}})"),
              Lines{"v.json: cluster_config.global_scheduler_config.name: expected one of: lor, random, round_robin, "
                    "found \"lorr\"; did you mean \"lor\"?"});
}

TEST(Vidur, RefusesFlagsThatVidurDoesNotHave) {
    EXPECT_EQ(problems_of("--sed 1"), Lines{"v.json: --sed: Vidur has no such flag; did you mean \"--seed\"?"});
    EXPECT_EQ(problems_of("--global_scheduler_config_type a b"),
              Lines{"v.json: --global_scheduler_config_type: expected one name"});
    EXPECT_EQ(problems_of("--metrics_config_write_metrics yes"),
              Lines{"v.json: --metrics_config_write_metrics: takes no value"});
    EXPECT_EQ(problems_of("--linear_regression_execution_time_predictor_config_polynomial_degree"),
              Lines{"v.json: --linear_regression_execution_time_predictor_config_polynomial_degree: expected values"});
    EXPECT_EQ(problems_of("--seed 1 2"), Lines{"v.json: --seed: expected one value, found 2"});
}

TEST(Vidur, RefusesValuesOfAnotherKind) {
    EXPECT_EQ(problems_of_generator(R"("seed": "x")"),
              Lines{"v.json: request_generator_config.seed: expected a number, found \"x\""});
    EXPECT_EQ(problems_of(R"({"time_limit": "x"})"), Lines{"v.json: time_limit: not understood: \"x\""});
    EXPECT_EQ(problems_of(R"({"execution_time_predictor_config": {"num_estimators": ["x"]}})"),
              Lines{"v.json: execution_time_predictor_config.num_estimators: expected a list of numbers, found "
                    "[\"x\"]"});
    EXPECT_EQ(
        problems_of_generator(R"("interval_generator_config": {"name": "gamma", "cv": 0})"),
        Lines{"v.json: request_generator_config.interval_generator_config.cv: expected a number above 0, found 0"});
}

TEST(Vidur, RefusesCountsBeyondWhatCanBeCounted) {
    EXPECT_EQ(
        problems_of_replica(R"("tensor_parallel_size": 0.5)"),
        Lines{"v.json: cluster_config.replica_config.tensor_parallel_size: expected a number from 1 to 1000000000, "
              "found 0.5"});
    EXPECT_EQ(problems_of(R"({"cluster_config": {"num_replicas": 1e300}})"),
              Lines{"v.json: cluster_config.num_replicas: expected a number from 1 to 1000000000, found 1e+300"});
    EXPECT_EQ(problems_of_replica(R"("tensor_parallel_size": 1e6, "num_pipeline_stages": 1e6)"),
              Lines{"v.json: cluster_config.replica_config.num_pipeline_stages: expected a replica of at most "
                    "1000000000 GPUs, found 1000000000000"});
}

TEST(Vidur, RefusesReplicasThatDoNotFit) {
    EXPECT_EQ(
        problems_of_replica(R"("num_pipeline_stages": 5)"),
        Lines{"v.json: cluster_config.replica_config.num_pipeline_stages: a replica of 5 GPUs does not fill nodes "
              "of 4 evenly"});
    EXPECT_EQ(problems_of_replica(R"("device": "h100", "network_device": "h100_dgx", "memory_margin_fraction": 0.001)"),
              Lines{"v.json: cluster_config.replica_config.memory_margin_fraction: 0.001 leaves more than the 79.6 GiB "
                    "that an H100 has; expected at least 0.005"});
}

TEST(Vidur, RefusesNamesThatVidurDoesNotHave) {
    EXPECT_EQ(
        problems_of_replica(R"("device": "a101")"),
        Lines{"v.json: cluster_config.replica_config.device: expected one of: a40, a100, h100, found \"a101\"; did "
              "you mean \"a100\"?"});
    EXPECT_EQ(problems_of_replica(R"("network_device": "a100_dgxx")"),
              Lines{"v.json: cluster_config.replica_config.network_device: expected one of: a40_pairwise_nvlink, "
                    "a100_pairwise_nvlink, h100_pairwise_nvlink, a100_dgx, h100_dgx, found \"a100_dgxx\"; did you mean "
                    "\"a100_dgx\"?"});
    // What stands for a name may look like one.
    EXPECT_EQ(problems_of_replica(R"("model_name": "{MODEL}")").size(), 1U);
}

TEST(Vidur, RefusesRunsThatCannotBeSaid) {
    EXPECT_EQ(problems_of(R"({"time_limit": 20, "request_generator_config": {"duration": 10}})"),
              Lines{"v.json: time_limit: 20 s after arrivals end at 10 s cannot be said; expected 0, or no duration"});
    EXPECT_EQ(problems_of_generator(R"("num_requests": null)"),
              Lines{"v.json: request_generator_config.num_requests: missing; without it and a duration requests would "
                    "never end"});
    EXPECT_EQ(
        problems_of_generator(R"("duration": 10, "interval_generator_config": {"name": "static"})"),
        Lines{"v.json: request_generator_config.duration: static intervals are none: no time would pass; expected "
              "num_requests"});
    EXPECT_EQ(problems_of_generator(R"("length_generator_config": {"name": "zipf", "scramble": true})"),
              Lines{"v.json: request_generator_config.length_generator_config.scramble: Python's salted hash differs "
                    "from run to run; expected false"});
}

}  // namespace
}  // namespace regatta::scenario
