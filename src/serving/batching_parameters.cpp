#include "serving/batching_parameters.hpp"

#include <fmt/format.h>

#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

Parameter max_running_parameter(std::string sentence) {
    return {.key = "max_running",
            .kind = ParameterKind::Count,
            .default_text = "128",
            .least = 1,
            .most = 65536,
            .sentence = std::move(sentence)};
}

Parameter watermark_parameter() {
    return {.key = "watermark",
            .kind = ParameterKind::Fraction,
            .default_text = "0.01",
            .sentence = "part of the KV blocks that must stay free when a prompt is let in"};
}

void check_stages(const SchedulerLimits& limits, const Parameters& parameters) {
    const std::int64_t most = parameters.count("max_running");
    if (most < limits.pipeline_stages)
        throw InputError(fmt::format("max_running: {} is less than the stages of the pipeline; expected at least {}",
                                     most, limits.pipeline_stages));
}

}  // namespace regatta::serving
