#pragma once

#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "regatta/base/sketch.hpp"
#include "regatta/serving/records.hpp"

namespace regatta::serving {

/// Keeps everything it is told, for tests to look at.
class RecordingSink final : public RecordSink {
public:
    struct Sample {
        PoolId pool;
        NodeId node;
        SimTime at;
        ReplicaSample state;
    };

    void request_ended(const RequestRecord& record) override { requests.push_back(record); }
    void replica_ended(const ReplicaRecord& record) override { replicas.push_back(record); }
    void step_times(const StepTimes& times) override {
        lengths[times.pool].fill_both(times.length, times.count, times.total, times.gaps_each, &gaps[times.pool]);
    }
    void inter_token_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) override {
        gaps[pool].fill_bucket(gap, count, total);
    }
    void batches(PoolId pool, std::int64_t sequences, std::int64_t count) override {
        batch_steps[{pool, sequences}] += count;
    }
    void step(const StepRecord& record) override { steps.push_back(record); }
    void fleet_changed(const FleetEventRecord& record) override { events.push_back(record); }
    void sample(PoolId pool, NodeId node, SimTime at, const ReplicaSample& state) override {
        samples.push_back({pool, node, at, state});
    }

    std::vector<RequestRecord> requests;
    std::vector<ReplicaRecord> replicas;
    std::map<PoolId, LatencySketch> gaps;
    std::map<PoolId, LatencySketch> lengths;                              ///< of steps
    std::map<std::pair<PoolId, std::int64_t>, std::int64_t> batch_steps;  ///< by pool and sequences
    std::vector<StepRecord> steps;
    std::vector<FleetEventRecord> events;
    std::vector<Sample> samples;
};

/// All members, for comparisons and messages.
inline auto fields(const ReplicaRecord& r) {
    return std::tuple(r.replica, r.node, r.pool, r.gpus, r.steps, r.busy_ns, r.prefill_tokens, r.decode_tokens,
                      r.finished, r.preemptions, r.kv_blocks, r.kv_blocks_peak, r.sequences, r.samples,
                      r.attended_tokens, r.window_attended_tokens, r.moved_kv_tokens, r.window_moved_kv_tokens,
                      r.experts_read_1024);
}
inline auto fields(const StepRecord& s) {
    return std::tuple(s.start_ns, s.end_ns, s.replica, s.pool, s.decodes, s.prefills, s.prefill_tokens, s.samples,
                      s.decode_context_tokens, s.kv_blocks_used, s.projections_ns, s.mlp_ns, s.experts_ns,
                      s.attention_prefill_ns, s.attention_decode_ns, s.head_ns, s.collectives_ns, s.other_ns,
                      s.overhead_ns);
}
inline auto fields(const ReplicaSample& s) {
    return std::tuple(s.waiting, s.running, s.kv_blocks_used, s.busy_replicas, s.kv_tokens);
}

}  // namespace regatta::serving
