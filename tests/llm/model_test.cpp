#include "regatta/llm/model.hpp"

#include <gtest/gtest.h>

namespace regatta::llm {
namespace {

// Architectures as in the config.json published with each model.
Model llama_3_1_8b() {
    return {.name = "llama-3.1-8b",
            .layers = 32,
            .hidden = 4096,
            .heads = 32,
            .kv_heads = 8,
            .head_dim = 128,
            .intermediate = 14336,
            .vocabulary = 128256,
            .max_context_tokens = 131072,
            .source = "config.json"};
}

Model llama_3_1_70b() {
    Model model = llama_3_1_8b();
    model.layers = 80;
    model.hidden = 8192;
    model.heads = 64;
    model.intermediate = 28672;
    return model;
}

Model qwen3_14b() {
    Model model = llama_3_1_8b();
    model.layers = 40;
    model.hidden = 5120;
    model.heads = 40;
    model.intermediate = 17408;
    model.vocabulary = 151936;
    model.has_qk_norm = true;
    return model;
}

Model qwen3_32b() {
    Model model = qwen3_14b();
    model.layers = 64;
    model.heads = 64;
    model.intermediate = 25600;
    return model;
}

Model llama_3_2_1b() {
    Model model = llama_3_1_8b();
    model.layers = 16;
    model.hidden = 2048;
    model.head_dim = 64;
    model.intermediate = 8192;
    model.ties_embeddings = true;
    return model;
}

Model qwen2_5_7b() {
    Model model = llama_3_1_8b();
    model.layers = 28;
    model.hidden = 3584;
    model.heads = 28;
    model.kv_heads = 4;
    model.intermediate = 18944;
    model.vocabulary = 152064;
    model.has_qkv_bias = true;
    return model;
}

// Exact totals of the published checkpoints (sizes of all tensors, as the model pages on Hugging Face show them).
TEST(ParameterCount, IsThatOfLlama8B) {
    EXPECT_EQ(parameter_count(llama_3_1_8b()), 8'030'261'248.0);
}
TEST(ParameterCount, IsThatOfLlama70B) {
    EXPECT_EQ(parameter_count(llama_3_1_70b()), 70'553'706'496.0);
}
TEST(ParameterCount, IsThatOfQwen14BWithQueryAndKeyNorms) {
    EXPECT_EQ(parameter_count(qwen3_14b()), 14'768'307'200.0);
}
TEST(ParameterCount, IsThatOfQwen32BWhoseHeadsAreWiderThanItsHiddenSize) {
    EXPECT_EQ(parameter_count(qwen3_32b()), 32'762'123'264.0);
}
TEST(ParameterCount, CountsATiedHeadOnce) {
    EXPECT_EQ(parameter_count(llama_3_2_1b()), 1'235'814'400.0);
}
TEST(ParameterCount, CountsBiases) {
    EXPECT_EQ(parameter_count(qwen2_5_7b()), 7'615'616'512.0);
}

TEST(KvBytesPerToken, AreThoseOfTheModels) {
    EXPECT_EQ(kv_bytes_per_token(llama_3_1_8b(), DataType::Bf16), 131072);
    EXPECT_EQ(kv_bytes_per_token(llama_3_1_70b(), DataType::Bf16), 327680);
    EXPECT_EQ(kv_bytes_per_token(qwen3_14b(), DataType::Bf16), 163840);
    EXPECT_EQ(kv_bytes_per_token(qwen3_32b(), DataType::Bf16), 262144);
}

TEST(KvBytesPerToken, HalveWithFp8) {
    EXPECT_EQ(kv_bytes_per_token(llama_3_1_8b(), DataType::Fp8), 65536);
}

TEST(KvBytesPerToken, AreSharedByTheGpusUntilEachHoldsOneHead) {
    EXPECT_EQ(kv_bytes_per_token_per_gpu(llama_3_1_70b(), DataType::Bf16, 4), 327680 / 4);
    EXPECT_EQ(kv_bytes_per_token_per_gpu(llama_3_1_70b(), DataType::Bf16, 8), 327680 / 8);
    EXPECT_EQ(kv_bytes_per_token_per_gpu(llama_3_1_70b(), DataType::Bf16, 16), 327680 / 8);
}

TEST(WeightBytes, AreTwoPerParameterInBf16) {
    EXPECT_EQ(weight_bytes(qwen2_5_7b(), DataType::Bf16), 2 * parameter_count(qwen2_5_7b()));
    EXPECT_EQ(weight_bytes(qwen3_32b(), DataType::Bf16), 2 * parameter_count(qwen3_32b()));
}

TEST(WeightBytes, KeepEmbeddingsHeadAndNormsInBf16WhenMatricesAreFp8) {
    const Model model = llama_3_1_8b();
    const double matrices = 32 * (4096.0 * (32 + 16) * 128 + 4096.0 * 4096 + 3 * 4096.0 * 14336);
    EXPECT_EQ(weight_bytes(model, DataType::Fp8), 2 * parameter_count(model) - matrices);
    EXPECT_EQ(weight_bytes(model, DataType::Int8), weight_bytes(model, DataType::Fp8));
}

TEST(WeightBytes, AreSharedByTheGpusButForNorms) {
    const Model model = llama_3_1_70b();
    const double norms = 2 * (80 * 2 * 8192.0 + 8192);
    EXPECT_EQ(weight_bytes_per_gpu(model, DataType::Bf16, 8) - norms,
              (weight_bytes(model, DataType::Bf16) - norms) / 8);
}

TEST(WeightBytes, HoldReplicatedKeyValueHeadsOnEveryGpu) {
    const Model model = qwen2_5_7b();  // four key-value heads on seven GPUs: each holds one
    const double without = weight_bytes_per_gpu(model, DataType::Bf16, 1);
    const double with = 7 * weight_bytes_per_gpu(model, DataType::Bf16, 7);
    const double replicated_kv_heads = 28.0 * 2 * 3 * 128 * (3584 + 1);
    const double replicated_norms = 6 * (28 * 2 * 3584.0 + 3584);
    EXPECT_NEAR(with - without, 2 * (replicated_kv_heads + replicated_norms), 1);
}

Model mixtral_8x7b() {
    Model model = llama_3_1_8b();
    model.intermediate = 0;
    model.vocabulary = 32000;
    model.experts = 8;
    model.experts_per_token = 2;
    model.expert_intermediate = 14336;
    return model;
}

Model deepseek_moe_16b() {
    Model model = llama_3_1_8b();
    model.layers = 28;
    model.hidden = 2048;
    model.heads = 16;
    model.kv_heads = 16;
    model.intermediate = 10944;
    model.vocabulary = 102400;
    model.dense_layers = 1;
    model.experts = 64;
    model.experts_per_token = 6;
    model.expert_intermediate = 1408;
    model.shared_intermediate = 2816;
    return model;
}

// Exact totals of the published checkpoints, as above.
TEST(Experts, AreAllCountedAsParameters) {
    EXPECT_EQ(parameter_count(mixtral_8x7b()), 46'702'792'704.0);
    EXPECT_EQ(parameter_count(deepseek_moe_16b()), 16'375'728'128.0);
}

TEST(Experts, OfATokenAreCountedAsActive) {
    const double others = 6 * 32 * 3 * 4096.0 * 14336;
    EXPECT_EQ(active_parameter_count(mixtral_8x7b()), 46'702'792'704.0 - others);
    EXPECT_EQ(active_parameter_count(llama_3_1_8b()), parameter_count(llama_3_1_8b()));
}

TEST(Experts, AreInTheLayersThatAreNotDense) {
    EXPECT_EQ(expert_layers(mixtral_8x7b()), 32);
    EXPECT_EQ(expert_layers(deepseek_moe_16b()), 27);
    EXPECT_EQ(dense_mlp_layers(deepseek_moe_16b()), 1);
    EXPECT_EQ(expert_layers(llama_3_1_8b()), 0);
}

TEST(Experts, AreStoredInTheTypeOfTheWeightsAndTheirRouterIn16Bits) {
    const Model model = mixtral_8x7b();
    const double matrices = 32 * (4096.0 * (32 + 16 + 32) * 128 + 8 * 3 * 4096.0 * 14336);
    EXPECT_EQ(weight_bytes(model, DataType::Bf16), 2 * parameter_count(model));
    EXPECT_EQ(weight_bytes(model, DataType::Int4), 2 * parameter_count(model) - 1.5 * matrices);
}

TEST(Experts, AreCutOverTheGpusButForTheRouter) {
    const Model model = mixtral_8x7b();
    const double everywhere = 2 * (32 * (2 * 4096.0 + 8 * 4096.0) + 4096);
    EXPECT_EQ(weight_bytes_per_gpu(model, DataType::Bf16, 8) - everywhere,
              (weight_bytes(model, DataType::Bf16) - everywhere) / 8);
}

TEST(Experts, HoldTheCopiesOfEachTokenAtOnce) {
    EXPECT_EQ(mlp_values_per_token_per_gpu(llama_3_1_8b(), 2), 14336);
    EXPECT_EQ(mlp_values_per_token_per_gpu(mixtral_8x7b(), 1), 3 * 2 * 14336);
    EXPECT_EQ(mlp_values_per_token_per_gpu(mixtral_8x7b(), 8), 2 * 4096 + 2 * 14336 / 8.0);
    EXPECT_EQ(mlp_values_per_token_per_gpu(deepseek_moe_16b(), 1), 3 * 6 * 1408);
}

TEST(ParameterCount, OfAnMlpWithoutGateIsThatOfTwoMatrices) {
    Model model = llama_3_1_8b();
    model.has_gated_mlp = false;
    EXPECT_EQ(parameter_count(model), 8'030'261'248.0 - 32 * 4096.0 * 14336);
}

TEST(DataType, HasASizeAndAName) {
    EXPECT_EQ(data_type_names(), (std::vector<std::string>{"bf16", "fp16", "fp8", "int8", "int4"}));
    EXPECT_EQ(bytes_of(DataType::Fp16), 2);
    EXPECT_EQ(bytes_of(DataType::Int4), 0.5);
    EXPECT_EQ(data_type_of("int4"), DataType::Int4);
    EXPECT_EQ(data_type_of("int3"), std::nullopt);
}

using Problems = std::vector<std::string>;

TEST(Model, TellsWhatIsWrongWithItsExperts) {
    Model model = mixtral_8x7b();
    model.experts_per_token = 9;
    model.expert_intermediate = 0;
    model.dense_layers = 32;
    model.intermediate = 14336;
    EXPECT_EQ(problems_of(model),
              (Problems{"experts_per_token: expected a whole number from 1 to 8, the experts; found 9",
                        "expert_intermediate: expected a whole number of at least 1, found 0",
                        "dense_layers: expected less than the 32 layers, found 32"}));
    Model dense = llama_3_1_8b();
    dense.experts_per_token = 2;
    EXPECT_EQ(problems_of(dense),
              Problems{"experts_per_token: 2, but the model has no experts; expected experts, too"});
}

TEST(Model, TellsWhatIsWrongWithItsWindow) {
    Model model = llama_3_1_8b();
    model.window_tokens = 4096;
    EXPECT_EQ(problems_of(model), Problems{"window: given, but no window_layers; expected both or neither"});
    model.window_layers = 33;
    EXPECT_EQ(problems_of(model), Problems{"window_layers: expected at most the 32 layers, found 33"});
    model.window_tokens = 0;
    model.window_layers = 3;
    EXPECT_EQ(problems_of(model), Problems{"window_layers: given, but no window; expected both or neither"});
}

TEST(Model, IsPlausible) {
    EXPECT_EQ(problems_of(qwen3_32b()), Problems{});
}

TEST(Model, TellsEverythingThatIsMissing) {
    EXPECT_EQ(problems_of(Model{}), (Problems{"layers: expected a whole number of at least 1, found 0",
                                              "hidden: expected a whole number of at least 1, found 0",
                                              "heads: expected a whole number of at least 1, found 0",
                                              "kv_heads: expected a whole number of at least 1, found 0",
                                              "head_dim: expected a whole number of at least 1, found 0",
                                              "intermediate: expected a whole number of at least 1, found 0",
                                              "vocabulary: expected a whole number of at least 1, found 0",
                                              "max_context: expected a whole number of at least 1, found 0"}));
}

TEST(Model, TellsThatKeyValueHeadsDoNotDivideTheHeads) {
    Model model = llama_3_1_8b();
    model.kv_heads = 5;
    EXPECT_EQ(problems_of(model),
              Problems{"kv_heads: 5 does not divide heads = 32; each key-value head serves the same number of query "
                       "heads"});
}

}  // namespace
}  // namespace regatta::llm
