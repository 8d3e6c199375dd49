#pragma once

#include <string>

namespace regatta::app {

/// One flat JSON object of numbers and strings, as experiment trackers take them: `param.fleet.pools.0.nodes` and so on
/// out of the resolved scenario, `ttft.p99_s` and so on out of the JSON summary. What is null or unknown has no member;
/// nor have lists of how single ranks and links fared. Throws IoError, naming `path`, when the scenario cannot be read.
[[nodiscard]] std::string flat_json(const std::string& summary_json, const std::string& scenario_text,
                                    const std::string& path);

}  // namespace regatta::app
