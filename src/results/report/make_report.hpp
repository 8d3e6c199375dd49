#pragma once

#include <string>
#include <vector>

#include "results/report/chart.hpp"

namespace regatta::results::report {

/// The report of one run, or of several beside each other; `paths` are what ResultReader takes, at least one. Reads
/// the requests of each twice: once for the summary, whose digest is checked, and once for the charts.
[[nodiscard]] Report make_report(const std::vector<std::string>& paths);

/// The document of the page, as JSON: all numbers in SI units, with six digits where they are charts.
[[nodiscard]] std::string to_json(const Report& report);

/// One self-contained HTML page.
[[nodiscard]] std::string to_page(const Report& report);

}  // namespace regatta::results::report
