// Powers and prices of a pool, and what the scenario says of its site.
#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

/// The pool with something more in its first line.
std::string with_pool(const std::string& more) {
    return scenario_with(4, "    - " + more);
}

constexpr const char* kPowers = "power: {idle: 110W, memory_bound: 0.35kW, compute_bound: 700W}";

TEST(EnergyKeys, AreTheWorldsAverageAndNothingBesideTheGpus) {
    const Scenario scenario = load_text(scenario_with());
    EXPECT_EQ(scenario.energy.grid_g_per_kwh, 473);
    EXPECT_EQ(scenario.energy.pue, 1);
    EXPECT_EQ(scenario.pools[0].gpu.idle_w, 0);
    EXPECT_EQ(scenario.pools[0].gpu.price_usd_per_h, 0);
}

TEST(EnergyKeys, OfTheSiteAreRead) {
    const Scenario scenario =
        load_text(scenario_with(1, "duration: 1s\nenergy: {grid_intensity: 0.05kg/kWh, pue: 1.12}"));
    EXPECT_EQ(scenario.energy.grid_g_per_kwh, 50);
    EXPECT_EQ(scenario.energy.pue, 1.12);
    EXPECT_FALSE(load_text(scenario_with(1, "duration: 1s\nenergy: {grid_intensity: none}")).energy.grid_g_per_kwh);
}

TEST(EnergyKeys, OfAPoolTakeThePlaceOfTheCatalogues) {
    const Scenario scenario = load_text(with_pool(kPowers), {"fleet.pools[0].price=2.5USD/h"});
    const hardware::Gpu& gpu = scenario.pools[0].gpu;
    EXPECT_EQ(gpu.idle_w, 110);
    EXPECT_EQ(gpu.memory_bound_w, 350);
    EXPECT_EQ(gpu.compute_bound_w, 700);
    EXPECT_EQ(gpu.price_usd_per_h, 2.5);
    const Scenario again = load_text(scenario.resolved_text);
    EXPECT_EQ(again.resolved_text, scenario.resolved_text);
    EXPECT_EQ(again.pools[0].gpu.memory_bound_w, 350);
    EXPECT_EQ(again.pools[0].gpu.price_usd_per_h, 2.5);
}

TEST(EnergyKeys, TheCataloguesStandInTheResolvedText) {
    const std::string powers =
        "    idle_power: {value: 100W, source: test}\n"
        "    memory_bound_power: {value: 300W, source: test}\n"
        "    compute_bound_power: {value: 600W, source: test}\n"
        "    price: {value: 4USD/h, source: test}\n";
    InputFiles files;
    files.reads_disk = false;
    files.files["fleet.yaml"] = {true, with_pool("power: {compute_bound: 650W}"), ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus + powers, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    const Scenario scenario = load_scenario({"fleet.yaml", {}, "catalogue"}, Registries{}, files);
    EXPECT_EQ(scenario.pools[0].gpu.idle_w, 100);
    EXPECT_EQ(scenario.pools[0].gpu.compute_bound_w, 650);
    EXPECT_NE(scenario.resolved_text.find("      power:\n        idle: 100W\n        memory_bound: 300W\n"
                                          "        compute_bound: 650W\n      price: 4USD/h\n"),
              std::string::npos);
}

TEST(EnergyKeys, MustGoTogether) {
    EXPECT_EQ(problems_of_text(with_pool("power: {idle: 110W}")),
              (Lines{"fleet.yaml:4:14: fleet.pools[0].power.memory_bound: expected a power above 0W, as others of the "
                     "GPU are given",
                     "fleet.yaml:4:14: fleet.pools[0].power.compute_bound: expected a power above 0W, as others of the "
                     "GPU are given"}));
    EXPECT_EQ(problems_of_text(with_pool("power: {idle: 110W, memory_bound: 800W, compute_bound: 700W}")),
              Lines{"fleet.yaml:4:62: fleet.pools[0].power.compute_bound: 700W is less than memory_bound_power, 800W"});
}

TEST(EnergyKeys, HaveUnitsAndRanges) {
    EXPECT_EQ(problems_of_text(with_pool("price: 2.5")),
              Lines{"fleet.yaml:4:14: fleet.pools[0].price: expected a price with a unit (USD/h), found \"2.5\""});
    EXPECT_EQ(problems_of_text(with_pool("price: 2.5usd/h")),
              Lines{"fleet.yaml:4:14: fleet.pools[0].price: expected a price with a unit (USD/h), found \"2.5usd/h\"; "
                    "did you mean \"2.5USD/h\"?"});
    EXPECT_EQ(problems_of_text(with_pool("price: 0USD/h")),
              Lines{"fleet.yaml:4:14: fleet.pools[0].price: expected a price from 0.0001USD/h to 100000USD/h, found "
                    "\"0USD/h\""});
    EXPECT_EQ(problems_of_text(with_pool("power: {idle: 0W}")),
              Lines{"fleet.yaml:4:21: fleet.pools[0].power.idle: expected a power from 0.001W to 100000W, found "
                    "\"0W\""});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nenergy: {pue: 0.9}")),
              Lines{"fleet.yaml:2:15: energy.pue: expected a number from 1 to 100, found \"0.9\""});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nenergy: {grid: 5g/kWh}")),
              Lines{"fleet.yaml:2:10: energy.grid: no such key; did you mean \"grid_intensity\"?"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nenergy: {grid_intensity: 473}")),
              Lines{"fleet.yaml:2:26: energy.grid_intensity: expected a carbon intensity with a unit (g/kWh, kg/kWh), "
                    "found \"473\""});
}

}  // namespace
}  // namespace regatta::scenario
