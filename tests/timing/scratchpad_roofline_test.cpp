#include "timing/scratchpad_roofline.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "roofline_fixture.hpp"

namespace regatta::timing {
namespace {

constexpr ScratchpadModel kLlama8b = {4096, 32, 32, 8, 14336, 128256};
constexpr ScratchpadModel kLlama70b = {8192, 80, 64, 8, 28672, 128256};
constexpr ScratchpadModel kLlama2Of70b = {8192, 80, 64, 8, 28672, 32000};
constexpr ScratchpadHardware kA100 = {1555e9, 312e12, 624e12, 27648e3, 40e9};
constexpr ScratchpadHardware kH100 = {3072e9, 989.5e12, 1979e12, 33792e3, 80e9};
constexpr ScratchpadHardware kV100 = {900e9, 112e12, 62e12, 20480e3, 32e9};
constexpr ScratchpadPrecision k16 = {16, 16, 16};
constexpr ScratchpadPrecision k4 = {4, 4, 4};

void expect_close(double value, double expected) {
    EXPECT_LE(std::abs(value - expected), 1e-12 * std::abs(expected)) << value << " is not " << expected;
}

// Expected values are the seed's own: rows of ../shared/reference/scratchpad/roofline.csv.
TEST(ScratchpadRoofline, GivesTheSeedsTimesOfFusedAttention) {
    const ScratchpadRoofline roofline(kLlama8b, kH100, k16);
    expect_close(roofline.prefill_s(128), 0.005262763500000001);
    expect_close(roofline.decode_s(128, 1), 0.004894294166666669);
    expect_close(roofline.prefill_s(129, 8), 0.016222619380192687);
    expect_close(roofline.decode_s(129, 8), 0.004953184833333336);
}

TEST(ScratchpadRoofline, ComputesInInt8OnlyWhenEverythingIsNarrow) {
    const ScratchpadRoofline narrow(kLlama70b, kA100, k4);
    EXPECT_EQ(narrow.peak_ops_per_s(), 624e12);
    expect_close(narrow.prefill_s(8192, 2), 4.202231617325695);
    expect_close(narrow.decode_s(8192, 2), 0.023278325710610927);
    EXPECT_EQ(ScratchpadRoofline(kLlama70b, kA100, {8.25, 4, 4}).peak_ops_per_s(), 312e12);
    EXPECT_EQ(ScratchpadRoofline(kLlama70b, kA100, {4, 4, 16}).peak_ops_per_s(), 312e12);
}

TEST(ScratchpadRoofline, AnalysesAsItComputes) {
    const ScratchpadRoofline roofline(kLlama2Of70b, kV100, k16);
    for (const std::int64_t batch : {1, 7, 64})
        for (const std::int64_t length : {1, 129, 2048}) {
            SCOPED_TRACE(length);
            expect_close(roofline.analyze(ScratchpadStage::Prefill, batch, length, true).seconds,
                         roofline.prefill_s(length, batch));
            expect_close(roofline.analyze(ScratchpadStage::Decode, batch, length, true).seconds,
                         roofline.decode_s(length, batch));
        }
}

TEST(ScratchpadRoofline, TellsWhatEachOperatorMoves) {
    const ScratchpadRoofline roofline(kLlama8b, kH100, k16);
    const ScratchpadAnalysis analysis = roofline.analyze(ScratchpadStage::Prefill, 1, 128, false);
    expect_close(analysis.seconds, 0.005287339500000002);
    expect_close(analysis.ops, 1796207542272.0);
    expect_close(analysis.bytes.total(), 16242706944.0);
    expect_close(analysis.memory_bytes(), 13994295296.0);
    expect_close(analysis.weight_bytes, 13958643712.0);
    expect_close(analysis.kv_bytes, 16777216.0);
    expect_close(analysis.activation_bytes, 18874368.0);
    ASSERT_EQ(analysis.operators.size(), 16U);
    EXPECT_EQ(analysis.operators[7].name, "qk_matmul");
    EXPECT_EQ(analysis.operators[7].repeats, 32);
    EXPECT_EQ(analysis.operators[15].name, "lm_head");
    EXPECT_EQ(analysis.operators[15].repeats, 1);
    EXPECT_EQ(analysis.operators[15].bound, Bound::Memory);
}

TEST(ScratchpadRoofline, PlansTheMemoryLeftBesideTheWeights) {
    EXPECT_EQ(ScratchpadRoofline(kLlama70b, kA100, k4).planned_blocks(), 3603);
    expect_close(ScratchpadRoofline(kLlama70b, kA100, k4).planned_weight_bytes(), 35276193792.0);
    EXPECT_EQ(ScratchpadRoofline(kLlama8b, kH100, k16).planned_blocks(), 30488);
    EXPECT_EQ(ScratchpadRoofline(kLlama2Of70b, kV100, k16).planned_blocks(), 0);
}

TEST(ScratchpadRoofline, TakesWeightsThatWeighNothing) {
    const ScratchpadRoofline roofline(kLlama8b, kH100, {0, 4, 4});
    EXPECT_EQ(roofline.planned_weight_bytes(), 0);
    EXPECT_GT(roofline.decode_s(1, 1), 0);
    EXPECT_TRUE(std::isfinite(roofline.analyze(ScratchpadStage::Decode, 1, 1, true).seconds));
}

TEST(ScratchpadRoofline, SaysWhichModelsItDoesNotKnow) {
    llm::Model model = llama_70b();
    EXPECT_EQ(unknown_to_scratchpad(model), "");
    EXPECT_EQ(problem_with_split(model, 8), "");
    EXPECT_EQ(problem_with_split(model, 16),
              "16 GPUs cannot share hidden size 8192, 64 query heads, 8 key-value heads and MLP size 28672 of "
              "llama-3.1-70b; expected a divisor of all");
    model.head_dim = 96;
    EXPECT_EQ(unknown_to_scratchpad(model), "heads that are not hidden size / heads wide");
    model.has_gated_mlp = false;
    EXPECT_EQ(unknown_to_scratchpad(model), "an MLP without gate");
    model.window_layers = 1;
    EXPECT_EQ(unknown_to_scratchpad(model), "a sliding window");
    model.experts = 8;
    EXPECT_EQ(unknown_to_scratchpad(model), "experts");
}

}  // namespace
}  // namespace regatta::timing
