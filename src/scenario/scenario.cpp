#include "scenario/scenario.hpp"

#include <utility>

namespace regatta::scenario {

timing::StepTimeTarget Pool::step_time_target() const {
    return {.gpu = gpu,
            .model = model,
            .tensor_parallel = tensor_parallel,
            .pipeline_parallel = pipeline_parallel,
            .spans_nodes = tensor_parallel * pipeline_parallel > gpus_per_node,
            .block_tokens = block_tokens,
            .weight_type = weight_type,
            .activation_type = activation_type,
            .kv_type = kv_type};
}

std::vector<const Scenario*> stages_of(const Scenario& scenario) {
    std::vector<const Scenario*> stages;
    for (const Scenario& before : scenario.before)
        stages.push_back(&before);
    stages.push_back(&scenario);
    return stages;
}

std::vector<TimeSpan> closed_spans(const Scenario& scenario) {
    const std::vector<const Scenario*> stages = stages_of(scenario);
    std::vector<TimeSpan> spans;
    for (std::size_t i = 0; i + 1 < stages.size(); ++i) {
        const TimeSpan span{.from = std::max(stages[i]->duration.value_or(SimTime::never()), stages[i]->from),
                            .until = stages[i + 1]->from};
        if (span.from < span.until) spans.push_back(span);
    }
    return spans;
}

double share_of(const Scenario& scenario, const Stream& stream, std::size_t pool) {
    double share = 0;
    double total = 0;
    for (const std::uint16_t index : stream.pools) {
        const Pool& one = scenario.pools[index];
        const double part = one.weight * one.replicas();
        total += part;
        if (index == pool) share = part;
    }
    return share == total ? 1 : share / total;
}

std::uint32_t gpus_shared_with_earlier(const Scenario& scenario, std::size_t pool) {
    const Pool& own = scenario.pools[pool];
    if (!own.servers) return 0;
    const Servers& servers = scenario.servers[*own.servers];
    std::vector<bool> is_taken(servers.gpus_each(), false);
    const auto gpus_of = [&](const Pool& other) {
        const auto first = is_taken.begin() + other.first_gpu;
        const std::ptrdiff_t gpus_each = other.gpus_per_replica();
        return std::pair(first, first + other.replicas_per_group() * gpus_each);
    };
    for (std::size_t i = 0; i < pool; ++i) {
        if (scenario.pools[i].servers != own.servers) continue;
        const auto [first, last] = gpus_of(scenario.pools[i]);
        std::fill(first, last, true);
    }
    const auto [first, last] = gpus_of(own);
    return servers.count * static_cast<std::uint32_t>(std::count(first, last, true));
}

std::uint32_t gpus_absent_at_start(const Pool& pool) {
    const auto absent = std::count(pool.at_start.begin(), pool.at_start.end(), serving::Phase::Absent);
    return static_cast<std::uint32_t>(absent) * pool.gpus_per_replica();
}

}  // namespace regatta::scenario
