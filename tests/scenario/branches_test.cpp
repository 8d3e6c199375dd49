// What a branch may change, and what it is told when it may not. That its runs are right: branched_runs_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>

#include "loading.hpp"
#include "scenario/schema.hpp"

namespace regatta::scenario {
namespace {

using testing::scenario_with;

constexpr const char* kMayChange =
    "name, duration, fleet.pools[].autoscale, fleet.pools[].power, fleet.pools[].price, fleet.failures.gpu, "
    "fleet.failures.node, fleet.failures.rack.mtbf, fleet.failures.rack.mttr, fleet.failures.rack.shape, "
    "fleet.failures.rack.repair_shape, gateways.router, gateways.admission, workload.limit, "
    "workload.streams[].arrivals, workload.streams[].limit, end, energy, engine.bound, engine.exchange";

Scenario load(const std::string& text, const std::vector<Branch>& branches) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["fleet.yaml"] = {true, text, ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/nodes.yaml"] = {true, testing::kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["t.csv"] = files.files["/home/someone/t.csv"] = {true, "", ""};
    return load_scenario({"fleet.yaml", {}, "catalogue", branches}, Registries{}, files);
}

std::vector<std::string> problems_of(const std::string& text, const std::vector<Branch>& branches) {
    try {
        static_cast<void>(load(text, branches));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

/// Of one branch at 60 s with these changes.
std::vector<std::string> problems_with(const std::vector<std::string>& overrides,
                                       const std::string& text = scenario_with()) {
    return problems_of(text, {{.at = SimTime::from_s(60), .overrides = overrides}});
}

using testing::Lines;

TEST(Branches, MayChangeWhatIsMarked) {
    std::string all;
    for (const std::string& path : changeable_paths(scenario_schema(Registries{})))
        all += (all.empty() ? "" : ", ") + path;
    EXPECT_EQ(all, kMayChange);
}

TEST(Branches, HoldFromTheirInstantOn) {
    const Scenario scenario = load(
        scenario_with(),
        {{.at = SimTime::from_ms(90'500), .overrides = {"workload.streams[0].arrivals.rate=80/s", "duration=5min"}},
         {.at = SimTime::from_s(200), .overrides = {"gateways.router=random"}}});
    ASSERT_EQ(scenario.before.size(), 2U);
    EXPECT_EQ(scenario.before[0].from, SimTime());
    EXPECT_EQ(scenario.before[0].streams[0].rate_per_s, 40);
    EXPECT_EQ(scenario.before[1].from, SimTime::from_ms(90'500));
    EXPECT_EQ(scenario.before[1].streams[0].rate_per_s, 80);
    EXPECT_EQ(scenario.before[1].gateways.router.name, "least_outstanding");
    EXPECT_EQ(scenario.from, SimTime::from_s(200));
    EXPECT_EQ(scenario.streams[0].rate_per_s, 80);
    EXPECT_EQ(scenario.duration, SimTime::from_s(300));
    EXPECT_EQ(scenario.gateways.router.name, "random");
}

TEST(Branches, AreTold) {
    const Scenario scenario = load(
        scenario_with(),
        {{.at = SimTime::from_ms(90'500), .overrides = {"workload.streams[0].arrivals.rate=80/s", "duration=5min"}}});
    const std::string& text = scenario.resolved_text;
    EXPECT_EQ(text.substr(text.find("branches:")),
              "branches:\n"
              "  - at: 90500ms\n"
              "    set:\n"
              "      - change: \"duration=5min\"\n"
              "      - change: \"workload.streams[0].arrivals={process: poisson, rate: 80/s}\"\n");
    EXPECT_NE(text.find("duration: 10min\n"), std::string::npos) << "what held before is told, too";
    const Scenario again = load(text, {});
    EXPECT_EQ(again.resolved_text, text);
    EXPECT_EQ(again.before.size(), 1U);
}

TEST(Branches, CanBeWrittenInTheScenario) {
    const Scenario scenario = load(scenario_with() +
                                       "branches:\n"
                                       "  - at: 1min\n"
                                       "    set: [\"gateways.router=random\"]\n"
                                       "  - {at: 2min, set: [\"gateways.router={policy: power_of_d, d: 3}\"]}\n",
                                   {{.at = SimTime::from_s(180), .overrides = {"name=what-if"}}});
    EXPECT_EQ(scenario.before.size(), 3U);
    EXPECT_EQ(scenario.gateways.router.name, "power_of_d");
    EXPECT_EQ(scenario.name, "what-if");
}

TEST(Branches, ThatChangeNothingLeaveNoTrace) {
    const std::string text = load(scenario_with(), {}).resolved_text;
    const Scenario scenario = load(
        text, {{.at = SimTime::from_s(60),
                .overrides = {"workload.streams[0].arrivals.rate=2400/min", "duration=600s", "fleet.pools[0].nodes=1"}},
               {.at = SimTime::from_s(70), .overrides = {}}});
    EXPECT_TRUE(scenario.before.empty());
    EXPECT_EQ(scenario.resolved_text, text);
}

TEST(Branches, CannotChangeTheFleet) {
    const std::string rest = std::string("cannot change while a fleet runs; a branch may change: ") + kMayChange;
    EXPECT_EQ(problems_with({"fleet.pools[0].nodes=4", "seed=2"}),
              Lines({"--set #1 (fleet.pools[0].nodes=4): fleet.pools[0].nodes: " + rest,
                     "--set #2 (seed=2): seed: " + rest}));
    EXPECT_EQ(problems_with({"fleet.failures={gpu: {mtbf: 1h, mttr: 1min}}"}),
              Lines({"--set #1 (fleet.failures={gpu: {mtbf: 1h, mttr: 1min}}): fleet.failures: " + rest}));
    EXPECT_EQ(problems_of(scenario_with() + "branches:\n  - at: 1min\n    set: [seed=2]\n", {}),
              Lines({"fleet.yaml:13:11: seed: " + rest}));
}

TEST(Branches, AreCheckedAsAScenarioIs) {
    EXPECT_EQ(problems_with({"durration=5min"}),
              Lines({"--set #1 (durration=5min): durration: no such key; did you mean \"duration\"?"}));
    EXPECT_EQ(problems_with({"duration"}),
              Lines({"--set #1 (duration): expected path=value, such as gateways.count=2 or fleet.pools[0].nodes=4"}));
}

TEST(Branches, ComeInOrderOfTime) {
    EXPECT_EQ(problems_of(scenario_with() + "branches:\n"
                                            "  - {at: 2min, set: [\"name=a\"]}\n"
                                            "  - {at: 1min, set: [\"name=b\"]}\n",
                          {}),
              Lines({"fleet.yaml:13:10: branches: 1min is before the branch at 2min; expected them in order of time"}));
}

TEST(Branches, AreNotMoreThanAnybodyNeeds) {
    std::string text = scenario_with() + "branches:\n";
    for (int i = 1; i <= 101; ++i)
        text += "  - {at: " + std::to_string(i) + "s, set: [\"name=a" + std::to_string(i) + "\"]}\n";
    EXPECT_EQ(problems_of(text, {}), Lines({"fleet.yaml:112:10: branches: expected at most 100, found 101"}));
}

TEST(Branches, DoNotReachBack) {
    EXPECT_EQ(problems_with({"duration=30s"}),
              Lines({"--set #1 (duration=30s): duration: 30s is over before the branch at 1min; expected at least "
                     "1min"}));
    EXPECT_EQ(
        problems_of(scenario_with(1, "duration: 30s"), {{.at = SimTime::from_s(60), .overrides = {"end=at_duration"}}}),
        Lines({"--set #1 (end=at_duration): end: at_duration, but the duration of 30s is over before the branch at "
               "1min; expected drain, or a longer duration"}));
}

TEST(Branches, KeepTheKindOfTraffic) {
    EXPECT_EQ(problems_with({"workload.streams[0].arrivals={process: gamma, cv: 2, rate: 40/s}"}),
              Lines({"--set #1 (workload.streams[0].arrivals={process: gamma, cv: 2, rate: 40/s}): "
                     "workload.streams[0].arrivals: from poisson to gamma: the process cannot change while a fleet "
                     "runs; its rate and its parameters may"}));
    std::string trace = scenario_with(7, "workload: {trace: t.csv, limit: 50}");
    trace.resize(trace.find("  streams:"));
    EXPECT_EQ(problems_with({"workload.limit=100"}, trace),
              Lines({"--set #1 (workload.limit=100): workload.limit: stream \"trace\" is a trace, whose limit cannot "
                     "change while a fleet runs; a duration ends it, too"}));
    EXPECT_NE(problems_with({"workload.rate_scale=2"}, trace).at(0).find("cannot change while"), std::string::npos);
}

TEST(Branches, LookAtNoMoreThanTheRunHasKept) {
    EXPECT_EQ(
        problems_with({"gateways.router={policy: power_of_d, load: kv}"}),
        Lines({"--set #1 (gateways.router={policy: power_of_d, load: kv}): gateways.router: power_of_d looks at: KV "
               "blocks; the run so far has kept: outstanding requests. Expected a policy that looks at no more"}));
    EXPECT_EQ(problems_with({"gateways.admission=[{queue_limit: 9}]"}), Lines());
    EXPECT_EQ(
        problems_with({"gateways.admission=[{queue_limit: 9}]"}, scenario_with() + "gateways: {router: random}\n"),
        Lines({"--set #1 (gateways.admission=[{queue_limit: 9}]): gateways.admission[0]: queue_limit looks at: "
               "outstanding requests; the run so far has kept: nothing. Expected a policy that looks at no "
               "more"}));
}

TEST(Branches, ScaleWhatIsScaled) {
    EXPECT_EQ(problems_with({"fleet.pools[0].autoscale={policy: outstanding, target: 4}"}),
              Lines({"--set #1 (fleet.pools[0].autoscale={policy: outstanding, target: 4}): fleet.pools[0].autoscale: "
                     "the pool is not scaled so far, and that cannot begin while a fleet runs"}));
    const std::string scaled =
        scenario_with(6, "      node: {gpu: big-gpu}\n      autoscale: {policy: outstanding, target: 4}");
    EXPECT_EQ(problems_with({"fleet.pools[0].autoscale.target=2"}, scaled), Lines());
    EXPECT_EQ(problems_with({"fleet.pools[0].autoscale=none"}, scaled),
              Lines({"--set #1 (fleet.pools[0].autoscale=none): fleet.pools[0].autoscale: none: a pool that is scaled "
                     "stays so while a fleet runs; min and max may change"}));
}

TEST(Branches, AreScaledByWhatTheControllerHears) {
    const std::string scaled =
        scenario_with(6, "      node: {gpu: big-gpu}\n      autoscale: {policy: outstanding, target: 4}");
    EXPECT_EQ(problems_with({"fleet.pools[0].autoscale={policy: kv_use, target: 0.5}"}, scaled),
              Lines({"--set #1 (fleet.pools[0].autoscale={policy: kv_use, target: 0.5}): fleet.pools[0].autoscale: "
                     "kv_use looks at KV blocks, of which the controller has not heard so far"}));
    EXPECT_EQ(problems_with({"fleet.pools[0].autoscale={policy: attainment, target: 0.9}"}, scaled),
              Lines({"--set #1 (fleet.pools[0].autoscale={policy: attainment, target: 0.9}): fleet.pools[0].autoscale: "
                     "attainment "
                     "looks at whether targets are met, of which the controller has not heard so far"}));
}

}  // namespace
}  // namespace regatta::scenario
