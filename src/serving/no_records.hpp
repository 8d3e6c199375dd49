#pragma once

#include "regatta/serving/records.hpp"

namespace regatta::serving {

/// For a fleet whose results nobody reads.
class NoRecords final : public RecordSink {
public:
    void request_ended(const RequestRecord& /*record*/) override {}
    void replica_ended(const ReplicaRecord& /*record*/) override {}
    void step_times(const StepTimes& /*times*/) override {}
    void inter_token_gaps(PoolId /*pool*/, SimTime /*gap*/, std::int64_t /*count*/, SimTime /*total*/) override {}
    void batches(PoolId /*pool*/, std::int64_t /*sequences*/, std::int64_t /*count*/) override {}
    void step(const StepRecord& /*record*/) override {}
    void fleet_changed(const FleetEventRecord& /*record*/) override {}
    void sample(PoolId /*pool*/, NodeId /*node*/, SimTime /*at*/, const ReplicaSample& /*sample*/) override {}
};

}  // namespace regatta::serving
