#pragma once

#include <string>

#include "results/roofline_chart.hpp"

namespace regatta::results {

/// Draws the chart into a file that gets its name when it is whole: SVG or PNG, as the name ends. Throws InputError for
/// another ending, IoError when the file cannot be written.
void draw_roofline(const RooflineChart& chart, bool is_log, const std::string& path);

}  // namespace regatta::results
