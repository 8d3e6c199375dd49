#pragma once

#include "regatta/serving/records.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "serving/replica_facts.hpp"

namespace regatta::serving {

/// The sums of a replica before its first step.
[[nodiscard]] ReplicaRecord blank_record(const ReplicaFacts& facts);
/// The row of a step, but for when it was and the KV blocks in use.
[[nodiscard]] StepRecord describe_step(const ReplicaFacts& facts, const timing::BatchShape& shape,
                                       const timing::StepParts& parts);

}  // namespace regatta::serving
