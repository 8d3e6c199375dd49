#include "serving/memory_plan.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace regatta::serving
