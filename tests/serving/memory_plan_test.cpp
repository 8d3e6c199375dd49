#include "serving/memory_plan.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace regatta::serving {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

/// Counted by hand. Per layer: query, key, value 8 x (4 + 2 * 2) * 2 = 128, output 8 * 8 = 64, gate and up
/// 8 * 2 * 10 = 160, down 80, two norms 16: 448. Two layers 896; embedding and head 2 * 50 * 8 = 800; last norm 8.
llm::Model small_model() {
    return {.name = "small",
            .layers = 2,
            .hidden = 8,
            .heads = 4,
            .kv_heads = 2,
            .head_dim = 2,
            .intermediate = 10,
            .vocabulary = 50,
            .max_context_tokens = 1000,
            .source = "typed for the test"};
}

MemoryRequest small_request(double memory_bytes) {
    MemoryRequest request;
    request.gpu.memory_bytes = memory_bytes;
    request.model = small_model();
    request.step_tokens = 100;
    request.block_tokens = 4;
    request.memory_fraction = 0.5;
    return request;
}

/// Runtime 1 GiB; 100 tokens of 2 bytes, 3 * 8 + 2 * 10 values each.
constexpr double kActivations = kGiB + 2 * 100 * (24 + 20);

TEST(MemoryPlan, LeavesToTheCacheWhatWeightsAndActivationsDoNotTake) {
    const MemoryPlan plan = plan_memory(small_request(2 * (kActivations + 2 * 1704 + 1000)));
    EXPECT_DOUBLE_EQ(plan.usable_bytes, kActivations + 2 * 1704 + 1000);
    EXPECT_DOUBLE_EQ(plan.weight_bytes, 2 * 1704);
    EXPECT_DOUBLE_EQ(plan.activation_bytes, kActivations);
    // Key and value of 4 tokens, 2 layers, 2 heads of 2 numbers of 2 bytes: 128 bytes; 1000 / 128 = 7.8.
    EXPECT_DOUBLE_EQ(plan.kv_block_bytes, 128);
    EXPECT_EQ(plan.kv_blocks, 7);
    EXPECT_TRUE(plan.fits());
}

TEST(MemoryPlan, SplitsWeightsAndCacheOverTheGpusOfAReplica) {
    MemoryRequest request = small_request(4 * kGiB);
    request.tensor_parallel = 2;
    const MemoryPlan plan = plan_memory(request);
    // All matrices are halved, the norms (2 * 16 + 8) are not: 2 * (432 + 400 + 40 / 2 + 20).
    EXPECT_DOUBLE_EQ(plan.weight_bytes, 2 * ((1704 - 40) / 2.0 + 40));
    EXPECT_DOUBLE_EQ(plan.kv_block_bytes, 64);
    EXPECT_DOUBLE_EQ(plan.activation_bytes, kGiB + 2 * 100 * (24 + 10));
}

TEST(MemoryPlan, RepeatsKvHeadsWhereThereAreMoreGpusThanHeads) {
    MemoryRequest request = small_request(4 * kGiB);
    request.tensor_parallel = 4;
    EXPECT_DOUBLE_EQ(plan_memory(request).kv_block_bytes, 64) << "one of two heads on each of four GPUs";
}

TEST(MemoryPlan, KeepsWhatIsNotQuantisedIn16Bits) {
    MemoryRequest request = small_request(4 * kGiB);
    request.weight_type = llm::DataType::Fp8;
    // Matrices of the layers in 8 bits; embedding, head and norms in 16.
    EXPECT_DOUBLE_EQ(plan_memory(request).weight_bytes, 864 + 2 * (800 + 40));
}

TEST(MemoryPlan, HalvesTheCacheIn8Bits) {
    MemoryRequest request = small_request(4 * kGiB);
    request.kv_type = llm::DataType::Fp8;
    EXPECT_DOUBLE_EQ(plan_memory(request).kv_block_bytes, 64);
}

TEST(MemoryPlan, FitsToTheByteAndSaysByHowMuchItDoesNot) {
    const double exact = 2 * (kActivations + 2 * 1704 + 128);
    EXPECT_TRUE(plan_memory(small_request(exact)).fits());
    EXPECT_EQ(plan_memory(small_request(exact)).kv_blocks, 1);
    const MemoryPlan short_of_ten = plan_memory(small_request(exact - 20));
    EXPECT_FALSE(short_of_ten.fits());
    EXPECT_EQ(short_of_ten.kv_blocks, 0);
    EXPECT_DOUBLE_EQ(short_of_ten.missing_bytes(), 10);
}

TEST(MemoryPlan, SaysByHowMuchWeightsAloneAreTooLarge) {
    const MemoryPlan plan = plan_memory(small_request(2 * kGiB));
    EXPECT_FALSE(plan.fits());
    EXPECT_DOUBLE_EQ(plan.missing_bytes(), kActivations + 2 * 1704 + 128 - kGiB);
}

TEST(MemoryPlan, Llama70BOnEightH100) {
    MemoryRequest request;
    request.gpu.memory_bytes = 80 * kGiB;
    request.model = {.name = "llama-3.1-70b",
                     .layers = 80,
                     .hidden = 8192,
                     .heads = 64,
                     .kv_heads = 8,
                     .head_dim = 128,
                     .intermediate = 28672,
                     .vocabulary = 128256,
                     .max_context_tokens = 131072,
                     .source = "config.json"};
    request.tensor_parallel = 8;
    const MemoryPlan plan = plan_memory(request);
    // 70.6 thousand million parameters of 2 bytes over 8 GPUs; 320 KiB of keys and values per token, 40 KiB per GPU.
    EXPECT_NEAR(plan.weight_bytes / kGiB, 70.55e9 * 2 / 8 / kGiB, 0.01);
    EXPECT_DOUBLE_EQ(plan.kv_block_bytes, 16 * 40 * 1024);
    EXPECT_NEAR(static_cast<double>(plan.kv_blocks), (72 - 16.43 - 1.12) * kGiB / (640 * 1024), 100);
}

TEST(MemoryPlan, PutsEmbeddingAndHeadOnOneStageOfAPipelineEach) {
    MemoryRequest request = small_request(4 * kGiB);
    request.model.ties_embeddings = true;
    request.pipeline_parallel = 2;
    // Half of the layers and norms, 904 / 2, and a table of 50 x 8: the last stage has its own copy of it.
    const MemoryPlan plan = plan_memory(request);
    EXPECT_DOUBLE_EQ(plan.weight_bytes, 2 * (452 + 400));
    EXPECT_DOUBLE_EQ(plan.kv_block_bytes, 64) << "keys and values of one layer of two";
    EXPECT_EQ(plan.kv_blocks,
              static_cast<std::int64_t>((plan.usable_bytes - plan.weight_bytes - plan.activation_bytes) / 64));
}

llm::Model llama_2_7b() {
    return {.name = "llama-2-7b",
            .layers = 32,
            .hidden = 4096,
            .heads = 32,
            .kv_heads = 32,
            .head_dim = 128,
            .intermediate = 11008,
            .vocabulary = 32000,
            .max_context_tokens = 4096,
            .source = "config.json"};
}

MemoryRequest on_a100(llm::Model model, std::int64_t tp, std::int64_t pp, std::int64_t tokens) {
    MemoryRequest request;
    request.gpu.name = "a100-80gb";
    request.gpu.memory_bytes = 80 * kGiB;
    request.model = std::move(model);
    request.tensor_parallel = tp;
    request.pipeline_parallel = pp;
    request.max_context_tokens = tokens;
    return request;
}

TEST(MemoryPlan, CountsEmbeddingsAndHeadWhereVidurDoesNot) {
    const MemoryRequest request = on_a100(llama_2_7b(), 1, 1, 4096);
    // Two tables of 32,000 x 4,096 and 65 norms, 2 bytes each.
    EXPECT_DOUBLE_EQ(plan_memory(request).weight_bytes - plan_memory_like_vidur(request).weight_bytes,
                     2.0 * (2 * 32000 * 4096 + 65 * 4096));
    // And memory not used by a whole sequence of the longest kind is not lost: blocks of 8 MiB.
    const MemoryPlan plan = plan_memory(request);
    EXPECT_DOUBLE_EQ(plan.kv_block_bytes, 8 * 1024 * 1024);
    EXPECT_EQ(plan.kv_blocks, static_cast<std::int64_t>(plan.kv_bytes / plan.kv_block_bytes));
}

/// What Vidur printed (`num_blocks_resolved` of its reference runs): all on A100s of 80 GB with a margin of 0.1.
TEST(MemoryPlan, LikeVidurHasTheBlocksThatVidurPrinted) {
    const MemoryPlan plan = plan_memory_like_vidur(on_a100(llama_2_7b(), 1, 1, 4096));
    EXPECT_EQ(plan.sequences, 29);
    EXPECT_EQ(plan.kv_blocks, 7424);
    EXPECT_EQ(plan_memory_like_vidur(on_a100(llama_2_7b(), 1, 1, 2048)).kv_blocks, 7552);
    MemoryRequest by_token = on_a100(llama_2_7b(), 1, 1, 2048);
    by_token.block_tokens = 1;
    EXPECT_EQ(plan_memory_like_vidur(by_token).kv_blocks, 120832);
    llm::Model codellama = llama_2_7b();
    codellama.layers = 48;
    codellama.hidden = 8192;
    codellama.heads = 64;
    codellama.kv_heads = 8;
    codellama.intermediate = 22016;
    EXPECT_EQ(plan_memory_like_vidur(on_a100(codellama, 2, 1, 4096)).kv_blocks, 27904);
    llm::Model llama_2_70b = codellama;
    llama_2_70b.layers = 80;
    llama_2_70b.intermediate = 28672;
    EXPECT_EQ(plan_memory_like_vidur(on_a100(llama_2_70b, 2, 2, 4096)).kv_blocks, 32768);
}

TEST(MemoryPlan, LikeVidurNeedsRoomForAWholeSequence) {
    // 0.9 x 15 GiB, 12.06 GiB of weights: no room for a sequence of 4,096 tokens, which takes 2 GiB.
    MemoryRequest request = on_a100(llama_2_7b(), 1, 1, 4096);
    request.gpu.name = "some-gpu";
    request.gpu.memory_bytes = 15 * kGiB;
    EXPECT_FALSE(plan_memory_like_vidur(request).fits());
    request.max_context_tokens = 2048;
    EXPECT_EQ(plan_memory_like_vidur(request).sequences, 1);
}

}  // namespace
}  // namespace regatta::serving
