#pragma once

#include <string>
#include <vector>

#include "regatta/serving/records.hpp"
#include "results/run_description.hpp"

namespace regatta::results::vidur {

/// DIRECTORY/batch_metrics.csv and operation_metrics.csv, one line per recorded step by start, replica and end, and
/// into DIRECTORY/plots their distributions. Nothing without steps.
void write_batch_metrics(const std::string& directory, std::vector<serving::StepRecord> steps,
                         const RunDescription& run);

/// DIRECTORY/decode_completion_time_series.csv: each decode of a step gets one token when the step ends. Right only of
/// all steps of all replicas, where no proposed tokens make it several.
void write_decode_completions(const std::string& directory, const std::vector<serving::StepRecord>& steps);

}  // namespace regatta::results::vidur
