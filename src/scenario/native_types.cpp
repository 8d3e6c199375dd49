#include "scenario/native_types.hpp"

#include <fmt/format.h>

#include "timing/data_types.hpp"

namespace regatta::scenario {
namespace {

using llm::DataType;

DataType byte_type(const hardware::Gpu& gpu) {
    return gpu.fp8_flops_per_s > 0 ? DataType::Fp8 : DataType::Int8;
}

Read<DataType> stored_type(const hardware::Gpu& gpu, const char* key, double bits) {
    if (bits == 16) return timing::half_type(gpu);
    if (bits == 8) return byte_type(gpu);
    if (bits == 4) return DataType::Int4;
    return tl::unexpected(
        fmt::format("{}: there is no data type of {} bits; allowed: 16 (bf16 or fp16), 8 (fp8 or "
                    "int8), 4 (int4)",
                    key, write_number(bits)));
}

/// The narrowest type of at least so many bits in which the GPU is faster than in wider ones.
DataType computed_type(const hardware::Gpu& gpu, DataType asked) {
    const double half = timing::peak_ops_per_s(gpu, timing::half_type(gpu));
    const double byte = timing::peak_ops_per_s(gpu, byte_type(gpu));
    if (asked == DataType::Int4 && timing::peak_ops_per_s(gpu, asked) > byte &&
        timing::peak_ops_per_s(gpu, asked) > half)
        return asked;
    if (llm::bytes_of(asked) <= 1 && byte > half) return byte_type(gpu);
    return timing::half_type(gpu);
}

}  // namespace

Read<NativeTypes> native_types(const hardware::Gpu& gpu, const Bits& bits) {
    const Read<DataType> weights = stored_type(gpu, "weight_bits", bits.weight);
    const Read<DataType> activations = stored_type(gpu, "activation_bits", bits.activation);
    const Read<DataType> kv_cache = stored_type(gpu, "kv_bits", bits.kv);
    for (const Read<DataType>* type : {&weights, &activations, &kv_cache})
        if (!*type) return tl::unexpected(type->error());
    NativeTypes types{.weights = *weights, .activations = computed_type(gpu, *activations), .kv_cache = *kv_cache};
    types.is_wider = types.activations != *activations;
    const std::string problem = timing::problem_with_types(gpu, types.weights, types.activations);
    if (!problem.empty()) return tl::unexpected("activation_bits: " + problem);
    return types;
}

}  // namespace regatta::scenario
