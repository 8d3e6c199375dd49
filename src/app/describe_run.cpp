#include "app/describe_run.hpp"

#include <cmath>
#include <cstdint>

#include "scenario/build_fleet.hpp"
#include "scenario/scratchpad_scenario.hpp"
#include "timing/data_types.hpp"

namespace regatta::app {
namespace {

// Files keep whole numbers.
std::int64_t thousandths(double value) {
    return std::llround(value * 1e3);
}
std::int64_t millionths(double value) {
    return std::llround(value * 1e6);
}

}  // namespace

results::RunDescription describe(const scenario::Scenario& scenario) {
    results::RunDescription run{.name = scenario.name,
                                .seed = scenario.seed,
                                .scenario_text = scenario.resolved_text,
                                .pools = {},
                                .streams = {},
                                .series_every = scenario.series_every,
                                .has_node_series = scenario.has_node_series,
                                .measure_from = scenario.measure_from};
    if (scenario.scratchpad != nullptr) run.scratchpad = scenario.scratchpad->description;
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        const scenario::Pool& pool = scenario.pools[i];
        run.pools.push_back({.name = pool.name,
                             .gpu_flops_per_s = std::llround(timing::peak_ops_per_s(pool.gpu, pool.activation_type)),
                             .gpu_memory_bytes_per_s = std::llround(pool.gpu.memory_bandwidth_bytes_per_s),
                             .work = pool.work(),
                             .stages = pool.pipeline_parallel,
                             .layers = pool.model.layers,
                             .shared_gpus = scenario::gpus_shared_with_earlier(scenario, i),
                             .absent_gpus = scenario::gpus_absent_at_start(pool),
                             .gpu_idle_mw = thousandths(pool.gpu.idle_w),
                             .gpu_memory_bound_mw = thousandths(pool.gpu.memory_bound_w),
                             .gpu_compute_bound_mw = thousandths(pool.gpu.compute_bound_w),
                             .gpu_price_uusd_per_h = millionths(pool.gpu.price_usd_per_h)});
    }
    if (scenario.energy.grid_g_per_kwh) run.energy.grid_mg_per_kwh = thousandths(*scenario.energy.grid_g_per_kwh);
    run.energy.pue_millionths = millionths(scenario.energy.pue);
    for (const scenario::Stream& stream : scenario.streams)
        run.streams.push_back(
            {.name = stream.name,
             .ttft_target = stream.targets.ttft,
             .tpot_target = stream.targets.tpot,
             // Under compat: scratchpad nobody may serve it, and streams are called as models are.
             .model = scenario.scratchpad != nullptr ? stream.name : scenario.pools[stream.pools.front()].model.name,
             .tenant = stream.tenant,
             .traffic_class = stream.traffic_class,
             .priority = stream.priority});
    return run;
}

std::vector<PoolId> first_pools(const scenario::Scenario& scenario) {
    std::vector<PoolId> pools;
    for (const scenario::Stream& stream : scenario.streams)
        pools.emplace_back(stream.pools.empty() ? std::uint16_t{0} : stream.pools.front());  // nobody may serve it
    return pools;
}

}  // namespace regatta::app
