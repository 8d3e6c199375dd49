#pragma once

#include <functional>
#include <memory>
#include <string>

#include "regatta/base/registry.hpp"
#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::timing {

/// What a step-time model is made for.
struct StepTimeTarget {
    hardware::Gpu gpu;
    llm::Model model;
    std::int64_t tensor_parallel = 1;
    std::int64_t pipeline_parallel = 1;  ///< stages, each with an equal part of the layers
    bool spans_nodes = false;            ///< stages are on different servers
    std::int64_t block_tokens = 16;      ///< of the KV cache
    llm::DataType weight_type = llm::DataType::Bf16;
    llm::DataType activation_type = llm::DataType::Bf16;  ///< what matrix products are computed in
    llm::DataType kv_type = llm::DataType::Bf16;
    /// The text of a file that a parameter names, unpacked; throws InputError when it cannot be read. Only for the
    /// factory.
    std::function<std::string(const std::string& path)> read_file = {};
};

using StepTimeFactory = std::unique_ptr<StepTimeModel> (*)(const StepTimeTarget&, const Parameters&);
using StepTimeRegistry = Registry<StepTimeFactory>;
[[nodiscard]] StepTimeRegistry built_in_step_time_models();

}  // namespace regatta::timing
