#pragma once

#include "timing/roofline.hpp"

namespace regatta::timing {

/// A model small enough to count by hand: one layer, two query heads that share one key-value head.
inline llm::Model tiny_model() {
    return {.name = "tiny",
            .layers = 1,
            .hidden = 4,
            .heads = 2,
            .kv_heads = 1,
            .head_dim = 2,
            .intermediate = 8,
            .vocabulary = 16,
            .max_context_tokens = 1000,
            .source = "typed for the test"};
}

/// Moves a byte and sends a byte in one nanosecond each, and computes in no time.
inline hardware::Gpu slow_memory_gpu() {
    return {.name = "slow memory",
            .memory_bytes = 1e9,
            .memory_bandwidth_bytes_per_s = 1e9,
            .bf16_flops_per_s = 1e18,
            .link_bytes_per_s = 1e9,
            .source = "typed for the test"};
}

/// Does an operation in one nanosecond, and moves bytes in no time.
inline hardware::Gpu slow_arithmetic_gpu() {
    hardware::Gpu gpu = slow_memory_gpu();
    gpu.memory_bandwidth_bytes_per_s = 1e18;
    gpu.bf16_flops_per_s = 1e9;
    return gpu;
}

/// Reaches every peak, without overheads.
inline RooflineStepTime::Options ideal() {
    return {.compute_efficiency = 1,
            .quantized_efficiency = 1,
            .attention_efficiency = 1,
            .memory_efficiency = 1,
            .network_efficiency = 1};
}

inline hardware::Gpu h100() {
    return {.name = "h100-sxm",
            .memory_bytes = 85.5e9,
            .memory_bandwidth_bytes_per_s = 3350e9,
            .bf16_flops_per_s = 989.4e12,
            .fp16_flops_per_s = 989.4e12,
            .fp8_flops_per_s = 1978.9e12,
            .int8_ops_per_s = 1978.9e12,
            .link_bytes_per_s = 450e9,
            .link_latency_s = 50e-9,
            .source = "NVIDIA H100 datasheet"};
}

inline llm::Model llama_70b() {
    return {.name = "llama-3.1-70b",
            .layers = 80,
            .hidden = 8192,
            .heads = 64,
            .kv_heads = 8,
            .head_dim = 128,
            .intermediate = 28672,
            .vocabulary = 128256,
            .max_context_tokens = 131072,
            .source = "config.json"};
}

inline double ns(const StepTimeModel& model, const BatchShape& shape) {
    return static_cast<double>(model.line(shape).at(shape.decode_context_tokens)) / static_cast<double>(kFinePerNs);
}

}  // namespace regatta::timing
