#pragma once

#include <optional>
#include <span>
#include <string>

#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/run_description.hpp"

namespace regatta::results::vidur {

/// What a quantity was over the whole run, from time 0 to its end; without what cannot be told.
struct Meter {
    std::optional<double> min;
    std::optional<double> max;
    std::optional<double> weighted_mean;  ///< over time
};

/// KV blocks in use, percent of those there are. `steps`: all of the replica's, by start and end; none where not all
/// were recorded, and then only the maximum is known. In use is what the batch formed last had, until the next one is
/// formed, and nothing while none is under way.
[[nodiscard]] Meter memory_usage(const serving::ReplicaRecord& replica,
                                 std::optional<std::span<const serving::StepRecord>> steps, SimTime end);

/// Percent of the time that a stage computes: 100 or 0. Of a pipeline, the mean of its stages.
[[nodiscard]] Meter busy_time(const serving::ReplicaRecord& replica, SimTime end);

/// Operations that the model needs, percent of what the GPUs could do; the maximum is not known. Of a pipeline, the
/// mean of its stages.
[[nodiscard]] Meter model_flops_utilisation(const serving::ReplicaRecord& replica, const PoolDescription& pool,
                                            SimTime end);

/// DIRECTORY/replica_R_memory_usage.json, and replica_R_stage_S_busy_time_percent.json and _mfu.json of each stage;
/// replicas and stages count from 0.
void write_replica_metrics(const std::string& directory, const serving::ReplicaRecord& replica,
                           std::optional<std::span<const serving::StepRecord>> steps, const PoolDescription& pool,
                           SimTime end);

}  // namespace regatta::results::vidur
