#include "regatta/llm/work.hpp"

#include <gtest/gtest.h>

namespace regatta::llm {
namespace {

Model small_model() {
    return {.name = "small",
            .layers = 10,
            .hidden = 100,
            .heads = 8,
            .kv_heads = 2,
            .head_dim = 16,
            .intermediate = 300,
            .vocabulary = 1'000,
            .max_context_tokens = 4'096,
            .source = "made up"};
}

TEST(WorkFacts, CountTwoOperationsForEachParameterThatATokenPasses) {
    const Model model = small_model();
    const WorkFacts facts = work_facts(model, DataType::Bf16, DataType::Bf16);
    // All but embedding, LM head and norms (two of each layer, one at the end).
    const double norms = 100 * (2 * 10 + 1);
    EXPECT_EQ(static_cast<double>(facts.flops_per_token), 2 * (active_parameter_count(model) - 2 * 100'000 - norms));
    EXPECT_EQ(facts.flops_per_sample, 2 * 100'000);
    EXPECT_EQ(facts.flops_per_attended, 10 * 4 * 8 * 16);
    EXPECT_EQ(facts.flops_per_window_attended, 0);
}

TEST(WorkFacts, CountWhatAStepReads) {
    Model model = small_model();
    const WorkFacts facts = work_facts(model, DataType::Fp8, DataType::Int8);
    // The embedding's table is looked up, not read.
    EXPECT_EQ(static_cast<double>(facts.weight_bytes), weight_bytes(model, DataType::Fp8) - 2 * 100'000);
    EXPECT_EQ(facts.kv_bytes, 10 * 2 * 2 * 16);
    model.ties_embeddings = true;
    // Tied to it, the table is the LM head.
    EXPECT_EQ(static_cast<double>(work_facts(model, DataType::Fp8, DataType::Int8).weight_bytes),
              weight_bytes(model, DataType::Fp8));
}

TEST(WorkFacts, CountRoutedExpertsApart) {
    Model model = small_model();
    model.experts = 16;
    model.experts_per_token = 2;
    model.expert_intermediate = 50;
    model.shared_intermediate = 40;
    model.dense_layers = 1;
    const WorkFacts facts = work_facts(model, DataType::Bf16, DataType::Bf16);
    EXPECT_EQ(facts.expert_bytes, 9 * 3 * 100 * 50 * 2);
    EXPECT_EQ(static_cast<double>(facts.weight_bytes + 16 * facts.expert_bytes + 2 * 100'000),
              weight_bytes(model, DataType::Bf16));
    EXPECT_EQ(static_cast<double>(facts.flops_per_token),
              2 * (active_parameter_count(model) - 2 * 100'000 - 100 * (2 * 10 + 1)));
    EXPECT_EQ(facts.experts, 16);
    EXPECT_EQ(facts.experts_per_token, 2);
}

TEST(WorkFacts, CountLayersWithASlidingWindowApart) {
    Model model = small_model();
    model.window_layers = 4;
    model.window_tokens = 512;
    const WorkFacts facts = work_facts(model, DataType::Bf16, DataType::Bf16);
    EXPECT_EQ(facts.flops_per_attended, 6 * 4 * 8 * 16);
    EXPECT_EQ(facts.flops_per_window_attended, 4 * 4 * 8 * 16);
    EXPECT_EQ(facts.kv_bytes, 6 * 2 * 2 * 16 * 2);
    EXPECT_EQ(facts.window_kv_bytes, 4 * 2 * 2 * 16 * 2);
    EXPECT_EQ(facts.window_tokens, 512);
}

}  // namespace
}  // namespace regatta::llm
