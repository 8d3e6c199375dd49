#include "timing/scratchpad.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "timing/roofline_attention.hpp"

namespace regatta::timing {
namespace {

double real(std::int64_t count) {
    return static_cast<double>(count);
}

double rows_of(const BatchShape& shape) {
    std::int64_t rows = shape.decode_tokens();
    for (const PrefillChunk& chunk : shape.prefills)
        rows += chunk.tokens;
    return real(rows);
}

/// The LM head is computed for every sequence of a batch, whether it samples or not.
double sequences_of(const BatchShape& shape) {
    return real(shape.decodes) + static_cast<double>(shape.prefills.size());
}

double prefill_attention_s(const ScratchpadRoofline& roofline, const BatchShape& shape) {
    double seconds = 0;
    for (const PrefillChunk& chunk : shape.prefills)
        seconds += roofline.attention_s(real(chunk.tokens), real(chunk.context_tokens + chunk.tokens));
    return seconds;
}

}  // namespace

/// Of the decodes, in one stage. In integers, so that pieces meet at whole numbers of tokens and each line is the same
/// for every shape of its piece.
StepLine ScratchpadStepTime::attention_line(const BatchShape& shape) const {
    if (shape.decodes == 0) return {};
    const ScratchpadRoofline::Attention& costs = roofline_.attention();
    const double each = real(shape.tokens_per_decode) / real(stages_);
    const std::int64_t queries = fine_of_seconds(real(shape.decodes) * each * costs.query_s);
    const std::int64_t arithmetic = fine_of_seconds(each * costs.pair_s);
    const std::int64_t memory = fine_of_seconds(
        each * costs.score_s + roofline_.row_blocks(real(shape.tokens_per_decode)) * costs.kv_s / real(stages_));
    if (arithmetic <= memory) return {.base_fine = queries, .slope_fine = memory};
    // The first context sum at which arithmetic takes longer.
    const std::int64_t first_above = queries / (arithmetic - memory) + 1;
    if (shape.decode_context_tokens >= first_above) return {.base_fine = 0, .slope_fine = arithmetic};
    return {.base_fine = queries, .slope_fine = memory, .valid_below = first_above};
}

StepLine ScratchpadStepTime::stage_line(const BatchShape& shape, bool is_last) const {
    const double rows = rows_of(shape);
    double seconds = (roofline_.projections_s(rows) + roofline_.mlp_s(rows) + roofline_.elementwise_s(rows) +
                      prefill_attention_s(roofline_, shape)) /
                     real(stages_);
    if (is_last) seconds += roofline_.head_s(sequences_of(shape));
    StepLine line = attention_line(shape);
    line.base_fine += std::max(fine_of_seconds(seconds), kFinePerNs);
    return line;
}

StepLine ScratchpadStepTime::line(const BatchShape& shape) const {
    StepLine line = stage_line(shape, true);
    if (stages_ == 1) return line;
    const StepLine inner = stage_line(shape, false);
    line.base_fine += (stages_ - 1) * inner.base_fine;
    line.slope_fine += (stages_ - 1) * inner.slope_fine;
    return line;
}

StepParts ScratchpadStepTime::parts(const BatchShape& shape) const {
    const double rows = rows_of(shape);
    StepParts parts;
    parts.projections = roofline_.projections_s(rows);
    parts.mlp = roofline_.mlp_s(rows);
    parts.attention_prefill = prefill_attention_s(roofline_, shape);
    parts.attention_decode =
        real(stages_ * attention_line(shape).at(shape.decode_context_tokens)) / (1e9 * double{kFinePerNs});
    parts.head = roofline_.head_s(sequences_of(shape));
    parts.other = roofline_.elementwise_s(rows);
    return parts;
}

/// One token, without attention; of a pipeline, in a stage without head.
std::int64_t ScratchpadStepTime::least_step_fine() const {
    double seconds = (roofline_.projections_s(1) + roofline_.mlp_s(1) + roofline_.elementwise_s(1)) / real(stages_);
    if (stages_ == 1) seconds += roofline_.head_s(1);
    return std::max(fine_of_seconds(seconds), kFinePerNs);
}

std::unique_ptr<StepTimeModel> make_scratchpad(const StepTimeTarget& target, const Parameters& parameters) {
    const llm::Model& model = target.model;
    if (const std::string_view unknown = unknown_to_scratchpad(model); !unknown.empty())
        throw InputError(
            fmt::format("Scratchpad's roofline has no models with {}, as {}; expected one without, "
                        "or another step-time model",
                        unknown, model.name));
    if (const std::string problem = problem_with_split(model, target.tensor_parallel); !problem.empty())
        throw InputError(problem);
    const auto bits = [&](const char* key, llm::DataType type) {
        return parameters.has(key) ? parameters.real(key) : 8 * llm::bytes_of(type);
    };
    const ScratchpadPrecision precision{.weight_bits = bits("weight_bits", target.weight_type),
                                        .activation_bits = bits("activation_bits", target.activation_type),
                                        .kv_bits = bits("kv_bits", target.kv_type)};
    return std::make_unique<ScratchpadStepTime>(
        ScratchpadRoofline(scratchpad_model(model), scratchpad_hardware(target.gpu), precision, target.tensor_parallel),
        target.pipeline_parallel);
}

std::vector<Parameter> scratchpad_parameters() {
    const auto bits = [](const char* key, const char* what) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Real,
                         .least = 0.1,
                         .most = 64,
                         .sentence = fmt::format("bits of {}, in place of the pool's type; need not be whole", what)};
    };
    return {bits("weight_bits", "a weight"), bits("activation_bits", "an activation"),
            bits("kv_bits", "a value of the KV cache")};
}

}  // namespace regatta::timing
