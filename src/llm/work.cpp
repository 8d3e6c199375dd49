#include "regatta/llm/work.hpp"

#include <cmath>

namespace regatta::llm {
namespace {

std::int64_t whole(double value) {
    return std::llround(value);
}

}  // namespace

WorkFacts work_facts(const Model& model, DataType weight_type, DataType kv_type) {
    const std::int64_t matrices = model.has_gated_mlp ? 3 : 2;
    const std::int64_t expert_elements = expert_layers(model) * matrices * model.hidden * model.expert_intermediate;
    const std::int64_t attention_elements =
        model.layers * model.hidden * (2 * model.heads + 2 * model.kv_heads) * model.head_dim;
    const std::int64_t mlp_elements =
        matrices * model.hidden *
        (dense_mlp_layers(model) * model.intermediate + expert_layers(model) * model.shared_intermediate);
    const std::int64_t router_elements = expert_layers(model) * model.hidden * model.experts;
    const std::int64_t head_elements = model.hidden * model.vocabulary;
    // Scores and weighted values, a multiply-add each: Dao, "FlashAttention-2", arXiv:2307.08691, section 4.1.
    const std::int64_t layer_attended = 4 * model.heads * model.head_dim;
    const std::int64_t whole_layers = model.layers - model.window_layers;
    const double layer_kv_bytes = kv_bytes_per_token(model, kv_type) / static_cast<double>(model.layers);
    const double expert_bytes = static_cast<double>(expert_elements) * bytes_of(weight_type);
    const double table_bytes = static_cast<double>(head_elements) * bytes_of(DataType::Bf16);
    return {.flops_per_token =
                2 * (attention_elements + mlp_elements + router_elements + model.experts_per_token * expert_elements),
            .flops_per_sample = 2 * head_elements,
            .flops_per_attended = whole_layers * layer_attended,
            .flops_per_window_attended = model.window_layers * layer_attended,
            .weight_bytes = whole(weight_bytes(model, weight_type) - static_cast<double>(model.experts) * expert_bytes -
                                  (model.ties_embeddings ? 0 : table_bytes)),
            .expert_bytes = whole(expert_bytes),
            .kv_bytes = whole(static_cast<double>(whole_layers) * layer_kv_bytes),
            .window_kv_bytes = whole(static_cast<double>(model.window_layers) * layer_kv_bytes),
            .window_tokens = model.window_tokens,
            .experts = model.experts,
            .experts_per_token = model.experts_per_token};
}

}  // namespace regatta::llm
