#pragma once

#include <string>

#include "results/report/chart.hpp"

namespace regatta::results::report {

/// Draws one chart as a file, SVG or PNG as its name ends. Throws InputError for another ending, IoError when it cannot
/// be written.
void draw_chart(const Chart& chart, const std::string& path);

}  // namespace regatta::results::report
