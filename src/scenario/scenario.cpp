#include "scenario/scenario.hpp"

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

}  // namespace regatta::scenario
