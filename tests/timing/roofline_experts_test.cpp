// Models with experts and with sliding windows.
#include <gtest/gtest.h>

#include <array>

#include "roofline_fixture.hpp"
#include "timing/expert_count.hpp"
#include "timing/roofline.hpp"

namespace regatta::timing {
namespace {

TEST(ExpectedDistinctExperts, AreThoseOfOneTokenForOneToken) {
    EXPECT_DOUBLE_EQ(expected_distinct_experts(8, 2, 1), 2);
    EXPECT_DOUBLE_EQ(expected_distinct_experts(128, 8, 1), 8);
}

TEST(ExpectedDistinctExperts, FollowTheFormula) {
    // 8 (1 - (3/4)^2), 8 (1 - (3/4)^3), 4 (1 - (1/2)^10)
    EXPECT_DOUBLE_EQ(expected_distinct_experts(8, 2, 2), 3.5);
    EXPECT_DOUBLE_EQ(expected_distinct_experts(8, 2, 3), 4.625);
    EXPECT_DOUBLE_EQ(expected_distinct_experts(4, 2, 10), 4 * (1 - 1.0 / 1024));
}

TEST(ExpectedDistinctExperts, AreAllForManyTokensAndNoneForNone) {
    EXPECT_DOUBLE_EQ(expected_distinct_experts(128, 8, 100'000), 128);
    EXPECT_EQ(expected_distinct_experts(128, 8, 0), 0);
    EXPECT_EQ(expected_distinct_experts(4, 4, 1), 4);
}

/// The tiny model with four experts of size 6 in place of its MLP; each token passes two.
llm::Model tiny_experts() {
    llm::Model model = tiny_model();
    model.intermediate = 0;
    model.experts = 4;
    model.experts_per_token = 2;
    model.expert_intermediate = 6;
    return model;
}

constexpr BatchShape kOneDecode{.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 0};
constexpr BatchShape kTwoDecodes{.decodes = 2, .decode_context_tokens = 5, .prefills = {}, .samples = 0};

// Attention as of the tiny model; bytes without its MLP: qkv 88, output 48, norms, rotary, cache, embedding.
constexpr double kAttentionBytes = 5 * 8 + 16;
constexpr double kOtherBytes = 88 + 48 + 2 * (32 + 12) + 8 + 16;
// Router (4, 4): 32 + 16. Two experts in bf16: (4, 12): 2 x 96, (6, 4): 2 x 48; their activations: 2 x 2 (4 + 12) and
// 2 x 2 (6 + 4). Gated activation 3 x 2 x 6 values, adding up (2 + 1) x 4 values, of 2 bytes.
constexpr double kExpertWeightBytes = 96 + 48;
constexpr double kExpertTokenBytes = 64 + 40 + 2 * (36 + 12);

TEST(RooflineExperts, ReadTheWeightsOfTheExpertsThatAreUsed) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_experts()}, ideal());
    EXPECT_NEAR(ns(model, kOneDecode), kOtherBytes + kAttentionBytes + 48 + 2 * kExpertWeightBytes + kExpertTokenBytes,
                0.001);
    // Two tokens use 4 (1 - 1/4) = 3 experts; of the dense operators only the activations come on top.
    const double dense_token_bytes = 24 + 16 + 2 * (32 + 12) + 8 + 16 + 16;
    EXPECT_NEAR(ns(model, kTwoDecodes) - ns(model, kOneDecode),
                dense_token_bytes + 16 + kExpertWeightBytes + kExpertTokenBytes, 0.001);
}

TEST(RooflineExperts, ComputeOnlyTheExpertsOfEachToken) {
    const RooflineStepTime model({.gpu = slow_arithmetic_gpu(), .model = tiny_experts()}, ideal());
    const double products = 2 * (32 + 16 + 16 + 2 * (48 + 24));
    const double attention = 4 * 2 * 2 * 5;
    EXPECT_NEAR(ns(model, kOneDecode), products + attention, 0.001);
    EXPECT_NEAR(ns(model, kTwoDecodes), 2 * products + attention, 0.001);
}

TEST(RooflineExperts, SharedExpertsArePassedByEveryToken) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_experts()};
    const double without = ns(RooflineStepTime(target, ideal()), kTwoDecodes);
    target.model.shared_intermediate = 10;
    EXPECT_NEAR(ns(RooflineStepTime(target, ideal()), kTwoDecodes) - without, 2 * 2 * (4 * 20 + 10 * 4), 0.001);
}

TEST(RooflineExperts, DenseLayersHaveTheirOwnMlp) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_experts()};
    const double one_layer = ns(RooflineStepTime(target, ideal()), kOneDecode);
    target.model.layers = 2;
    target.model.dense_layers = 1;
    target.model.intermediate = 8;
    EXPECT_NEAR(ns(RooflineStepTime(target, ideal()), kOneDecode) - one_layer, 2 * (32 + 16 + 64 + 32) + 4 * 2 * 2 * 5,
                0.001);
}

TEST(RooflineExperts, EachExpertIsCutOverTheGpus) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_experts()};
    target.gpu.link_bytes_per_s = 1e18;
    const double one = ns(RooflineStepTime(target, ideal()), kOneDecode);
    target.tensor_parallel = 2;
    // The router is on both; the only key-value head, too: of the 8 columns of qkv each GPU has 6.
    const double on_one = 2 * (32 + 16 + 2 * (48 + 24)) + 4 * 2 * 2 * 5;
    const double on_two = 2 * (24 + 8 + 48 + 24) + 4 * 1 * 2 * 5;
    EXPECT_NEAR(one - ns(RooflineStepTime(target, ideal()), kOneDecode), on_one - on_two, 0.001);
}

TEST(RooflineExperts, TheShortestStepIsAStepOfOneToken) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_experts()}, ideal());
    EXPECT_NEAR(static_cast<double>(model.least_step_fine()) / static_cast<double>(kFinePerNs),
                ns(model, kOneDecode) - kAttentionBytes, 0.001);
}

TEST(RooflineMlp, WithoutAGateHasTwoMatrices) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_model()};
    const double gated = ns(RooflineStepTime(target, ideal()), kOneDecode);
    target.model.has_gated_mlp = false;
    EXPECT_NEAR(gated - ns(RooflineStepTime(target, ideal()), kOneDecode), 2 * 32, 0.001);
}

/// The tiny model with a second layer that attends to three tokens.
llm::Model tiny_window() {
    llm::Model model = tiny_model();
    model.layers = 2;
    model.window_layers = 1;
    model.window_tokens = 3;
    return model;
}

TEST(RooflineWindow, DecodesReadNoMoreThanTheWindow) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_window()}, ideal());
    const auto at = [&](std::int64_t context) {
        return ns(model, {.decodes = 2, .decode_context_tokens = context, .prefills = {}, .samples = 0});
    };
    // 8 bytes of keys and values per token and layer; two decodes see 2 x 3 tokens in the second layer.
    EXPECT_NEAR(at(5) - at(4), 16, 0.001);
    EXPECT_NEAR(at(6) - at(5), 16, 0.001);
    EXPECT_NEAR(at(7) - at(6), 8, 0.001);
    EXPECT_NEAR(at(1000) - at(6), 8 * 994, 0.001);
}

TEST(RooflineWindow, ALineHoldsUpToTheWindow) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_window()}, ideal());
    const BatchShape below{.decodes = 2, .decode_context_tokens = 4, .prefills = {}, .samples = 0};
    const BatchShape above{.decodes = 2, .decode_context_tokens = 6, .prefills = {}, .samples = 0};
    EXPECT_EQ(model.line(below).valid_below, 6);
    EXPECT_EQ(model.line(above).valid_below, INT64_MAX);
    EXPECT_EQ(model.line(below).at(6), model.line(above).at(6));
}

TEST(RooflineWindow, PromptsAttendToTheWindow) {
    const RooflineStepTime windowed({.gpu = slow_arithmetic_gpu(), .model = tiny_window()}, ideal());
    StepTimeTarget full{.gpu = slow_arithmetic_gpu(), .model = tiny_window()};
    full.model.window_layers = 0;
    full.model.window_tokens = 0;
    const RooflineStepTime unlimited(full, ideal());
    // What the second layer computes less: per head 2 x 2 operations on 2 values for each pair that is out of sight.
    const auto pairs_saved = [&](std::int64_t tokens, std::int64_t context) {
        const std::array<PrefillChunk, 1> chunk = {{{.tokens = tokens, .context_tokens = context}}};
        const BatchShape shape{.decodes = 0, .decode_context_tokens = 0, .prefills = chunk, .samples = 0};
        return (ns(unlimited, shape) - ns(windowed, shape)) / (4 * 2 * 2);
    };
    EXPECT_NEAR(pairs_saved(3, 0), 0, 0.001);                     // 1, 2, 3
    EXPECT_NEAR(pairs_saved(5, 0), 1 + 2, 0.001);                 // 1, 2, 3, 3, 3 of 1, 2, 3, 4, 5
    EXPECT_NEAR(pairs_saved(4, 1), 1 + 2, 0.001);                 // 2, 3, 3, 3 of 2, 3, 4, 5
    EXPECT_NEAR(pairs_saved(2, 10), (11 - 3) + (12 - 3), 0.001);  // 3, 3 of 11, 12
}

TEST(RooflineWindow, PromptsReadTheWindowBeforeThem) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_window()}, ideal());
    const auto at = [&](std::int64_t context) {
        const std::array<PrefillChunk, 1> chunk = {{{.tokens = 2, .context_tokens = context}}};
        return ns(model, {.decodes = 0, .decode_context_tokens = 0, .prefills = chunk, .samples = 0});
    };
    // The first of them sees two tokens of the context, and itself.
    EXPECT_NEAR(at(1) - at(0), 16, 0.001);
    EXPECT_NEAR(at(2) - at(1), 16, 0.001);
    EXPECT_NEAR(at(3) - at(2), 8, 0.001);
}

}  // namespace
}  // namespace regatta::timing
