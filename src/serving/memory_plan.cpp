#include "serving/memory_plan.hpp"

#include <cmath>

namespace regatta::serving {

namespace {

/// CUDA context, communication buffers and graphs of an inference engine [bytes]: an allowance of 1 GiB, the order of
/// what vLLM reports as non-torch memory plus graph memory on current GPUs.
constexpr double kRuntimeBytes = 1.0 * 1024 * 1024 * 1024;
/// Activations are computed in 16 bits.
constexpr double kActivationBytes = 2;

}  // namespace

MemoryPlan plan_memory(const MemoryRequest& request) {
    const llm::Model& model = request.model;
    const auto tokens = static_cast<double>(request.step_tokens);
    MemoryPlan plan;
    plan.usable_bytes = request.gpu.memory_bytes * request.memory_fraction;
    plan.weight_bytes = llm::weight_bytes_per_gpu(model, request.weight_type, request.tensor_parallel);
    // Alive at once in the widest layer: residual, its normalised copy and the layer's output (hidden each), and what
    // the MLP holds, which is split.
    plan.activation_bytes = kRuntimeBytes + kActivationBytes * tokens *
                                                (3.0 * static_cast<double>(model.hidden) +
                                                 llm::mlp_values_per_token_per_gpu(model, request.tensor_parallel));
    plan.kv_block_bytes = llm::kv_bytes_per_token_per_gpu(model, request.kv_type, request.tensor_parallel) *
                          static_cast<double>(request.block_tokens);
    plan.kv_bytes = plan.usable_bytes - plan.weight_bytes - plan.activation_bytes;
    plan.kv_blocks = plan.kv_bytes < plan.kv_block_bytes
                         ? 0
                         : static_cast<std::int64_t>(std::floor(plan.kv_bytes / plan.kv_block_bytes));
    return plan;
}

}  // namespace regatta::serving
