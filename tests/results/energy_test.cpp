#include "results/energy.hpp"

#include <gtest/gtest.h>

namespace regatta::results {
namespace {

using serving::FleetEvent;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// Eight GPUs of 110, 350 and 700 W at 2 USD/h.
PoolDescription pool_of_eight() {
    PoolDescription pool{.name = "chat", .gpu_flops_per_s = 1'000'000'000'000, .gpu_memory_bytes_per_s = 1};
    pool.work.flops_per_token = 1'000'000'000;
    pool.gpu_idle_mw = 110'000;
    pool.gpu_memory_bound_mw = 350'000;
    pool.gpu_compute_bound_mw = 700'000;
    pool.gpu_price_uusd_per_h = 2'000'000;
    return pool;
}

/// Half of 600 s in steps, at a tenth of the peak.
PoolSums half_busy() {
    PoolSums sums;
    sums.gpus = 8;
    sums.busy_gpu_ns.add(300 * kNsPerSecond, 8);
    sums.prefill_tokens.add(8 * 300 * 100, 1);
    sums.finished = 4;
    sums.finished_prompt_tokens.add(3000, 1);
    sums.finished_output_tokens.add(1000, 1);
    return sums;
}

serving::FleetEventRecord hardware(FleetEvent kind, std::int64_t at_s, std::int64_t gpus) {
    return {.start_ns = at_s * kNsPerSecond, .end_ns = at_s * kNsPerSecond, .amount = gpus, .kind = kind};
}

constexpr SimTime kEnd = SimTime::from_s(600);

TEST(Energy, IsIdlePowerAndWhatStepsTakeByTheirArithmetic) {
    EnergyMeter meter({.grid_mg_per_kwh = 360'000}, kEnd);
    meter.add(half_busy(), pool_of_eight());
    const EnergyFigures energy = meter.energy().value();
    EXPECT_DOUBLE_EQ(energy.total_j, 8 * (110 * 300 + 300 * (350 + 350 * 0.1)));
    EXPECT_DOUBLE_EQ(energy.mean_w, energy.total_j / 600);
    EXPECT_DOUBLE_EQ(energy.j_per_request.value(), energy.total_j / 4);
    EXPECT_DOUBLE_EQ(energy.j_per_million_output_tokens.value(), energy.total_j * 1e6 / 1000);
    EXPECT_DOUBLE_EQ(energy.j_per_million_tokens.value(), energy.total_j * 1e6 / 4000);
    // 360 g/kWh are 100 g for a megajoule.
    EXPECT_DOUBLE_EQ(meter.carbon().value().total_g, energy.total_j / 1e4);
    EXPECT_DOUBLE_EQ(meter.carbon().value().g_per_request.value(), energy.total_j / 4e4);
}

TEST(Energy, CostsWhatTheHardwareCostsIdleOrNot) {
    EnergyMeter meter({}, kEnd);
    meter.add(half_busy(), pool_of_eight());
    const CostFigures cost = meter.cost().value();
    EXPECT_DOUBLE_EQ(cost.total_usd, 8 * 2.0 / 6);
    EXPECT_DOUBLE_EQ(cost.usd_per_request.value(), cost.total_usd / 4);
    EXPECT_DOUBLE_EQ(cost.usd_per_million_output_tokens.value(), cost.total_usd * 1000);
}

TEST(Energy, ArithmeticAboveThePeakIsThePeak) {
    PoolSums sums = half_busy();
    sums.prefill_tokens.add(8 * 300 * 100'000, 1);
    EnergyMeter meter({}, kEnd);
    meter.add(sums, pool_of_eight());
    EXPECT_DOUBLE_EQ(meter.energy().value().total_j, 8 * 300 * (110.0 + 700));
}

TEST(Energy, TheSitesShareCountsForEnergyAndNotForCost) {
    EnergyMeter plain({.grid_mg_per_kwh = 360'000}, kEnd);
    EnergyMeter site({.grid_mg_per_kwh = 360'000, .pue_millionths = 1'250'000}, kEnd);
    plain.add(half_busy(), pool_of_eight());
    site.add(half_busy(), pool_of_eight());
    EXPECT_DOUBLE_EQ(site.energy()->total_j, 1.25 * plain.energy()->total_j);
    EXPECT_DOUBLE_EQ(site.carbon()->total_g, 1.25 * plain.carbon()->total_g);
    EXPECT_EQ(site.cost()->total_usd, plain.cost()->total_usd);
}

TEST(Energy, HardwareThatIsNotThereDrawsAndCostsNothing) {
    PoolSums sums;
    sums.gpus = 8;
    // Two come after 100 s, one of them goes after 400 s; another one never comes.
    sums.add(hardware(FleetEvent::Installed, 100, 2));
    sums.add(hardware(FleetEvent::Removed, 400, 1));
    sums.add(hardware(FleetEvent::GpuDown, 1, 1));
    PoolDescription pool = pool_of_eight();
    pool.absent_gpus = 3;
    EnergyMeter meter({}, kEnd);
    meter.add(sums, pool);
    const double installed_s = 5 * 600 + 500 + 300;
    EXPECT_DOUBLE_EQ(meter.energy()->total_j, 110 * installed_s);
    EXPECT_DOUBLE_EQ(meter.cost()->total_usd, 2 * installed_s / 3600);
}

TEST(Energy, SumsInAnyOrderGiveTheSame) {
    PoolSums first;
    PoolSums second;
    first.add(hardware(FleetEvent::Installed, 100, 2));
    second.add(hardware(FleetEvent::Removed, 400, 1));
    PoolSums one = half_busy();
    one += first;
    one += second;
    PoolSums other = second;
    other += first;
    other += half_busy();
    EnergyMeter a({}, kEnd);
    EnergyMeter b({}, kEnd);
    a.add(one, pool_of_eight());
    b.add(other, pool_of_eight());
    EXPECT_EQ(a.energy()->total_j, b.energy()->total_j);
    EXPECT_EQ(a.cost()->total_usd, b.cost()->total_usd);
}

TEST(Energy, WhatIsNotKnownIsLeftOut) {
    PoolDescription no_price = pool_of_eight();
    no_price.gpu_price_uusd_per_h = 0;
    PoolDescription no_power = pool_of_eight();
    no_power.gpu_idle_mw = no_power.gpu_memory_bound_mw = no_power.gpu_compute_bound_mw = 0;
    EnergyMeter without_price({.grid_mg_per_kwh = 1}, kEnd);
    without_price.add(half_busy(), pool_of_eight());
    without_price.add(half_busy(), no_price);
    EXPECT_TRUE(without_price.energy());
    EXPECT_FALSE(without_price.cost());
    EnergyMeter without_power({.grid_mg_per_kwh = 1}, kEnd);
    without_power.add(half_busy(), pool_of_eight());
    without_power.add(half_busy(), no_power);
    EXPECT_FALSE(without_power.energy());
    EXPECT_FALSE(without_power.carbon());
    EXPECT_TRUE(without_power.cost());
    EnergyMeter without_grid({}, kEnd);
    without_grid.add(half_busy(), pool_of_eight());
    EXPECT_FALSE(without_grid.carbon());
    EXPECT_FALSE(EnergyMeter({}, kEnd).energy());
}

TEST(Energy, WithoutFinishedRequestsThereAreTotalsOnly) {
    PoolSums sums;
    sums.gpus = 8;
    EnergyMeter meter({.grid_mg_per_kwh = 1}, kEnd);
    meter.add(sums, pool_of_eight());
    EXPECT_GT(meter.energy()->total_j, 0);
    EXPECT_FALSE(meter.energy()->j_per_request);
    EXPECT_FALSE(meter.energy()->j_per_million_output_tokens);
    EXPECT_FALSE(meter.cost()->usd_per_request);
    EXPECT_FALSE(meter.carbon()->g_per_request);
}

}  // namespace
}  // namespace regatta::results
