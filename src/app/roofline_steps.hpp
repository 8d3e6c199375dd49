#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "timing/operators.hpp"

namespace regatta::app {

/// As asked for: types or, with Scratchpad's roofline, bits. Empty parts follow from the others.
struct RooflinePrecision {
    std::string weights;
    std::string activations;
    std::string kv_cache;
};

/// Everything that `regatta roofline` is to look at: each with each.
struct RooflineQuestion {
    std::vector<hardware::Gpu> gpus;
    std::vector<llm::Model> models;
    std::vector<RooflinePrecision> precisions;  ///< empty: the 16-bit type of the GPU
    std::vector<std::int64_t> tensor_parallel;
    std::vector<std::int64_t> batches;
    std::vector<std::int64_t> lengths;
    std::vector<bool> stages;     ///< whether it is the prefill
    std::vector<bool> attention;  ///< whether it is fused
    Parameters parameters;        ///< of the step time `roofline`
};

/// Of one GPU [bytes].
struct RooflineMemory {
    double weight_bytes = 0;
    double kv_bytes = 0;
    double activation_bytes = 0;
    double usable_bytes = 0;
    /// What Scratchpad's planner makes of it, which looks at weights and KV cache alone and does not know tensor
    /// parallelism.
    std::optional<double> planned_weight_bytes;
    std::optional<std::int64_t> planned_kv_blocks;
    [[nodiscard]] double bytes() const { return weight_bytes + kv_bytes + activation_bytes; }
    [[nodiscard]] bool fits() const { return bytes() <= usable_bytes; }
};

/// One step: a prefill of `batch` prompts of `length` tokens, or a decode step of `batch` sequences of that context.
struct RooflineStep {
    std::string gpu;
    std::string model;
    RooflinePrecision precision;
    std::int64_t tensor_parallel = 1;
    std::int64_t batch = 1;
    std::int64_t length = 1;
    bool is_prefill = true;
    bool is_fused = true;
    double peak_flops_per_s = 0;  ///< of one GPU, for matrix products
    double bandwidth_bytes_per_s = 0;
    std::vector<timing::Operator> operators;
    timing::Operator total;
    RooflineMemory memory;
};

/// Types of one GPU and precision of a question, all of them sound: as a pool would have them.
struct ChosenTypes {
    const hardware::Gpu* gpu = nullptr;
    llm::DataType weights = llm::DataType::Bf16;
    llm::DataType activations = llm::DataType::Bf16;
    llm::DataType kv_cache = llm::DataType::Bf16;
};
/// Each GPU with each precision. Throws InputError, each line beginning with the option it is about.
[[nodiscard]] std::vector<ChosenTypes> chosen_types(const RooflineQuestion& question);

using RooflineSink = std::function<void(const RooflineStep&)>;
/// Throws InputError, each line beginning with the option it is about: "--tp: ...".
void analyse(const RooflineQuestion& question, const RooflineSink& sink);
/// The same by Scratchpad's roofline and memory plan.
void analyse_like_scratchpad(const RooflineQuestion& question, const RooflineSink& sink);

/// Empty, or what is wrong with a part of a precision where only bits matter; else sets them.
[[nodiscard]] std::string read_bits(const std::string& text, double& bits);

}  // namespace regatta::app
