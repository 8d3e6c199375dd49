#include "timing/data_types.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace regatta::timing {
namespace {

using llm::DataType;

// 8- and 4-bit products take weights of the same type, or narrower ones widened to it (W4A8).
std::vector<DataType> weights_for(DataType activations) {
    switch (activations) {
        case DataType::Bf16:
        case DataType::Fp16:
            return {llm::kDataTypes.begin(), llm::kDataTypes.end()};
        case DataType::Fp8:
        case DataType::Int8:
            return {activations, DataType::Int4};
        case DataType::Int4:
            return {DataType::Int4};
    }
    return {};
}

}  // namespace

double peak_ops_per_s(const hardware::Gpu& gpu, DataType type) {
    switch (type) {
        case DataType::Bf16:
            return gpu.bf16_flops_per_s;
        case DataType::Fp16:
            return gpu.fp16_flops_per_s;
        case DataType::Fp8:
            return gpu.fp8_flops_per_s;
        case DataType::Int8:
            return gpu.int8_ops_per_s;
        case DataType::Int4:
            return gpu.int4_ops_per_s;
    }
    return 0;
}

DataType half_type(const hardware::Gpu& gpu) {
    return gpu.bf16_flops_per_s > 0 ? DataType::Bf16 : DataType::Fp16;
}

DataType usual_activations(const hardware::Gpu& gpu, DataType weights) {
    switch (weights) {
        case DataType::Bf16:
        case DataType::Fp16:
            return weights;
        case DataType::Fp8:
        case DataType::Int8: {
            const DataType half = half_type(gpu);
            return peak_ops_per_s(gpu, weights) > peak_ops_per_s(gpu, half) ? weights : half;
        }
        case DataType::Int4:
            return half_type(gpu);
    }
    return DataType::Bf16;
}

std::string problem_with_types(const hardware::Gpu& gpu, DataType weights, DataType activations) {
    if (!(peak_ops_per_s(gpu, activations) > 0)) {
        std::vector<std::string_view> computed;
        for (const DataType type : llm::kDataTypes)
            if (peak_ops_per_s(gpu, type) > 0) computed.push_back(name_of(type));
        return fmt::format("{} does not compute in {}; allowed: {}", gpu.name, name_of(activations),
                           fmt::join(computed, ", "));
    }
    std::vector<std::string_view> allowed;
    for (const DataType type : weights_for(activations)) {
        if (type == weights) return "";
        allowed.push_back(name_of(type));
    }
    return fmt::format("activations in {} cannot be multiplied with weights in {}; allowed weights: {}",
                       name_of(activations), name_of(weights), fmt::join(allowed, ", "));
}

}  // namespace regatta::timing
