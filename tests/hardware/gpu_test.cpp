#include "hardware/gpu.hpp"

#include <gtest/gtest.h>

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

TEST(Gpu, TellsEveryFactThatMustBePositive) {
    Gpu gpu = plausible_gpu();
    gpu.memory_bytes = 0;
    gpu.memory_bandwidth_bytes_per_s = -1;
    gpu.bf16_flops_per_s = 0;
    gpu.link_bytes_per_s = 0;
    gpu.gpus_per_node = 0;
    EXPECT_EQ(problems_of(gpu),
              (Problems{"memory: expected more than 0, found 0", "memory_bandwidth: expected more than 0, found -1",
                        "bf16: expected more than 0, found 0", "link_bandwidth: expected more than 0, found 0",
                        "gpus_per_node: expected more than 0, found 0"}));
}

TEST(Gpu, TellsEveryFactThatMustNotBeNegative) {
    Gpu gpu = plausible_gpu();
    gpu.fp8_flops_per_s = -1;
    gpu.int8_ops_per_s = -2;
    gpu.link_latency_s = -3;
    EXPECT_EQ(problems_of(gpu), (Problems{"fp8: expected at least 0, found -1", "int8: expected at least 0, found -2",
                                          "link_latency: expected at least 0, found -3"}));
}

}  // namespace
}  // namespace regatta::hardware
