#pragma once

#include <string>

#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/data_type.hpp"

namespace regatta::timing {

/// Dense peak of matrix products whose operands have the type [1/s]; 0: the GPU does not compute in it.
[[nodiscard]] double peak_ops_per_s(const hardware::Gpu& gpu, llm::DataType type);

/// The 16-bit type that the GPU computes in: bf16, or fp16 where it is older.
[[nodiscard]] llm::DataType half_type(const hardware::Gpu& gpu);

/// What engines compute in when they are given weights of a type: 16-bit weights in their own type; fp8 and int8 ones
/// in theirs where the GPU is faster in it than in 16 bits. Else the weights are widened on the fly (as in vLLM's
/// Marlin kernels), so that only their traffic shrinks; int4 ones always are (AWQ, GPTQ).
[[nodiscard]] llm::DataType usual_activations(const hardware::Gpu& gpu, llm::DataType weights);

/// Empty, or why such products cannot be: the GPU does not compute in the activations' type, or no kernel multiplies
/// the two types.
[[nodiscard]] std::string problem_with_types(const hardware::Gpu& gpu, llm::DataType weights,
                                             llm::DataType activations);

}  // namespace regatta::timing
