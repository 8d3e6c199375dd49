// What a pipeline's stages take, in every model that knows them.
#include <gtest/gtest.h>

#include <vector>

#include "roofline_fixture.hpp"
#include "timing/linear.hpp"

namespace regatta::timing {
namespace {

BatchShape mixed(const std::vector<PrefillChunk>& prefills) {
    return {.decodes = 8, .decode_context_tokens = 8000, .prefills = prefills, .samples = 9};
}

std::int64_t fine(const StepLine& line) {
    return line.at(8000);
}

StepTimeTarget of_stages(std::int64_t stages) {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b(), .tensor_parallel = 4};
    target.pipeline_parallel = stages;
    return target;
}

RooflineStepTime roofline(std::int64_t stages) {
    RooflineStepTime::Options options = ideal();
    options.collective_overhead_s = 20e-6;
    options.layer_overhead_s = 5e-6;
    return {of_stages(stages), options};
}

TEST(Stages, OfOneAreTheWholeStep) {
    const std::vector<PrefillChunk> prefills = {{.tokens = 300, .context_tokens = 100}};
    const RooflineStepTime model = roofline(1);
    EXPECT_EQ(fine(model.stage_line(mixed(prefills), true)), fine(model.line(mixed(prefills))));
    const LinearStepTime linear({.step_ns = 1000, .token_ns = 10, .context_token_ns = 1});
    EXPECT_EQ(fine(linear.stage_line(mixed(prefills), true)), fine(linear.line(mixed(prefills))));
}

TEST(Stages, OfRooflineShareLayersAndSendActivations) {
    const std::vector<PrefillChunk> prefills = {{.tokens = 300, .context_tokens = 100}};
    const RooflineStepTime whole = roofline(1);
    const RooflineStepTime model = roofline(4);
    const std::int64_t inner = fine(model.stage_line(mixed(prefills), false));
    const std::int64_t last = fine(model.stage_line(mixed(prefills), true));
    EXPECT_EQ(fine(model.line(mixed(prefills))), 3 * inner + last);
    // Stages do what the model does, and three of them send 308 tokens of 8192 values of two bytes.
    const double sent_s = 308 * 8192 * 2 / 450e9 + 20e-6 + 50e-9;
    EXPECT_NEAR(static_cast<double>(3 * inner + last - fine(whole.line(mixed(prefills)))), 3 * sent_s * 1e9 * 65536,
                1000);
    // The head is on the last one alone.
    BatchShape silent = mixed(prefills);
    silent.samples = 0;
    EXPECT_EQ(fine(model.stage_line(silent, false)), inner);
    EXPECT_LT(fine(model.stage_line(silent, true)), last);
    EXPECT_LE(model.least_step_fine(), std::min(inner, last));
}

TEST(Stages, OfRooflineAddUpToItsParts) {
    const std::vector<PrefillChunk> prefills = {{.tokens = 300, .context_tokens = 100}};
    const RooflineStepTime model = roofline(2);
    const StepParts parts = model.parts(mixed(prefills));
    const double sum = parts.projections + parts.mlp + parts.attention_prefill + parts.attention_decode + parts.head +
                       parts.collectives + parts.other + parts.overhead;
    EXPECT_NEAR(sum * 1e9 * 65536, static_cast<double>(fine(model.line(mixed(prefills)))), 1000);
}

TEST(Stages, OfLinearTakeTheConstantEachAndShareTheRest) {
    const LinearStepTime model({.step_ns = 1000, .token_ns = 10, .context_token_ns = 2, .stages = 2});
    const StepLine line = model.stage_line(mixed({}), false);
    EXPECT_EQ(line.base_fine, (1000 + 8 * 5) * 65536);
    EXPECT_EQ(line.slope_fine, 65536);
    EXPECT_EQ(fine(model.line(mixed({}))), 2 * fine(line));
    EXPECT_EQ(fine(model.stage_line(mixed({}), true)), fine(line));
    EXPECT_LE(model.least_step_fine(), fine(line));
}

}  // namespace
}  // namespace regatta::timing
