#include "serving/step_work.hpp"

#include <algorithm>
#include <cmath>

#include "timing/expert_count.hpp"

namespace regatta::serving {
namespace {

/// 0 + 1 + ... + (count - 1).
std::int64_t sum_below(std::int64_t count) {
    return count * (count - 1) / 2;
}

}  // namespace

void StepWork::start_special(const timing::BatchShape& shape, const llm::WorkFacts& facts) {
    prefills_ = static_cast<std::int64_t>(shape.prefills.size());
    prefill_samples_ = shape.samples - shape.decodes;
    prefill_tokens_ = attended_ = window_attended_ = moved_kv_ = window_moved_kv_ = experts_1024_ = 0;
    for (const timing::PrefillChunk& chunk : shape.prefills) {
        prefill_tokens_ += chunk.tokens;
        // Causal: token i of the chunk attends to the context, to the i before it and to itself.
        attended_ += chunk.tokens * (chunk.context_tokens + 1) + sum_below(chunk.tokens);
        moved_kv_ += chunk.context_tokens + chunk.tokens;
        if (facts.window_tokens == 0) continue;
        const std::int64_t below =
            std::clamp<std::int64_t>(facts.window_tokens - chunk.context_tokens, 0, chunk.tokens);
        window_attended_ += below * (chunk.context_tokens + 1) + sum_below(below);
        window_attended_ += (chunk.tokens - below) * facts.window_tokens;
        window_moved_kv_ += std::min(chunk.context_tokens, facts.window_tokens - 1) + chunk.tokens;
    }
    if (facts.experts == 0) return;
    const double experts =
        timing::expected_distinct_experts(facts.experts, facts.experts_per_token, shape.decodes + prefill_tokens_);
    experts_1024_ = std::llround(1024 * experts);
}

void StepWork::add_special(ReplicaRecord& sums, std::int64_t steps, std::int64_t decodes, std::int64_t context_tokens,
                           const llm::WorkFacts& facts) const {
    if (has_chunks_) {
        sums.sequences += prefills_;
        sums.samples += prefill_samples_;
        sums.attended_tokens += attended_;
        sums.moved_kv_tokens += moved_kv_;
        sums.window_attended_tokens += window_attended_;
        sums.window_moved_kv_tokens += window_moved_kv_;
    }
    sums.experts_read_1024 += steps * experts_1024_;
    if (facts.window_tokens == 0 || decodes == 0) return;
    // Only the sum of the contexts is known: each decode attends to min(its context, window), together to at most
    // min(sum, decodes * window), which is what the step time model takes, too.
    const std::int64_t most = decodes * facts.window_tokens;
    const std::int64_t below = std::clamp<std::int64_t>((most - context_tokens + decodes - 1) / decodes, 0, steps);
    const std::int64_t in_window = below * context_tokens + decodes * sum_below(below) + (steps - below) * most;
    sums.window_attended_tokens += in_window;
    sums.window_moved_kv_tokens += in_window;
}

}  // namespace regatta::serving
