#include "regatta/hardware/gpu.hpp"

#include <fmt/format.h>

namespace regatta::hardware {

std::vector<std::string> problems_of_power(const Gpu& gpu) {
    const bool has_any = gpu.idle_w != 0 || gpu.memory_bound_w != 0 || gpu.compute_bound_w != 0;
    if (!has_any) return {};
    std::vector<std::string> problems;
    const auto must_be_known = [&](const char* key, double value) {
        if (!(value > 0))
            problems.push_back(fmt::format("{}: expected a power above 0W, as others of the GPU are given", key));
    };
    must_be_known("idle_power", gpu.idle_w);
    must_be_known("memory_bound_power", gpu.memory_bound_w);
    must_be_known("compute_bound_power", gpu.compute_bound_w);
    if (!problems.empty()) return problems;
    if (gpu.memory_bound_w < gpu.idle_w)
        problems.push_back(
            fmt::format("memory_bound_power: {}W is less than idle_power, {}W", gpu.memory_bound_w, gpu.idle_w));
    if (gpu.compute_bound_w < gpu.memory_bound_w)
        problems.push_back(fmt::format("compute_bound_power: {}W is less than memory_bound_power, {}W",
                                       gpu.compute_bound_w, gpu.memory_bound_w));
    return problems;
}

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
    must_not_be_negative("price", gpu.price_usd_per_h);
    for (const std::string& problem : problems_of_power(gpu))
        problems.push_back(problem);
    return problems;
}

}  // namespace regatta::hardware
