#pragma once

#include <optional>
#include <string>

#include "scenario/document.hpp"
#include "workload/rate_curve.hpp"

namespace regatta::scenario {

/// A curve of steps from the text of a CSV file: the header `time_s,rate_per_s`, then lines such as `300,40` in order
/// of time from 0 on. None after telling, with the line, what is wrong; `source` is the file's number in `problems`.
[[nodiscard]] std::optional<workload::RateCurve> rate_curve_of_file(const std::string& text, int source,
                                                                    Problems& problems);

}  // namespace regatta::scenario
