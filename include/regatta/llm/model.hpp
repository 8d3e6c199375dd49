#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regatta/llm/data_type.hpp"

namespace regatta::llm {

/// Architecture of a decoder-only transformer with grouped-query attention, dense or with experts in its MLPs. What a
/// model does not have is 0.
struct Model {
    std::string name;
    std::int64_t layers = 0;
    std::int64_t hidden = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t intermediate = 0;  ///< MLP size of dense layers
    std::int64_t vocabulary = 0;
    std::int64_t max_context_tokens = 0;
    bool ties_embeddings = false;  ///< LM head shares the embedding matrix
    bool has_qk_norm = false;      ///< RMS norm over each head's query and key (Qwen3)
    bool has_qkv_bias = false;     ///< bias on the query, key and value projections (Qwen2)
    bool has_gated_mlp = true;     ///< MLPs of three matrices (gate, up, down), else two (OPT, BLOOM, Phi-2)
    // Mixture of experts: each token passes through `experts_per_token` of the routed `experts` of a layer, and through
    // the shared ones.
    std::int64_t experts = 0;
    std::int64_t experts_per_token = 0;
    std::int64_t expert_intermediate = 0;  ///< MLP size of one routed expert
    std::int64_t shared_intermediate = 0;  ///< MLP size of the shared experts, all together
    std::int64_t dense_layers = 0;         ///< layers without experts in a model that has experts elsewhere
    // Sliding window: `window_layers` of the layers attend to the last `window_tokens` only.
    std::int64_t window_tokens = 0;
    std::int64_t window_layers = 0;
    std::string source;
};

/// What cannot be right about the architecture, each as "kv_heads: what is wrong; what is allowed" without a place;
/// empty when all is well. For readers of catalogues, so that a user's own entry is checked like ours.
[[nodiscard]] std::vector<std::string> problems_of(const Model& model);

/// Layers whose MLP is a set of experts; the others have a dense one.
[[nodiscard]] std::int64_t expert_layers(const Model& model);
[[nodiscard]] std::int64_t dense_mlp_layers(const Model& model);

/// Weights of the whole model [parameters]: matrices, router, RMS norms, query-key-value biases, embeddings and LM
/// head; a tied head counts once. Left out, for they are below 0.1 %: other biases, further norms, learned positions.
[[nodiscard]] double parameter_count(const Model& model);
/// Those of them that one token passes: all but the experts it is not routed to [parameters].
[[nodiscard]] double active_parameter_count(const Model& model);
/// Weights of the whole model [bytes]. The matrices inside the layers have `weight_type`; embedding, LM head, router,
/// norms and biases stay in 16 bits, as in the published FP8 and INT8 checkpoints (vLLM leaves them unquantised).
[[nodiscard]] double weight_bytes(const Model& model, DataType weight_type);
/// Keys and values of one token over all layers, whole model [bytes]; layers with a sliding window included.
[[nodiscard]] double kv_bytes_per_token(const Model& model, DataType kv_type);

/// Query or key-value heads that one of `gpus` holds under tensor parallelism. With fewer heads than GPUs each holds
/// one: key-value heads are then replicated (as in vLLM).
[[nodiscard]] std::int64_t heads_per_gpu(std::int64_t heads, std::int64_t gpus);
/// What one of `gpus` holds under tensor parallelism [bytes]; as above when `gpus` is 1. Norms are on every GPU.
[[nodiscard]] double weight_bytes_per_gpu(const Model& model, DataType weight_type, std::int64_t gpus);
[[nodiscard]] double kv_bytes_per_token_per_gpu(const Model& model, DataType kv_type, std::int64_t gpus);

/// Values that the widest MLP holds at once for each token on one of `gpus`. With experts: each token's copies on the
/// way in and out of the experts share their memory (as in vLLM's fused kernels).
[[nodiscard]] double mlp_values_per_token_per_gpu(const Model& model, std::int64_t gpus);

}  // namespace regatta::llm
