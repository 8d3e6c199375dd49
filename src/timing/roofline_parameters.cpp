#include "timing/roofline.hpp"

namespace regatta::timing {

RooflineStepTime::Options roofline_options(const Parameters& parameters) {
    return {.compute_efficiency = parameters.real("compute_efficiency"),
            .quantized_efficiency = parameters.real("quantized_efficiency"),
            .attention_efficiency = parameters.real("attention_efficiency"),
            .memory_efficiency = parameters.real("memory_efficiency"),
            .network_efficiency = parameters.real("network_efficiency"),
            .collective_overhead_s = parameters.duration("collective_overhead").seconds(),
            .layer_overhead_s = parameters.duration("layer_overhead").seconds(),
            .step_overhead_s = parameters.duration("step_overhead").seconds(),
            .sequence_overhead_s = parameters.duration("sequence_overhead").seconds(),
            .pads_decodes = parameters.word("cuda_graphs") == "padded"};
}

std::unique_ptr<StepTimeModel> make_roofline(const StepTimeTarget& target, const Parameters& parameters) {
    return std::make_unique<RooflineStepTime>(target, roofline_options(parameters));
}

// The defaults are rounded medians over many points and several GPUs, never fits to one: docs/model/roofline.md says
// which measurements they come from and how far they spread.
std::vector<Parameter> roofline_parameters() {
    const auto efficiency = [](const char* key, const char* value, const char* sentence) {
        // Above 0, for time is divided by it.
        return Parameter{.key = key,
                         .kind = ParameterKind::Fraction,
                         .default_text = value,
                         .least = 0.01,
                         .most = 1,
                         .sentence = sentence};
    };
    const auto overhead = [](const char* key, const char* value, const char* sentence) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Duration,
                         .default_text = value,
                         .least = 0,
                         .most = 1,
                         .sentence = sentence};
    };
    return {
        efficiency("compute_efficiency", "0.77", "share of the 16-bit peak that matrix products reach"),
        efficiency("quantized_efficiency", "0.57", "share of the fp8, int8 or int4 peak that matrix products reach"),
        efficiency("attention_efficiency", "0.5", "share of the 16-bit peak that attention reaches"),
        efficiency("memory_efficiency", "0.77", "share of the memory bandwidth that is reached"),
        efficiency("network_efficiency", "0.6", "share of the link bandwidth that collectives reach"),
        overhead("collective_overhead", "20us", "time of each all-reduce or all-gather besides its data and hops"),
        overhead("layer_overhead", "5us", "time of each layer besides its operators"),
        overhead("step_overhead", "300us", "time of each step besides its layers: scheduling, launch, sampling"),
        // 0: what engines do per sequence on the host is hidden behind the GPU, or part of the median step.
        overhead("sequence_overhead", "0s", "time of each sequence of a batch: what the host does for it alone"),
        {.key = "cuda_graphs",
         .kind = ParameterKind::Word,
         .default_text = "exact",
         .choices = {"exact", "padded"},
         .sentence = "padded: batches that only decode are computed as large as the next captured CUDA graph: 1, 2, 4, "
                     "then multiples of 8 up to 512, as in vLLM; exact: as they are"}};
}

}  // namespace regatta::timing
