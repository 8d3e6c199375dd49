#include "regatta/hardware/gpu.hpp"

#include <fmt/format.h>

namespace regatta::hardware {

std::vector<std::string> problems_of(const Gpu& gpu) {
    std::vector<std::string> problems;
    const auto must_be_positive = [&](const char* key, double value) {
        if (!(value > 0)) problems.push_back(fmt::format("{}: expected more than 0, found {}", key, value));
    };
    must_be_positive("memory", gpu.memory_bytes);
    must_be_positive("memory_bandwidth", gpu.memory_bandwidth_bytes_per_s);
    // Older GPUs compute in fp16 only.
    if (!(gpu.bf16_flops_per_s > 0) && !(gpu.fp16_flops_per_s > 0))
        problems.emplace_back("bf16: expected more than 0, or fp16 in its place; found neither");
    must_be_positive("link_bandwidth", gpu.link_bytes_per_s);
    must_be_positive("gpus_per_node", gpu.gpus_per_node);
    const auto must_not_be_negative = [&](const char* key, double value) {
        if (!(value >= 0)) problems.push_back(fmt::format("{}: expected at least 0, found {}", key, value));
    };
    must_not_be_negative("bf16", gpu.bf16_flops_per_s);
    must_not_be_negative("fp16", gpu.fp16_flops_per_s);
    must_not_be_negative("fp8", gpu.fp8_flops_per_s);
    must_not_be_negative("int8", gpu.int8_ops_per_s);
    must_not_be_negative("int4", gpu.int4_ops_per_s);
    must_not_be_negative("link_latency", gpu.link_latency_s);
    return problems;
}

}  // namespace regatta::hardware
