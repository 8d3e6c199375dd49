#include "llm/model.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::llm {
namespace {

double real(std::int64_t count) {
    return static_cast<double>(count);
}

// Norm weights of one layer: two RMS norms over the hidden size, and over one head each for query and key.
double layer_norm_parameters(const Model& model) {
    return 2 * real(model.hidden) + (model.has_qk_norm ? 2 * real(model.head_dim) : 0);
}

double layer_bias_parameters(const Model& model) {
    return model.has_qkv_bias ? real(model.heads + 2 * model.kv_heads) * real(model.head_dim) : 0;
}

// Embedding and, unless tied to it, LM head.
double embedding_parameters(const Model& model) {
    return real(model.vocabulary) * real(model.hidden) * (model.ties_embeddings ? 1 : 2);
}

}  // namespace

std::vector<std::string> problems_of(const Model& model) {
    std::vector<std::string> problems;
    const auto must_be_positive = [&](const char* key, std::int64_t value) {
        if (value < 1)
            problems.push_back(fmt::format("{}: expected a whole number of at least 1, found {}", key, value));
    };
    must_be_positive("layers", model.layers);
    must_be_positive("hidden", model.hidden);
    must_be_positive("heads", model.heads);
    must_be_positive("kv_heads", model.kv_heads);
    must_be_positive("head_dim", model.head_dim);
    must_be_positive("intermediate", model.intermediate);
    must_be_positive("vocabulary", model.vocabulary);
    must_be_positive("max_context", model.max_context_tokens);
    if (model.kv_heads >= 1 && model.heads % model.kv_heads != 0)
        problems.push_back(
            fmt::format("kv_heads: {} does not divide heads = {}; each key-value head serves the same "
                        "number of query heads",
                        model.kv_heads, model.heads));
    return problems;
}

double bytes_of(DataType type) {
    switch (type) {
        case DataType::Bf16:
            return 2;
        case DataType::Fp8:
            return 1;
        case DataType::Int8:
            return 1;
    }
    REGATTA_CHECK(false, "data type without a size");
}

LayerMatrices layer_matrices(const Model& model) {
    const double hidden = real(model.hidden);
    const double head_dim = real(model.head_dim);
    return {.qkv = hidden * real(model.heads + 2 * model.kv_heads) * head_dim,
            .output = real(model.heads) * head_dim * hidden,
            .gate_up = hidden * 2 * real(model.intermediate),
            .down = real(model.intermediate) * hidden};
}

double parameter_count(const Model& model) {
    const double per_layer =
        layer_matrices(model).total() + layer_norm_parameters(model) + layer_bias_parameters(model);
    const double final_norm = real(model.hidden);
    return real(model.layers) * per_layer + final_norm + embedding_parameters(model);
}

double weight_bytes(const Model& model, DataType weight_type) {
    return weight_bytes_per_gpu(model, weight_type, 1);
}

double kv_bytes_per_token(const Model& model, DataType kv_type) {
    return kv_bytes_per_token_per_gpu(model, kv_type, 1);
}

std::int64_t heads_per_gpu(std::int64_t heads, std::int64_t gpus) {
    return (heads + gpus - 1) / gpus;
}

double weight_bytes_per_gpu(const Model& model, DataType weight_type, std::int64_t gpus) {
    // What one GPU holds is a model of its own, with its share of heads, intermediate size and vocabulary.
    const double hidden = real(model.hidden);
    const double heads = real(heads_per_gpu(model.heads, gpus));
    const double kv_heads = real(heads_per_gpu(model.kv_heads, gpus));
    const double head_dim = real(model.head_dim);
    const double matrices = real(model.layers) * hidden *
                            ((2 * heads + 2 * kv_heads) * head_dim + 3 * real(model.intermediate) / real(gpus));
    const double biases = model.has_qkv_bias ? real(model.layers) * (heads + 2 * kv_heads) * head_dim : 0;
    const double norms = real(model.layers) * layer_norm_parameters(model) + hidden;
    const double outer = embedding_parameters(model) / real(gpus);
    return matrices * bytes_of(weight_type) + (biases + norms + outer) * bytes_of(DataType::Bf16);
}

double kv_bytes_per_token_per_gpu(const Model& model, DataType kv_type, std::int64_t gpus) {
    const double kv_heads = real(heads_per_gpu(model.kv_heads, gpus));
    return 2 * real(model.layers) * kv_heads * real(model.head_dim) * bytes_of(kv_type);
}

}  // namespace regatta::llm
