#pragma once

#include <functional>
#include <string>

#include "regatta/serving/records.hpp"
#include "results/run_description.hpp"
#include "results/tables.hpp"

/// What the code behind the readers takes for granted of rows, whoever wrote them.
namespace regatta::results {

/// Runs `act` on what `path` holds. What finds our mistakes during a run (BugError) finds there what no run writes, and
/// is told as an IoError of the file.
void with_rows_of(const std::string& path, const std::function<void()>& act);

/// Whether what a row refers to is there: stream, pool, state, kind.
[[nodiscard]] bool is_known(const serving::RequestRecord& row, const RunDescription& run);
[[nodiscard]] bool is_known(const serving::StepRecord& row, const RunDescription& run);
[[nodiscard]] bool is_known(const serving::FleetEventRecord& row, const RunDescription& run);
[[nodiscard]] bool is_known(const serving::ReplicaRecord& row, const RunDescription& run);
[[nodiscard]] bool is_known(const NodeSeriesRow& row, const RunDescription& run);
/// The IoError of a file of which a row does not.
[[noreturn]] void fail_rows(const std::string& path);

}  // namespace regatta::results
