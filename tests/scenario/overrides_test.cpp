#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

TEST(Overrides, ReplaceAndAddValues) {
    const Scenario scenario = load_text(
        scenario_with(), {"workload.streams[0].arrivals.rate=24/s", "fleet.pools[chat].nodes=3", "gateways.count=4",
                          "targets={ttft: 1s}", "fleet.pools[0].scheduler.max_running=128", "seed=5", "seed=6"});
    EXPECT_EQ(scenario.streams[0].rate_per_s, 24);
    EXPECT_EQ(scenario.pools[0].nodes, 3U);
    EXPECT_EQ(scenario.gateways.count, 4U);
    EXPECT_EQ(scenario.streams[0].targets.ttft, SimTime::from_s(1));
    EXPECT_EQ(scenario.pools[0].scheduler.parameters.count("max_running"), 128);
    EXPECT_EQ(scenario.seed, 6U);
}

TEST(Overrides, ParametersOfAPolicyKeepThePolicyThatTheFileNames) {
    const Scenario scenario =
        load_text(scenario_with(1, "duration: 1s\ngateways: {reports: on_completion}"),
                  {"fleet.pools[0].timing=linear", "fleet.pools[0].timing.step_us=1000",
                   "fleet.pools[0].timing.token_us=1", "fleet.pools[0].timing.context_token_ns=1"});
    EXPECT_EQ(scenario.pools[0].timing.name, "linear");
    EXPECT_EQ(scenario.pools[0].timing.parameters.real("step_us"), 1000);
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: 1s\ngateways: {router: randon}"), {"gateways.router.x=1"}),
        Lines{"fleet.yaml:2:20: gateways.router: expected one of: random, round_robin, least_outstanding, "
              "least_tokens, least_kv, least_loaded, best_fit, gpu_count, model_affinity, lor, replay, power_of_two, "
              "power_of_d, found \"randon\"; did you mean \"random\"?"});
}

TEST(Overrides, ModelsMayGetAFileOnTheCommandLine) {
    EXPECT_EQ(load_text(scenario_with(), {"fleet.pools[0].model.name=large-llm", "fleet.pools[0].parallel.tp=8"})
                  .pools[0]
                  .model.layers,
              80);
}

TEST(Overrides, MistakesNameTheOverride) {
    EXPECT_EQ(problems_of_text(scenario_with(), {"seed=1", "gateways.cuont=2"}),
              Lines{"--set #2 (gateways.cuont=2): gateways.cuont: no such key; did you mean \"count\"?"});
    EXPECT_EQ(
        problems_of_text(scenario_with(), {"workload.streams[0].arrivals.rate=24"}),
        Lines{"--set #1 (workload.streams[0].arrivals.rate=24): workload.streams[0].arrivals.rate: expected a rate "
              "with a unit (/s, /min, /h, /d), found \"24\""});
    EXPECT_EQ(problems_of_text(scenario_with(), {"seed="}),
              Lines{"--set #1 (seed=): seed: expected a whole number of at least 0, found nothing"});
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: x"), {"seed=y"}),
        (Lines{"fleet.yaml:1:11: duration: expected a duration with a unit (ns, us, ms, s, min, h, d), found \"x\"",
               "--set #1 (seed=y): seed: expected a whole number, found \"y\""}));
}

TEST(Overrides, PathsMustBePaths) {
    const auto refused = [](const std::string& text) {
        return Lines{"--set #1 (" + text +
                     "): expected path=value, such as gateways.count=2 or fleet.pools[0].nodes=4"};
    };
    for (const char* text : {"seed", "=1", "a..b=1", "a.=1", ".a=1", "[0]=1", "a[=1", "a[]=1", "a[0]b=1"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(problems_of_text(scenario_with(), {text}), refused(text));
    }
    EXPECT_EQ(problems_of_text(scenario_with(), {"name=[a"}),
              Lines{"--set #1 (name=[a): the value is not valid YAML; quote it when it is text"});
}

TEST(Overrides, ElementsMustExist) {
    EXPECT_EQ(problems_of_text(scenario_with(), {"fleet.pools[3].nodes=2"}),
              Lines{"--set #1 (fleet.pools[3].nodes=2): fleet.pools[3]: no such element; allowed: 0 to 0"});
    EXPECT_EQ(problems_of_text(scenario_with(), {"fleet.pools[chta].nodes=2"}),
              Lines{"--set #1 (fleet.pools[chta].nodes=2): fleet.pools[chta]: no element of that name; did you mean "
                    "\"chat\"?"});
    EXPECT_EQ(
        problems_of_text(scenario_with(), {"workload.streams[chat].limit=2"}),
        Lines{"--set #1 (workload.streams[chat].limit=2): workload.streams[chat]: no element of that name; none has "
              "a name"});
    EXPECT_EQ(
        problems_of_text(scenario_with(), {"fleet.timeline=[]", "fleet.timeline[0].at=1s"}),
        (Lines{"--set #1 (fleet.timeline=[]): fleet.timeline: expected a list with at least one element, found an "
               "empty list",
               "--set #2 (fleet.timeline[0].at=1s): fleet.timeline[0]: no such element; the list is empty"}));
    EXPECT_EQ(problems_of_text(scenario_with(), {"gateways[0].count=2"}),
              Lines{"--set #1 (gateways[0].count=2): gateways: not a list; found nothing"});
    EXPECT_EQ(problems_of_text(scenario_with(), {"fleet.pools.nodes=2"}),
              Lines{"--set #1 (fleet.pools.nodes=2): fleet.pools: a list; choose an element: fleet.pools[0].nodes"});
}

}  // namespace
}  // namespace regatta::scenario
