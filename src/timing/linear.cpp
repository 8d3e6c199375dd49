#include "timing/linear.hpp"

#include <algorithm>
#include <cmath>

namespace regatta::timing {
namespace {

std::int64_t fine(double ns) {
    return std::llround(ns * static_cast<double>(kFinePerNs));
}

}  // namespace

LinearStepTime::LinearStepTime(const Options& options)
    : stages_(options.stages),
      step_fine_(fine(options.step_ns)),
      token_fine_(fine(options.token_ns / static_cast<double>(options.stages))),
      context_token_fine_(fine(options.context_token_ns / static_cast<double>(options.stages))) {}

StepLine LinearStepTime::line(const BatchShape& shape) const {
    const StepLine stage = stage_line(shape, true);
    return {.base_fine = stages_ * stage.base_fine, .slope_fine = stages_ * stage.slope_fine};
}

/// All stages take as long: what is sent between them is part of step_us.
StepLine LinearStepTime::stage_line(const BatchShape& shape, bool /*is_last*/) const {
    std::int64_t tokens = shape.decode_tokens();
    std::int64_t prefill_context_tokens = 0;
    for (const PrefillChunk& chunk : shape.prefills) {
        tokens += chunk.tokens;
        prefill_context_tokens += chunk.context_tokens;
    }
    const std::int64_t base = step_fine_ + token_fine_ * tokens + context_token_fine_ * prefill_context_tokens;
    return {.base_fine = std::max(base, kFinePerNs), .slope_fine = context_token_fine_};
}

StepParts LinearStepTime::parts(const BatchShape& shape) const {
    const auto seconds = [this](std::int64_t count, std::int64_t fine_each) {
        return static_cast<double>(count * stages_) * static_cast<double>(fine_each) / (1e9 * double{kFinePerNs});
    };
    std::int64_t tokens = shape.decode_tokens();
    std::int64_t prefill_context_tokens = 0;
    for (const PrefillChunk& chunk : shape.prefills) {
        tokens += chunk.tokens;
        prefill_context_tokens += chunk.context_tokens;
    }
    StepParts parts;
    parts.attention_prefill = seconds(prefill_context_tokens, context_token_fine_);
    parts.attention_decode = seconds(shape.decode_context_tokens, context_token_fine_);
    parts.other = seconds(tokens, token_fine_);
    parts.overhead = seconds(1, step_fine_);
    return parts;
}

/// Of one stage, through all of which a batch passes.
std::int64_t LinearStepTime::least_step_fine() const {
    return std::max(step_fine_ + token_fine_, kFinePerNs);
}

std::unique_ptr<StepTimeModel> make_linear(const StepTimeTarget& target, const Parameters& parameters) {
    return std::make_unique<LinearStepTime>(LinearStepTime::Options{
        .step_ns = parameters.real("step_us") * 1e3,
        .token_ns = parameters.real("token_us") * 1e3,
        .context_token_ns = parameters.real("context_token_ns"),
        .stages = target.pipeline_parallel,
    });
}

std::vector<Parameter> linear_parameters() {
    // The upper bounds keep the longest imaginable step (10^6 tokens, 10^9 tokens of context) below 2^63 units of
    // 2^-16 ns: 10 s + 10^6 x 10 ms + 10^9 x 10 us = 2 x 10^4 s = 1.3 x 10^18 units.
    return {{.key = "step_us",
             .kind = ParameterKind::Real,
             .is_required = true,
             .least = 0,
             .most = 1e7,
             .sentence = "time of every step, whatever it computes [us]"},
            {.key = "token_us",
             .kind = ParameterKind::Real,
             .is_required = true,
             .least = 0,
             .most = 1e4,
             .sentence = "time per token computed: each prompt token and each decode [us]"},
            {.key = "context_token_ns",
             .kind = ParameterKind::Real,
             .is_required = true,
             .least = 0,
             .most = 1e4,
             .sentence = "time per token of context that decodes and prefill chunks attend to [ns]"}};
}

}  // namespace regatta::timing
