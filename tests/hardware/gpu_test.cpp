#include "regatta/hardware/gpu.hpp"

#include <gtest/gtest.h>

#include "hardware/link.hpp"
#include "hardware/node_type.hpp"

namespace regatta::hardware {
namespace {

Gpu plausible_gpu() {
    return {.name = "test",
            .memory_bytes = 80e9,
            .memory_bandwidth_bytes_per_s = 3e12,
            .bf16_flops_per_s = 1e15,
            .fp8_flops_per_s = 0,
            .int8_ops_per_s = 0,
            .link_bytes_per_s = 450e9,
            .link_latency_s = 0,
            .gpus_per_node = 8,
            .source = "typed for the test"};
}

using Problems = std::vector<std::string>;

TEST(Gpu, IsPlausibleWithoutFp8Int8AndLinkLatency) {
    EXPECT_EQ(problems_of(plausible_gpu()), Problems{});
}

TEST(Gpu, HasAllPowersOrNoneAndTheyRise) {
    Gpu gpu = plausible_gpu();
    gpu.idle_w = 110;
    EXPECT_EQ(problems_of(gpu),
              (Problems{"memory_bound_power: expected a power above 0W, as others of the GPU are given",
                        "compute_bound_power: expected a power above 0W, as others of the GPU are given"}));
    gpu.memory_bound_w = 100;
    gpu.compute_bound_w = 99.5;
    EXPECT_EQ(problems_of(gpu), (Problems{"memory_bound_power: 100W is less than idle_power, 110W",
                                          "compute_bound_power: 99.5W is less than memory_bound_power, 100W"}));
    gpu.memory_bound_w = 350;
    gpu.compute_bound_w = 700;
    EXPECT_EQ(problems_of(gpu), Problems{});
    gpu.price_usd_per_h = -1;
    EXPECT_EQ(problems_of(gpu), Problems{"price: expected at least 0, found -1"});
}

TEST(Gpu, TellsEveryFactThatMustBePositive) {
    Gpu gpu = plausible_gpu();
    gpu.memory_bytes = 0;
    gpu.memory_bandwidth_bytes_per_s = -1;
    gpu.bf16_flops_per_s = 0;
    gpu.link_bytes_per_s = 0;
    gpu.gpus_per_node = 0;
    EXPECT_EQ(
        problems_of(gpu),
        (Problems{"memory: expected more than 0, found 0", "memory_bandwidth: expected more than 0, found -1",
                  "bf16: expected more than 0, or fp16 in its place; found neither",
                  "link_bandwidth: expected more than 0, found 0", "gpus_per_node: expected more than 0, found 0"}));
}

TEST(Gpu, TellsEveryFactThatMustNotBeNegative) {
    Gpu gpu = plausible_gpu();
    gpu.fp16_flops_per_s = -4;
    gpu.fp8_flops_per_s = -1;
    gpu.int8_ops_per_s = -2;
    gpu.int4_ops_per_s = -5;
    gpu.link_latency_s = -3;
    EXPECT_EQ(problems_of(gpu), (Problems{"fp16: expected at least 0, found -4", "fp8: expected at least 0, found -1",
                                          "int8: expected at least 0, found -2", "int4: expected at least 0, found -5",
                                          "link_latency: expected at least 0, found -3"}));
}

TEST(Gpu, MayComputeInFp16Only) {
    Gpu gpu = plausible_gpu();
    gpu.fp16_flops_per_s = gpu.bf16_flops_per_s;
    gpu.bf16_flops_per_s = 0;
    EXPECT_EQ(problems_of(gpu), Problems{});
}

TEST(NodeType, TellsWhatIsWrong) {
    EXPECT_EQ(problems_of(NodeType{.name = "n", .gpu = "g", .gpus = 8, .source = "x"}), Problems{});
    EXPECT_EQ(
        problems_of(NodeType{.name = "n", .gpu = "", .host_memory_bytes = -1, .source = "x"}),
        (Problems{"gpu: expected the name of a GPU, found none", "gpus: expected a whole number of at least 1, found 0",
                  "host_memory: expected at least 0, found -1"}));
}

TEST(Link, TellsWhatIsWrong) {
    EXPECT_EQ(problems_of(Link{.name = "l", .bytes_per_s = 1, .source = "x"}), Problems{});
    EXPECT_EQ(problems_of(Link{.name = "l", .latency_s = -1, .source = "x"}),
              (Problems{"bandwidth: expected more than 0, found 0", "latency: expected at least 0, found -1"}));
}

}  // namespace
}  // namespace regatta::hardware
