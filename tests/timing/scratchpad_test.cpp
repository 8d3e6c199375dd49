#include "timing/scratchpad.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "regatta/base/errors.hpp"
#include "roofline_fixture.hpp"
#include "step_time_properties.hpp"

namespace regatta::timing {
namespace {

ScratchpadRoofline roofline_of(const hardware::Gpu& gpu, double bits) {
    return {scratchpad_model(llama_70b()), scratchpad_hardware(gpu), {bits, bits, bits}};
}

// Slow arithmetic and one key-value head: attention of decodes is bound by memory below a break, by arithmetic above.
ScratchpadStepTime model_with_a_break() {
    hardware::Gpu gpu = h100();
    gpu.fp16_flops_per_s = 30e12;
    llm::Model model = llama_70b();
    model.kv_heads = 1;
    return {ScratchpadRoofline(scratchpad_model(model), scratchpad_hardware(gpu), {0.5, 16, 0.5}), 1};
}

ScratchpadStepTime any_model() {
    if (*rc::gen::arbitrary<bool>()) return model_with_a_break();
    return {roofline_of(h100(), *rc::gen::element(4.0, 8.25, 16.0)), *rc::gen::element<std::int64_t>(1, 2, 4)};
}

double seconds(const StepTimeModel& model, const BatchShape& shape) {
    return ns(model, shape) * 1e-9;
}

TEST(ScratchpadStepTime, OfAPromptAloneIsTheSeeds) {
    const ScratchpadRoofline roofline = roofline_of(h100(), 16);
    const std::vector<PrefillChunk> prompt = {{.tokens = 1000}};
    const BatchShape shape{.prefills = prompt, .samples = 1};
    EXPECT_NEAR(seconds(ScratchpadStepTime(roofline, 1), shape), roofline.prefill_s(1000), 1e-9);
}

TEST(ScratchpadStepTime, OfEqualDecodesIsTheSeeds) {
    const ScratchpadRoofline roofline = roofline_of(h100(), 4);
    const BatchShape shape{.decodes = 50, .decode_context_tokens = 50 * 3000, .prefills = {}, .samples = 50};
    EXPECT_NEAR(seconds(ScratchpadStepTime(roofline, 1), shape), roofline.decode_s(3000, 50), 1e-9);
}

TEST(ScratchpadStepTime, StagesShareLayersAndTheLastHasTheHead) {
    const ScratchpadRoofline roofline = roofline_of(h100(), 16);
    const BatchShape shape{.decodes = 50, .decode_context_tokens = 50 * 3000, .prefills = {}, .samples = 50};
    const ScratchpadStepTime model(roofline, 4);
    EXPECT_NEAR(seconds(model, shape), roofline.decode_s(3000, 50), 1e-8);
    const auto fine = [&](bool is_last) { return model.stage_line(shape, is_last).at(shape.decode_context_tokens); };
    EXPECT_EQ(model.line(shape).at(shape.decode_context_tokens), 3 * fine(false) + fine(true));
    EXPECT_NEAR(static_cast<double>(fine(true) - fine(false)), roofline.head_s(50) * 1e9 * 65536, 2);
}

TEST(ScratchpadStepTime, RefusesModelsThatItWouldGetWrong) {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.model.has_gated_mlp = false;
    try {
        static_cast<void>(make_scratchpad(target, {}));
        FAIL() << "was made";
    } catch (const InputError& error) {
        EXPECT_EQ(
            error.problems().front(),
            "Scratchpad's roofline has no models with an MLP without gate, as llama-3.1-70b; expected one without, "
            "or another step-time model");
    }
    target.model = llama_70b();
    target.tensor_parallel = 3;
    EXPECT_THROW(static_cast<void>(make_scratchpad(target, {})), InputError);
}

TEST(ScratchpadStepTime, TakesTheBitsOfThePoolOrItsOwn) {
    const StepTimeTarget target{.gpu = h100(), .model = llama_70b(), .weight_type = llm::DataType::Int8};
    const BatchShape shape{.decodes = 1, .decode_context_tokens = 1, .prefills = {}, .samples = 1};
    const auto expected = [&](double weight_bits) {
        return ScratchpadRoofline(scratchpad_model(target.model), scratchpad_hardware(target.gpu),
                                  {weight_bits, 16, 16})
            .decode_s(1, 1);
    };
    EXPECT_NEAR(seconds(*make_scratchpad(target, {}), shape), expected(8), 1e-9);
    Parameters parameters;
    parameters.set("weight_bits", 8.25);
    EXPECT_NEAR(seconds(*make_scratchpad(target, parameters), shape), expected(8.25), 1e-9);
}

TEST(ScratchpadStepTime, HasABreakInTheModelMadeToHaveOne) {
    const BatchShape shape{.decodes = 64, .decode_context_tokens = 64, .prefills = {}, .samples = 64};
    EXPECT_NE(model_with_a_break().line(shape).valid_below, INT64_MAX);
}

RC_GTEST_PROP(ScratchpadStepTimeProperty, PartsAddUpToTheStep, ()) {
    check_parts_add_up(any_model());
}

RC_GTEST_PROP(ScratchpadStepTimeProperty, ShapesOfOnePieceHaveTheSameLine, ()) {
    check_pieces_are_lines(any_model());
}

RC_GTEST_PROP(ScratchpadStepTimeProperty, PiecesFollowEachOtherWithoutADrop, ()) {
    check_pieces_do_not_drop(any_model(), 2);
}

RC_GTEST_PROP(ScratchpadStepTimeProperty, NoStepIsShorterThanTheShortest, ()) {
    check_none_is_shorter_than_the_least(any_model());
}

RC_GTEST_PROP(ScratchpadStepTimeProperty, NeverGetsFasterWithMoreToDo, ()) {
    check_never_gets_faster_with_more(any_model());
}

}  // namespace
}  // namespace regatta::timing
