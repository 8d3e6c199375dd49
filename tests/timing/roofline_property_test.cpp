#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "roofline_fixture.hpp"
#include "step_time_properties.hpp"
#include "timing/roofline.hpp"

namespace regatta::timing {
namespace {

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

RC_GTEST_PROP(RooflineProperties, PartsAddUpToTheStep, ()) {
    if (*rc::gen::arbitrary<bool>())
        check_parts_add_up(model_with_a_break());
    else
        check_parts_add_up(usual_model());
}

RC_GTEST_PROP(RooflineProperty, ShapesOfOnePieceHaveTheSameLine, ()) {
    check_pieces_are_lines(any_model());
}

RC_GTEST_PROP(RooflineProperty, PiecesFollowEachOtherWithoutADrop, ()) {
    check_pieces_do_not_drop(any_model(), 4);  // each kind of attention breaks once, and once at the window
}

RC_GTEST_PROP(RooflineProperty, NoStepIsShorterThanTheShortest, ()) {
    check_none_is_shorter_than_the_least(any_model());
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
    check_never_gets_faster_with_more(any_model());
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
