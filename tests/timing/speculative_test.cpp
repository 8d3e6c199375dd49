#include "timing/speculative.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "timing/linear.hpp"

namespace regatta::timing {
namespace {

/// A step of time 100 ns, pieces of 64 tokens of context.
class Stairs final : public StepTimeModel {
public:
    [[nodiscard]] StepLine line(const BatchShape& shape) const override {
        const std::int64_t stair = shape.decode_context_tokens / 64;
        return {.base_fine = (100 + 10 * stair + shape.decode_tokens()) * kFinePerNs, .valid_below = (stair + 1) * 64};
    }
};

std::int64_t ns(const StepLine& line, std::int64_t context) {
    return line.at(context) >> kFineBits;
}

TEST(SpeculativeStepTime, AddsAPassOfTheDraftForEachProposal) {
    const auto target = std::make_shared<LinearStepTime>(
        LinearStepTime::Options{.step_ns = 1000, .token_ns = 10, .context_token_ns = 1});
    const auto draft = std::make_shared<LinearStepTime>(
        LinearStepTime::Options{.step_ns = 100, .token_ns = 1, .context_token_ns = 0.5});
    const SpeculativeStepTime both(target, {.draft = draft, .tokens = 3});
    const std::vector<PrefillChunk> chunks = {{.tokens = 20, .context_tokens = 8}};
    const BatchShape shape{
        .decodes = 2, .tokens_per_decode = 4, .decode_context_tokens = 50, .prefills = chunks, .samples = 8};
    // Target: 1000 + 28 x 10 + (50 + 8) x 1. Draft: three steps of 100 and 2 tokens, contexts 50, 52, 54 halved; the
    // first also computes 20 tokens with 8 before them.
    const std::int64_t expected = (1000 + 280 + 58) + 3 * 102 + (50 + 52 + 54) / 2 + 20 + 4;
    EXPECT_EQ(ns(both.line(shape), 50), expected);
    EXPECT_EQ(ns(both.stage_line(shape, true), 50), expected);
    EXPECT_EQ(ns(both.stage_line(shape, false), 50), 1000 + 280 + 58) << "only the last stage proposes";
    EXPECT_NEAR(both.parts(shape).overhead * 1e9, static_cast<double>(expected - 58 - 280), 1e-3);
}

TEST(SpeculativeStepTime, ComputesPromptsOnceInTheDraft) {
    const auto target = std::make_shared<LinearStepTime>(LinearStepTime::Options{.step_ns = 1000});
    const auto draft = std::make_shared<LinearStepTime>(LinearStepTime::Options{.step_ns = 100, .token_ns = 1});
    const SpeculativeStepTime both(target, {.draft = draft, .tokens = 5, .step_fine = 7 * kFinePerNs});
    const std::vector<PrefillChunk> chunks = {{.tokens = 20}};
    EXPECT_EQ(ns(both.line({.tokens_per_decode = 6, .prefills = chunks, .samples = 1}), 0), 1000 + 120);
}

TEST(SpeculativeStepTime, LooksUpProposalsOnTheHost) {
    const auto target = std::make_shared<LinearStepTime>(LinearStepTime::Options{.step_ns = 1000});
    const SpeculativeStepTime both(target,
                                   {.tokens = 3, .step_fine = 50 * kFinePerNs, .sequence_fine = 2 * kFinePerNs});
    EXPECT_EQ(ns(both.line({.decodes = 4, .tokens_per_decode = 4, .prefills = {}, .samples = 16}), 0), 1058);
}

/// The contract of StepLine: as long as the line is valid, it is the line.
TEST(SpeculativeStepTime, SaysHowFarItsLinesHold) {
    const SpeculativeStepTime both(std::make_shared<Stairs>(), {.draft = std::make_shared<Stairs>(), .tokens = 3});
    for (std::int64_t context = 2; context < 400; ++context) {
        BatchShape shape{
            .decodes = 2, .tokens_per_decode = 4, .decode_context_tokens = context, .prefills = {}, .samples = 8};
        const StepLine line = both.line(shape);
        ASSERT_GT(line.valid_below, context);
        for (std::int64_t later = context; later < line.valid_below; ++later) {
            shape.decode_context_tokens = later;
            ASSERT_EQ(both.line(shape).at(later), line.at(later)) << context << " and " << later;
        }
    }
}

}  // namespace
}  // namespace regatta::timing
