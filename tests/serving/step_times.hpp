#pragma once

#include <cstdint>
#include <memory>

#include "regatta/timing/registry.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "timing/linear.hpp"
#include "timing/roofline.hpp"

namespace regatta::serving {

/// Straight lines with a jump every so many tokens of context: runs of steps meet many pieces.
class Staircase final : public timing::StepTimeModel {
public:
    Staircase(std::int64_t tread_tokens, std::int64_t slope_fine)
        : tread_tokens_(tread_tokens), slope_fine_(slope_fine) {}
    [[nodiscard]] timing::StepLine line(const timing::BatchShape& shape) const override {
        const std::int64_t stair = shape.decode_context_tokens / tread_tokens_;
        std::int64_t tokens = shape.decodes;
        for (const timing::PrefillChunk& chunk : shape.prefills)
            tokens += chunk.tokens;
        return {.base_fine = (100 + 37 * stair + tokens) * timing::kFinePerNs + 12'345 * stair,
                .slope_fine = slope_fine_,
                .valid_below = (stair + 1) * tread_tokens_};
    }

private:
    std::int64_t tread_tokens_;
    std::int64_t slope_fine_;
};

/// A roofline without overheads, so that pieces and fractions of a nanosecond count.
inline std::shared_ptr<const timing::StepTimeModel> small_roofline() {
    const timing::StepTimeTarget target{.gpu = {.name = "toy",
                                                .memory_bytes = 1e9,
                                                .memory_bandwidth_bytes_per_s = 3e9,
                                                .bf16_flops_per_s = 7e9,
                                                .link_bytes_per_s = 1e9,
                                                .source = "typed for the test"},
                                        .model = {.name = "toy",
                                                  .layers = 3,
                                                  .hidden = 8,
                                                  .heads = 4,
                                                  .kv_heads = 1,
                                                  .head_dim = 2,
                                                  .intermediate = 16,
                                                  .vocabulary = 32,
                                                  .max_context_tokens = 4096,
                                                  .source = "typed for the test"}};
    return std::make_shared<timing::RooflineStepTime>(target,
                                                      timing::RooflineStepTime::Options{.compute_efficiency = 0.9,
                                                                                        .quantized_efficiency = 0.9,
                                                                                        .attention_efficiency = 0.31,
                                                                                        .memory_efficiency = 0.8,
                                                                                        .network_efficiency = 1});
}

}  // namespace regatta::serving
