#pragma once

#include <string>

#include "regatta/base/parameters.hpp"
#include "regatta/serving/registry.hpp"

/// What the parameters of the schedulers after Vidur's have in common.
namespace regatta::serving {

[[nodiscard]] Parameter max_running_parameter(std::string sentence);
[[nodiscard]] Parameter watermark_parameter();
/// Each stage of a pipeline must get a sequence at least. Throws InputError.
void check_stages(const SchedulerLimits& limits, const Parameters& parameters);

}  // namespace regatta::serving
