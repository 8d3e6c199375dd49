#include "llm/model.hpp"

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

using Problems = std::vector<std::string>;

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
