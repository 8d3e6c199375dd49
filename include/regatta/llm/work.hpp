#pragma once

#include <cstdint>

#include "regatta/llm/model.hpp"

namespace regatta::llm {

/// What one forward pass computes and moves, by what it is given: whole model, all GPUs of a replica together. Whole
/// numbers, so that sums over steps are exact. A multiply-add is two operations. Left out, for they are below 1 %:
/// norms, activations, biases, rotary embedding, sampling; recomputed or padded work is not counted as such.
struct WorkFacts {
    std::int64_t flops_per_token = 0;   ///< matrix products of all layers, of the experts that a token passes
    std::int64_t flops_per_sample = 0;  ///< LM head
    /// Attention of one token to one token of context, over the layers that attend to everything, and over those with
    /// a sliding window.
    std::int64_t flops_per_attended = 0;
    std::int64_t flops_per_window_attended = 0;
    std::int64_t weight_bytes = 0;  ///< read in each step: all but routed experts and the embedding's table
    std::int64_t expert_bytes = 0;  ///< one routed expert of every layer that has them
    /// Keys and values of one token, over the layers of each kind.
    std::int64_t kv_bytes = 0;
    std::int64_t window_kv_bytes = 0;
    std::int64_t window_tokens = 0;  ///< 0: no layer has a sliding window
    std::int64_t experts = 0;        ///< routed experts of a layer; 0: none
    std::int64_t experts_per_token = 0;

    friend constexpr bool operator==(const WorkFacts&, const WorkFacts&) = default;
};

[[nodiscard]] WorkFacts work_facts(const Model& model, DataType weight_type, DataType kv_type);

}  // namespace regatta::llm
