#include "results/row_checks.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

bool has_pool(std::uint32_t pool, const RunDescription& run) {
    return pool < run.pools.size();
}

}  // namespace

void with_rows_of(const std::string& path, const std::function<void()>& act) {
    try {
        act();
    } catch (const BugError&) {
        fail_rows(path);
    }
}

bool is_known(const serving::RequestRecord& row, const RunDescription& run) {
    return row.stream < run.streams.size() && (row.pool == serving::kNoPool || has_pool(row.pool, run)) &&
           static_cast<int>(row.state) < serving::kEndStates && static_cast<int>(row.reason) < serving::kEndReasons;
}
bool is_known(const serving::StepRecord& row, const RunDescription& run) {
    return has_pool(row.pool, run);
}
bool is_known(const serving::FleetEventRecord& row, const RunDescription& run) {
    return (row.pool == serving::kNoPool || has_pool(row.pool, run)) &&
           static_cast<int>(row.kind) < serving::kFleetEvents && static_cast<int>(row.cause) < serving::kFleetCauses;
}
bool is_known(const serving::ReplicaRecord& row, const RunDescription& run) {
    return has_pool(row.pool, run);
}
bool is_known(const NodeSeriesRow& row, const RunDescription& run) {
    return has_pool(row.pool, run);
}

void fail_rows(const std::string& path) {
    throw IoError(fmt::format("{}: holds rows that no run writes; it is damaged or was changed", path));
}

}  // namespace regatta::results
