#include "regatta/llm/model.hpp"

#include <algorithm>

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

// The router of every layer with experts: one column per expert.
double router_parameters(const Model& model) {
    return real(expert_layers(model)) * real(model.hidden) * real(model.experts);
}

// Columns of `hidden` elements that the MLPs of all layers have, `experts` of each layer counted.
double mlp_columns(const Model& model, double experts) {
    const double of_expert_layer = experts * real(model.expert_intermediate) + real(model.shared_intermediate);
    const double matrices = model.has_gated_mlp ? 3 : 2;
    return matrices *
           (real(dense_mlp_layers(model)) * real(model.intermediate) + real(expert_layers(model)) * of_expert_layer);
}

double counted_parameters(const Model& model, double experts) {
    const double hidden = real(model.hidden);
    const double attention = hidden * real(2 * model.heads + 2 * model.kv_heads) * real(model.head_dim);
    const double per_layer = attention + layer_norm_parameters(model) + layer_bias_parameters(model);
    const double final_norm = hidden;
    return real(model.layers) * per_layer + hidden * mlp_columns(model, experts) + router_parameters(model) +
           final_norm + embedding_parameters(model);
}

void check_experts(const Model& model, std::vector<std::string>& problems) {
    if (model.experts == 0) {
        const auto must_be_left_out = [&](const char* key, std::int64_t value) {
            if (value != 0)
                problems.push_back(
                    fmt::format("{}: {}, but the model has no experts; expected experts, too", key, value));
        };
        must_be_left_out("experts_per_token", model.experts_per_token);
        must_be_left_out("expert_intermediate", model.expert_intermediate);
        must_be_left_out("shared_intermediate", model.shared_intermediate);
        must_be_left_out("dense_layers", model.dense_layers);
        return;
    }
    if (model.experts_per_token < 1 || model.experts_per_token > model.experts)
        problems.push_back(fmt::format("experts_per_token: expected a whole number from 1 to {}, the experts; found {}",
                                       model.experts, model.experts_per_token));
    if (model.expert_intermediate < 1)
        problems.push_back(fmt::format("expert_intermediate: expected a whole number of at least 1, found {}",
                                       model.expert_intermediate));
    if (model.dense_layers < 0 || model.dense_layers >= model.layers)
        problems.push_back(
            fmt::format("dense_layers: expected less than the {} layers, found {}", model.layers, model.dense_layers));
}

void check_window(const Model& model, std::vector<std::string>& problems) {
    if (model.window_layers < 0 || model.window_layers > model.layers)
        problems.push_back(
            fmt::format("window_layers: expected at most the {} layers, found {}", model.layers, model.window_layers));
    if ((model.window_tokens > 0) == (model.window_layers > 0)) return;
    if (model.window_tokens > 0)
        problems.emplace_back("window: given, but no window_layers; expected both or neither");
    else
        problems.emplace_back("window_layers: given, but no window; expected both or neither");
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
    if (model.experts == 0 || model.dense_layers > 0) must_be_positive("intermediate", model.intermediate);
    must_be_positive("vocabulary", model.vocabulary);
    must_be_positive("max_context", model.max_context_tokens);
    if (model.kv_heads >= 1 && model.heads % model.kv_heads != 0)
        problems.push_back(
            fmt::format("kv_heads: {} does not divide heads = {}; each key-value head serves the same "
                        "number of query heads",
                        model.kv_heads, model.heads));
    check_experts(model, problems);
    check_window(model, problems);
    return problems;
}

std::int64_t expert_layers(const Model& model) {
    return model.experts > 0 ? model.layers - model.dense_layers : 0;
}

std::int64_t dense_mlp_layers(const Model& model) {
    return model.layers - expert_layers(model);
}

double parameter_count(const Model& model) {
    return counted_parameters(model, real(model.experts));
}

double active_parameter_count(const Model& model) {
    return counted_parameters(model, real(model.experts_per_token));
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
    const double attention = real(model.layers) * (2 * heads + 2 * kv_heads) * head_dim;
    const double matrices = hidden * (attention + mlp_columns(model, real(model.experts)) / real(gpus));
    const double biases = model.has_qkv_bias ? real(model.layers) * (heads + 2 * kv_heads) * head_dim : 0;
    const double norms = real(model.layers) * layer_norm_parameters(model) + hidden;
    const double outer = embedding_parameters(model) / real(gpus);
    const double in_16_bits = biases + norms + outer + router_parameters(model);
    return matrices * bytes_of(weight_type) + in_16_bits * bytes_of(DataType::Bf16);
}

double kv_bytes_per_token_per_gpu(const Model& model, DataType kv_type, std::int64_t gpus) {
    const double kv_heads = real(heads_per_gpu(model.kv_heads, gpus));
    return 2 * real(model.layers) * kv_heads * real(model.head_dim) * bytes_of(kv_type);
}

double mlp_values_per_token_per_gpu(const Model& model, std::int64_t gpus) {
    const double dense = dense_mlp_layers(model) > 0 ? 2.0 * real(model.intermediate) / real(gpus) : 0;
    if (model.experts == 0) return dense;
    // Before and after the activation, and the output of each expert before they are added up.
    const double inside = real(model.experts_per_token) * real(model.expert_intermediate) / real(gpus);
    const double outside = real(model.experts_per_token) * real(model.hidden);
    return std::max(dense, std::max(2 * inside, outside) + inside);
}

}  // namespace regatta::llm
