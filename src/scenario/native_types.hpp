#pragma once

#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/data_type.hpp"
#include "scenario/quantity.hpp"

namespace regatta::scenario {

/// As the Scratchpad simulator gives precisions.
struct Bits {
    double weight = 16;
    double activation = 16;
    double kv = 16;
};

/// What so many bits are on a GPU.
struct NativeTypes {
    llm::DataType weights = llm::DataType::Bf16;
    llm::DataType activations = llm::DataType::Bf16;
    llm::DataType kv_cache = llm::DataType::Bf16;
    bool is_wider = false;  ///< activations, for the GPU does not compute in so few bits
};

/// 16: bf16, or fp16 where the GPU is older. 8: fp8 where it computes in that, else int8. 4: int4. Activations of 8 and
/// 4 bits where the GPU is faster in them, else in the next wider type, as engines widen what kernels do not take. Else
/// what is wrong: "weight_bits: ...".
[[nodiscard]] Read<NativeTypes> native_types(const hardware::Gpu& gpu, const Bits& bits);

}  // namespace regatta::scenario
