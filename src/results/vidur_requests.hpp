#pragma once

#include <string>
#include <vector>

#include "regatta/serving/records.hpp"

namespace regatta::results::vidur {

/// DIRECTORY/request_metrics.csv, one line per request by arrival and id, and into DIRECTORY/plots the distribution of
/// each time and the time series of arrivals, completions and prefills. Who did not finish has no times.
void write_request_metrics(const std::string& directory, std::vector<serving::RequestRecord> requests);

}  // namespace regatta::results::vidur
