#pragma once

#include <cstdint>
#include <optional>

#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"

namespace regatta::serving {

/// What shares a GPU's memory.
struct MemoryRequest {
    hardware::Gpu gpu;
    llm::Model model;
    llm::DataType weight_type = llm::DataType::Bf16;
    llm::DataType kv_type = llm::DataType::Bf16;
    std::int64_t tensor_parallel = 1;
    std::int64_t pipeline_parallel = 1;
    std::optional<llm::Model> draft = {};  ///< a model that proposes tokens, on the same GPUs
    std::int64_t draft_tensor_parallel = 1;
    double memory_fraction = 0.9;     ///< of GPU memory that the engine may use
    std::int64_t step_tokens = 2048;  ///< most tokens of a step, which size the activations
    std::int64_t block_tokens = 16;
    std::int64_t max_context_tokens = 0;  ///< longest sequence; only Vidur's plan looks at it
};

/// Memory of one GPU of a replica [bytes], and what it leaves for the KV cache.
struct MemoryPlan {
    double usable_bytes = 0;
    double weight_bytes = 0;
    double activation_bytes = 0;
    double kv_bytes = 0;                 ///< what is left; negative when the model does not fit
    double kv_block_bytes = 0;           ///< one block on one GPU
    std::int64_t kv_blocks = 0;          ///< of the replica; 0 when not even one block fits
    std::int64_t sequences = INT64_MAX;  ///< of the longest kind, if the plan makes room for these

    [[nodiscard]] bool fits() const { return kv_blocks > 0; }
    /// By how much the model does not fit, one block included [bytes].
    [[nodiscard]] double missing_bytes() const { return kv_block_bytes - kv_bytes; }
};

/// Weights (embeddings and LM head included) are split over the tensor-parallel group; KV heads, too, but each GPU
/// holds at least one. Activations: docs/model/memory.md.
/// A pipeline's stages have equally many layers; embedding and LM head are on its first and last stage.
[[nodiscard]] MemoryPlan plan_memory(const MemoryRequest& request);

/// The plan of Vidur's MemoryPlanner (microsoft/vidur 7d47513): weights in 16 bits of layers alone, neither embeddings
/// nor LM head nor norms; no activations; room for whole sequences of `max_context_tokens`, each counted over all
/// layers of the model even in a pipeline, and then as many times as there are stages.
[[nodiscard]] MemoryPlan plan_memory_like_vidur(const MemoryRequest& request);

}  // namespace regatta::serving
