#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regatta::llm {

/// Architecture of a dense decoder-only transformer with grouped-query attention and a gated MLP.
struct Model {
    std::string name;
    std::int64_t layers = 0;
    std::int64_t hidden = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t intermediate = 0;
    std::int64_t vocabulary = 0;
    std::int64_t max_context_tokens = 0;
    bool ties_embeddings = false;  ///< LM head shares the embedding matrix
    bool has_qk_norm = false;      ///< RMS norm over each head's query and key (Qwen3)
    bool has_qkv_bias = false;     ///< bias on the query, key and value projections (Qwen2)
    std::string source;
};

/// What cannot be right about the architecture, each as "kv_heads: what is wrong; what is allowed" without a place;
/// empty when all is well. For readers of catalogues, so that a user's own entry is checked like ours.
[[nodiscard]] std::vector<std::string> problems_of(const Model& model);

enum class DataType { Bf16, Fp8, Int8 };
[[nodiscard]] double bytes_of(DataType type);

/// Weights of the whole model [parameters], embeddings and LM head included; a tied head counts once.
[[nodiscard]] double parameter_count(const Model& model);
/// Weights of the whole model [bytes]. The matrices inside the layers have `weight_type`; embedding, LM head, norms and
/// biases stay in bf16, as in the published FP8 and INT8 checkpoints (vLLM leaves lm_head and embeddings unquantised).
[[nodiscard]] double weight_bytes(const Model& model, DataType weight_type);
/// Keys and values of one token over all layers, whole model [bytes].
[[nodiscard]] double kv_bytes_per_token(const Model& model, DataType kv_type);

/// Query or key-value heads that one of `gpus` holds under tensor parallelism. With fewer heads than GPUs each holds
/// one: key-value heads are then replicated (as in vLLM).
[[nodiscard]] std::int64_t heads_per_gpu(std::int64_t heads, std::int64_t gpus);
/// What one of `gpus` holds under tensor parallelism [bytes]; as above when `gpus` is 1. Norms are on every GPU.
[[nodiscard]] double weight_bytes_per_gpu(const Model& model, DataType weight_type, std::int64_t gpus);
[[nodiscard]] double kv_bytes_per_token_per_gpu(const Model& model, DataType kv_type, std::int64_t gpus);

/// Matrix elements of one layer, whole model: what each matrix product reads.
struct LayerMatrices {
    double qkv = 0;      ///< hidden x (heads + 2 kv_heads) head_dim
    double output = 0;   ///< heads head_dim x hidden
    double gate_up = 0;  ///< hidden x 2 intermediate
    double down = 0;     ///< intermediate x hidden
    [[nodiscard]] double total() const { return qkv + output + gate_up + down; }
};
[[nodiscard]] LayerMatrices layer_matrices(const Model& model);

}  // namespace regatta::llm
