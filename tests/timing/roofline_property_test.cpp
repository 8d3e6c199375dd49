#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

#include "roofline_fixture.hpp"
#include "timing/roofline.hpp"

namespace regatta::timing {
namespace {

// A shape that owns its chunks.
struct Batch {
    std::int64_t decodes = 0;
    std::int64_t context = 0;
    std::vector<PrefillChunk> prefills;
    std::int64_t samples = 0;

    [[nodiscard]] BatchShape shape() const { return shape_at(context); }
    [[nodiscard]] BatchShape shape_at(std::int64_t context_tokens) const {
        return {.decodes = decodes, .decode_context_tokens = context_tokens, .prefills = prefills, .samples = samples};
    }
};

Batch any_batch() {
    Batch batch;
    batch.decodes = *rc::gen::inRange<std::int64_t>(1, 512);
    batch.context = *rc::gen::inRange<std::int64_t>(batch.decodes, 2'000'000);
    const auto chunks = *rc::gen::inRange(0, 4);
    for (int i = 0; i < chunks; ++i)
        batch.prefills.push_back({.tokens = *rc::gen::inRange<std::int64_t>(1, 4096),
                                  .context_tokens = *rc::gen::inRange<std::int64_t>(0, 100'000)});
    batch.samples = *rc::gen::inRange<std::int64_t>(0, batch.decodes + chunks + 1);
    return batch;
}

// One key-value head for many query heads and slow arithmetic: decode attention is bound by memory below a break and by
// arithmetic above it.
RooflineStepTime model_with_a_break() {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.model.kv_heads = 1;
    RooflineStepTime::Options options = ideal();
    options.attention_efficiency = *rc::gen::element(0.05, 0.1, 0.15, 0.2);
    options.step_overhead_s = 1e-4;
    return RooflineStepTime(target, options);
}

RooflineStepTime usual_model() {
    return RooflineStepTime({.gpu = h100(),
                             .model = llama_70b(),
                             .tensor_parallel = *rc::gen::element<std::int64_t>(1, 2, 4, 8),
                             .weight_type = *rc::gen::element(llm::DataType::Bf16, llm::DataType::Fp8)},
                            {.compute_efficiency = 0.77,
                             .quantized_efficiency = 0.57,
                             .attention_efficiency = 0.5,
                             .memory_efficiency = 0.77,
                             .network_efficiency = 0.6,
                             .collective_overhead_s = 20e-6,
                             .layer_overhead_s = 5e-6,
                             .step_overhead_s = 3e-4});
}

// Experts, windows in some layers, and a break in each kind of attention.
RooflineStepTime model_of_everything() {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.model.kv_heads = *rc::gen::element<std::int64_t>(1, 8);
    target.model.experts = 64;
    target.model.experts_per_token = *rc::gen::inRange<std::int64_t>(1, 65);
    target.model.expert_intermediate = 2048;
    target.model.shared_intermediate = *rc::gen::element<std::int64_t>(0, 4096);
    target.model.dense_layers = *rc::gen::inRange<std::int64_t>(0, 80);
    target.model.window_layers = *rc::gen::inRange<std::int64_t>(0, 81);
    target.model.window_tokens = *rc::gen::inRange<std::int64_t>(1, 5000);
    RooflineStepTime::Options options = ideal();
    options.attention_efficiency = *rc::gen::element(0.05, 0.1, 0.2, 1.0);
    return RooflineStepTime(target, options);
}

RooflineStepTime any_model() {
    switch (*rc::gen::inRange(0, 3)) {
        case 0:
            return model_with_a_break();
        case 1:
            return usual_model();
        default:
            return model_of_everything();
    }
}

bool same(const StepLine& a, const StepLine& b) {
    return a.base_fine == b.base_fine && a.slope_fine == b.slope_fine && a.valid_below == b.valid_below;
}

std::int64_t fine_time(const StepTimeModel& model, const Batch& batch) {
    return model.line(batch.shape()).at(batch.context);
}

/// All parts of a step together [2^-16 ns].
double fine_of(const StepParts& parts) {
    const double seconds = parts.projections + parts.mlp + parts.experts + parts.attention_prefill +
                           parts.attention_decode + parts.head + parts.collectives + parts.other + parts.overhead;
    return seconds * 1e9 * double{kFinePerNs};
}

RC_GTEST_PROP(RooflineProperties, PartsAddUpToTheStep, ()) {
    const Batch batch = any_batch();
    const bool breaks = *rc::gen::arbitrary<bool>();
    const RooflineStepTime model = breaks ? model_with_a_break() : usual_model();
    const auto step = static_cast<double>(model.line(batch.shape()).at(batch.context));
    RC_ASSERT(std::abs(fine_of(model.parts(batch.shape())) - step) <= 1e-9 * step + 10);
}

RC_GTEST_PROP(RooflineProperty, ShapesOfOnePieceHaveTheSameLine, ()) {
    const RooflineStepTime model = any_model();
    const Batch batch = any_batch();
    const StepLine line = model.line(batch.shape());
    RC_ASSERT(batch.context < line.valid_below);
    const std::int64_t further =
        *rc::gen::inRange<std::int64_t>(batch.context, std::min<std::int64_t>(line.valid_below, 4'000'000));
    RC_ASSERT(same(model.line(batch.shape_at(further)), line));
}

RC_GTEST_PROP(RooflineProperty, PiecesFollowEachOtherWithoutADrop, ()) {
    const RooflineStepTime model = any_model();
    Batch batch = any_batch();
    batch.context = batch.decodes;
    for (int pieces = 1;; ++pieces) {
        const StepLine line = model.line(batch.shape());
        if (line.valid_below == INT64_MAX) break;
        RC_ASSERT(pieces < 4);  // each kind of attention breaks once, and once at the window
        RC_ASSERT(line.valid_below > batch.context);
        const std::int64_t last = line.at(line.valid_below - 1);
        batch.context = line.valid_below;
        RC_ASSERT(fine_time(model, batch) >= last);
    }
}

RC_GTEST_PROP(RooflineProperty, NoStepIsShorterThanTheShortest, ()) {
    const RooflineStepTime model = any_model();
    RC_ASSERT(fine_time(model, any_batch()) >= model.least_step_fine());
}

RC_GTEST_PROP(RooflineProperty, LinesMeetAtTheBreakAndTheHigherOneHolds, ()) {
    const RooflineStepTime model = model_with_a_break();
    Batch batch = any_batch();
    const StepLine below = model.line(batch.shape_at(1));
    RC_PRE(below.valid_below != INT64_MAX);
    const StepLine above = model.line(batch.shape_at(below.valid_below));
    RC_ASSERT(above.valid_below == INT64_MAX);
    RC_ASSERT(above.slope_fine > below.slope_fine);
    RC_ASSERT(above.at(below.valid_below) > below.at(below.valid_below));
    RC_ASSERT(above.at(below.valid_below - 1) <= below.at(below.valid_below - 1));
}

RC_GTEST_PROP(RooflineProperty, NeverGetsFasterWithMoreToDo, ()) {
    const RooflineStepTime model = any_model();
    const Batch batch = any_batch();
    const std::int64_t time = fine_time(model, batch);

    Batch more_decodes = batch;
    ++more_decodes.decodes;
    RC_ASSERT(fine_time(model, more_decodes) >= time);
    Batch more_context = batch;
    ++more_context.context;
    RC_ASSERT(fine_time(model, more_context) >= time);
    Batch more_samples = batch;
    ++more_samples.samples;
    RC_ASSERT(fine_time(model, more_samples) >= time);
    Batch more_prefills = batch;
    more_prefills.prefills.push_back({.tokens = 1});
    RC_ASSERT(fine_time(model, more_prefills) >= time);
    if (batch.prefills.empty()) return;
    Batch longer_chunk = batch;
    ++longer_chunk.prefills.back().tokens;
    RC_ASSERT(fine_time(model, longer_chunk) >= time);
    Batch longer_prefix = batch;
    ++longer_prefix.prefills.back().context_tokens;
    RC_ASSERT(fine_time(model, longer_prefix) >= time);
}

TEST(RooflineProperty, ABreakExistsInTheModelMadeToHaveOne) {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.model.kv_heads = 1;
    RooflineStepTime::Options options = ideal();
    options.attention_efficiency = 0.1;
    const BatchShape shape{.decodes = 64, .decode_context_tokens = 64, .prefills = {}, .samples = 64};
    EXPECT_NE(RooflineStepTime(target, options).line(shape).valid_below, INT64_MAX);
}

}  // namespace
}  // namespace regatta::timing
