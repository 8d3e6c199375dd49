#include "serving/memory_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace regatta::serving {

namespace {

constexpr double kGibibyte = 1024.0 * 1024 * 1024;
/// CUDA context, communication buffers and graphs of an inference engine [bytes]: an allowance of 1 GiB, the order of
/// what vLLM reports as non-torch memory plus graph memory on current GPUs.
constexpr double kRuntimeBytes = kGibibyte;
/// Activations are computed in 16 bits.
constexpr double kActivationBytes = 2;

/// On each GPU of the stage with the most: the first has the embedding, the last the LM head [bytes].
double weight_bytes_of_stage(const MemoryRequest& request) {
    const double all = llm::weight_bytes_per_gpu(request.model, request.weight_type, request.tensor_parallel);
    if (request.pipeline_parallel == 1) return all;
    llm::Model without = request.model;
    without.vocabulary = 0;
    const double layers = llm::weight_bytes_per_gpu(without, request.weight_type, request.tensor_parallel);
    const double table = (all - layers) / (request.model.ties_embeddings ? 1 : 2);
    return layers / static_cast<double>(request.pipeline_parallel) + table;
}

/// Memory that Vidur gives its devices [GiB]; others: whole GiB of what the catalogue says.
/// Source: vidur/config/device_sku_config.py.
double gib_in_vidur(const hardware::Gpu& gpu) {
    constexpr std::array<std::pair<std::string_view, double>, 3> kDevices = {{{"a40", 45}, {"a100", 80}, {"h100", 80}}};
    for (const auto& [name, gib] : kDevices)
        if (gpu.name.rfind(name, 0) == 0) return gib;
    return std::floor(gpu.memory_bytes / kGibibyte);
}

}  // namespace

MemoryPlan plan_memory(const MemoryRequest& request) {
    const llm::Model& model = request.model;
    const auto tokens = static_cast<double>(request.step_tokens);
    MemoryPlan plan;
    plan.usable_bytes = request.gpu.memory_bytes * request.memory_fraction;
    plan.weight_bytes = weight_bytes_of_stage(request);
    // Alive at once in the widest layer: residual, its normalised copy and the layer's output (hidden each), and what
    // the MLP holds, which is split.
    plan.activation_bytes = kRuntimeBytes + kActivationBytes * tokens *
                                                (3.0 * static_cast<double>(model.hidden) +
                                                 llm::mlp_values_per_token_per_gpu(model, request.tensor_parallel));
    plan.kv_block_bytes = llm::kv_bytes_per_token_per_gpu(model, request.kv_type, request.tensor_parallel) *
                          static_cast<double>(request.block_tokens) / static_cast<double>(request.pipeline_parallel);
    if (request.draft) {
        plan.weight_bytes +=
            llm::weight_bytes_per_gpu(*request.draft, request.weight_type, request.draft_tensor_parallel);
        plan.kv_block_bytes +=
            llm::kv_bytes_per_token_per_gpu(*request.draft, request.kv_type, request.draft_tensor_parallel) *
            static_cast<double>(request.block_tokens);
    }
    plan.kv_bytes = plan.usable_bytes - plan.weight_bytes - plan.activation_bytes;
    plan.kv_blocks = plan.kv_bytes < plan.kv_block_bytes
                         ? 0
                         : static_cast<std::int64_t>(std::floor(plan.kv_bytes / plan.kv_block_bytes));
    return plan;
}

MemoryPlan plan_memory_like_vidur(const MemoryRequest& request) {
    const llm::Model& model = request.model;
    const std::int64_t tp = request.tensor_parallel;
    const std::int64_t head_dim = model.hidden / model.heads;
    const std::int64_t heads = model.heads / tp;
    const std::int64_t kv_heads = (model.kv_heads + tp - 1) / tp;
    const std::int64_t layer_parameters = model.hidden * head_dim * (heads + 2 * kv_heads) +
                                          model.hidden * head_dim * heads +
                                          (model.has_gated_mlp ? 3 : 2) * model.hidden * model.intermediate / tp;
    MemoryPlan plan;
    // As there, in this order: the quotient is rounded down as a floating-point number.
    plan.usable_bytes = gib_in_vidur(request.gpu) * kGibibyte * request.memory_fraction;
    const std::int64_t layers_of_stage = model.layers / request.pipeline_parallel;
    plan.weight_bytes = static_cast<double>(2 * layer_parameters * layers_of_stage);
    plan.kv_bytes = plan.usable_bytes - plan.weight_bytes;
    const std::int64_t blocks_of_sequence = request.max_context_tokens / request.block_tokens;
    // 4: a key and a value, of two bytes each.
    const auto sequence_bytes =
        static_cast<double>(4 * head_dim * kv_heads * request.max_context_tokens * model.layers);
    plan.kv_block_bytes = sequence_bytes / static_cast<double>(std::max<std::int64_t>(blocks_of_sequence, 1));
    if (plan.kv_bytes < sequence_bytes) return plan;
    plan.sequences = static_cast<std::int64_t>(std::floor(plan.kv_bytes / sequence_bytes));
    plan.kv_blocks = blocks_of_sequence * plan.sequences * request.pipeline_parallel;
    return plan;
}

}  // namespace regatta::serving
