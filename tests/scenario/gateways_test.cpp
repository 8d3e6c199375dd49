// Front doors: rules of admission, and what pools say for routers.
#include <gtest/gtest.h>

#include "loading.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/router_target.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;

/// A pool and the streams chat and batch, after the lines given.
std::string with(const std::string& gateways, const std::string& pool_keys = "") {
    return gateways + "\nduration: 1s\nfleet:\n  pools:\n    - {model: small-llm, node: {gpu: big-gpu}" + pool_keys +
           "}\nworkload:\n  streams:\n"
           "    - {name: chat, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 1}, output: {fixed: 1}}}\n"
           "    - {name: batch, class: low, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 1}, output: {fixed: "
           "1}}}\n";
}

TEST(Gateways, RulesAreReadInTheirOrder) {
    const Scenario scenario =
        load_text(with("gateways:\n  admission:\n    - {policy: rate_limit, class: low, requests: 30/min, burst: 4}\n"
                       "    - {queue_limit: 8}\n    - {policy: rate_limit, tokens: 1e5/s, token_burst: 5000}"));
    ASSERT_EQ(scenario.gateways.admissions.size(), 3U);
    EXPECT_EQ(scenario.gateways.admissions[0].name, "rate_limit");
    EXPECT_EQ(scenario.gateways.admissions[0].parameters.word("class"), "low");
    EXPECT_EQ(scenario.gateways.admissions[0].parameters.real("requests"), 0.5);
    EXPECT_EQ(scenario.gateways.admissions[1].parameters.count("max_outstanding"), 8);
    EXPECT_FALSE(scenario.gateways.admissions[2].parameters.has("class"));
}

TEST(Gateways, RulesStandInTheResolvedTextAndComeBackFromIt) {
    const Scenario scenario = load_text(
        with("gateways:\n  admission: [{queue_limit: 8}, {policy: rate_limit, class: low, requests: 5/s, burst: "
             "4}]",
             ", weight: 2.5, max_queue: 7"));
    EXPECT_NE(
        scenario.resolved_text.find("  admission:\n    - {queue_limit: 8}\n    - {policy: rate_limit, class: low, "
                                    "requests: 5/s, burst: 4, tokens: none, token_burst: none}\n"),
        std::string::npos)
        << scenario.resolved_text;
    const Scenario again = load_text(scenario.resolved_text);
    EXPECT_EQ(again.resolved_text, scenario.resolved_text);
    EXPECT_EQ(again.gateways.admissions.size(), 2U);
    EXPECT_EQ(again.pools[0].weight, 2.5);
    EXPECT_EQ(again.pools[0].max_queue, 7);
    const Scenario without = load_text(with(""));
    EXPECT_NE(without.resolved_text.find("  admission: none\n"), std::string::npos);
    EXPECT_EQ(load_text(without.resolved_text).resolved_text, without.resolved_text);
}

TEST(Gateways, MistakesInRulesAreToldWhereTheyStand) {
    EXPECT_EQ(problems_of_text(with("gateways: {admission: {queue_limit: 8}}")),
              Lines{"fleet.yaml:1:23: gateways.admission: expected a list of policies, found a map"});
    EXPECT_EQ(problems_of_text(with("gateways: {admission: [queue_limt]}")),
              Lines{"fleet.yaml:1:24: gateways.admission[0]: expected one of: queue_limit, rate_limit, found "
                    "\"queue_limt\"; did you mean \"queue_limit\"?"});
    EXPECT_EQ(
        problems_of_text(with("gateways: {admission: [{queue_limt: 8}]}")),
        Lines{"fleet.yaml:1:24: gateways.admission[0]: no policy chosen; expected one of: queue_limit, rate_limit; "
              "did you mean \"queue_limit\"?"});
    EXPECT_EQ(problems_of_text(with("gateways: {admission: [queue_limit]}")),
              Lines{"fleet.yaml:1:24: gateways.admission[0].max_outstanding: missing; queue_limit needs a whole number "
                    "from 1 to 1000000000"});
    EXPECT_EQ(problems_of_text(with("gateways: {admission: [{queue_limit: 0}]}")),
              Lines{"fleet.yaml:1:38: gateways.admission[0].queue_limit: expected a whole number from 1 to 1000000000, "
                    "found \"0\""});
    EXPECT_EQ(problems_of_text(with("gateways: {admission: [{policy: rate_limit, request: 5/s, burst: 4}]}")),
              Lines{"fleet.yaml:1:45: gateways.admission[0].request: no such key; did you mean \"requests\"?"});
}

TEST(Gateways, RulesThatMeanNothingForTheStreamsAreRefused) {
    EXPECT_EQ(
        problems_of_text(with(
            "gateways: {admission: [{queue_limit: 8}, {policy: rate_limit, class: lo, requests: 5/s, burst: 4}]}")),
        Lines{"fleet.yaml:1:70: gateways.admission[1].class: no stream is of class \"lo\"; allowed: chat, low; did "
              "you mean \"low\"?"});
    EXPECT_EQ(
        problems_of_text(with("gateways: {count: 9, admission: [{policy: rate_limit, requests: 5/s, burst: 4}]}")),
        Lines{"fleet.yaml:1:77: gateways.admission[0].burst: 4 over 9 gateways leave each less than one; expected at "
              "least 9"});
}

TEST(Gateways, RulesCanBeSetOnTheCommandLine) {
    const Scenario scenario =
        load_text(with("gateways: {admission: [{queue_limit: 8}]}"), {"gateways.admission[0].queue_limit=9"});
    EXPECT_EQ(scenario.gateways.admissions.at(0).parameters.count("max_outstanding"), 9);
    const Scenario added = load_text(with(""), {"gateways.admission=[{queue_limit: 3}]"});
    EXPECT_EQ(added.gateways.admissions.at(0).parameters.count("max_outstanding"), 3);
}

TEST(Gateways, RoutersTakeTheirParameters) {
    const Scenario scenario = load_text(with("gateways: {router: {policy: power_of_d, d: 3, load: kv}}"));
    EXPECT_EQ(scenario.gateways.router.parameters.count("d"), 3);
    EXPECT_EQ(scenario.gateways.router.parameters.word("load"), "kv");
    EXPECT_EQ(problems_of_text(with("gateways: {router: {policy: power_of_d, load: KV}}")),
              Lines{"fleet.yaml:1:47: gateways.router.load: expected one of: outstanding, tokens, kv, found \"KV\""});
    EXPECT_EQ(problems_of_text(with("", ", weight: 0")),
              Lines{"fleet.yaml:5:56: fleet.pools[0].weight: expected a number from 0.001 to 1000, found \"0\""});
}

TEST(Gateways, SeeReplicasAsTheyAreOnlyWithoutLatency) {
    const std::string near = "network: {gateway_to_node: 0s}\n";
    EXPECT_TRUE(load_text(with(near + "gateways: {reports: instant, router: lor}")).gateways.see_instant);
    EXPECT_EQ(load_text(with(near)).pools[0].gateway_latency, SimTime());
    EXPECT_EQ(
        problems_of_text(with("gateways: {reports: instant}")),
        Lines{"fleet.yaml:1:21: gateways.reports: pool \"pool-0\" is 50us away from the gateways, who cannot look "
              "at it; expected network.gateway_to_node: 0s, or other reports"});
    EXPECT_EQ(problems_of_text(with(near + "gateways: {reports: {every: 1s}}")),
              Lines{"fleet.yaml:2:21: gateways.reports: pool \"pool-0\" has no latency that a report could take; "
                    "expected instant, or on_completion"});
    EXPECT_EQ(problems_of_text(with(near + "gateways: {router: lor}")),
              Lines{"fleet.yaml:2:20: gateways.router: lor sees the replicas as they are; it needs gateways.reports: "
                    "instant"});
}

TEST(RouterTarget, TellsLorToCountAsVidurOnlyUnderCompat) {
    const std::string near = "network: {gateway_to_node: 0s}\n";
    const auto target = [&](const std::string& first) {
        const Scenario scenario = load_text(with(first + near + "gateways: {router: lor, reports: instant}"));
        return router_target(scenario, scenario.streams[0].pools, 0);
    };
    EXPECT_FALSE(target("").is_as_vidur);
    EXPECT_TRUE(target("compat: vidur\n").is_as_vidur);
}

}  // namespace
}  // namespace regatta::scenario
