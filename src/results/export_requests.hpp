#pragma once

#include <cstdint>
#include <cstdio>

#include "results/request_selection.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {

/// Writes the selected requests as CSV, one line each, by end time and id as in the files (of rank files: rank by
/// rank). Times are simulated seconds with nine decimals, exact; what a request never reached is empty. Returns how
/// many there were. Throws IoError when `out` cannot take it.
std::int64_t write_requests_csv(const ResultReader& results, const RequestSelection& selection, std::FILE* out);

}  // namespace regatta::results
