#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "serving/step_sample.hpp"

namespace regatta::serving {

/// Facts of a replica that do not change.
struct ReplicaFacts {
    ReplicaId id;
    NodeId node;
    PoolId pool;
    std::uint32_t gpus = 1;
    std::int64_t kv_blocks = 0;
    std::uint32_t stages = 1;            ///< of its pipeline
    std::int64_t max_queue = INT64_MAX;  ///< requests that may wait for a batch
    /// Steps that start in [record_from, record_to) and are in the sample are recorded; none by default.
    SimTime record_from = SimTime::never();
    SimTime record_to = SimTime::never();
    StepSample record_sample = {};

    [[nodiscard]] bool records_step(SimTime start) const {
        return start >= record_from && start < record_to && record_sample.takes(id, start);
    }
};

}  // namespace regatta::serving
