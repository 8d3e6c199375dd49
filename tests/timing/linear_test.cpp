#include "timing/linear.hpp"

#include <gtest/gtest.h>

#include <array>

namespace regatta::timing {
namespace {

TEST(Linear, AddsConstantTokensAndContext) {
    const LinearStepTime model({.step_ns = 1000, .token_ns = 20, .context_token_ns = 0.5});
    const std::array<PrefillChunk, 2> prefills = {{{.tokens = 100, .context_tokens = 40}, {.tokens = 7}}};
    const BatchShape shape{.decodes = 3, .decode_context_tokens = 900, .prefills = prefills, .samples = 4};
    const StepLine line = model.line(shape);
    // 1000 + 20 (3 + 100 + 7) + 0.5 x 40, and 0.5 per token of the decodes' context.
    EXPECT_EQ(line.base_fine, (1000 + 20 * 110 + 20) * kFinePerNs);
    EXPECT_EQ(line.slope_fine, kFinePerNs / 2);
    EXPECT_EQ(line.at(900), (1000 + 2200 + 20 + 450) * kFinePerNs);
}

TEST(Linear, IsOneLineForAllContexts) {
    const LinearStepTime model({.step_ns = 1000, .token_ns = 20, .context_token_ns = 0.5});
    EXPECT_EQ(model.line({.decodes = 1, .decode_context_tokens = 1, .prefills = {}, .samples = 1}).valid_below,
              INT64_MAX);
}

TEST(Linear, TakesAtLeastANanosecond) {
    const LinearStepTime model({});
    const BatchShape shape{.decodes = 1, .decode_context_tokens = 10, .prefills = {}, .samples = 1};
    EXPECT_EQ(model.line(shape).at(10), kFinePerNs);
}

TEST(Linear, ReadsItsParametersInTheirUnits) {
    Parameters parameters;
    parameters.set("step_us", 1.5);
    parameters.set("token_us", 0.25);
    parameters.set("context_token_ns", 0.125);
    const auto model = make_linear({}, parameters);
    const BatchShape shape{.decodes = 2, .decode_context_tokens = 8, .prefills = {}, .samples = 2};
    EXPECT_EQ(model->line(shape).at(8), (1500 + 500 + 1) * kFinePerNs);
}

TEST(Linear, TellsItsTermsApart) {
    const LinearStepTime model({.step_ns = 1000, .token_ns = 10, .context_token_ns = 2});
    const std::vector<PrefillChunk> chunks = {{.tokens = 4, .context_tokens = 7}};
    const StepParts parts = model.parts({.decodes = 3, .decode_context_tokens = 50, .prefills = chunks, .samples = 3});
    EXPECT_DOUBLE_EQ(parts.overhead, 1000e-9);
    EXPECT_DOUBLE_EQ(parts.other, 70e-9);
    EXPECT_DOUBLE_EQ(parts.attention_prefill, 14e-9);
    EXPECT_DOUBLE_EQ(parts.attention_decode, 100e-9);
}

}  // namespace
}  // namespace regatta::timing
