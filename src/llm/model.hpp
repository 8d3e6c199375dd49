#pragma once

#include <cstdint>
#include <string>

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
    std::string source;
};

enum class DataType { Bf16, Fp8, Int8 };
[[nodiscard]] double bytes_of(DataType type);

/// Weights of the whole model [parameters], embeddings and LM head included.
[[nodiscard]] double parameter_count(const Model& model);
/// Keys and values of one token over all layers, whole model [bytes].
[[nodiscard]] double kv_bytes_per_token(const Model& model, DataType kv_type);

}  // namespace regatta::llm
