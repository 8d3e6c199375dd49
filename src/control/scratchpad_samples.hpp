#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "regatta/serving/records.hpp"

namespace regatta::control {

/// The sampled state of engines of which is known beforehand from when until when each thing lasts: intervals come in
/// any order, samples are asked for in the order of time.
class ScratchpadSamples {
public:
    /// Samples are taken at 0, `period`, ...; intervals end with `until` at the latest.
    ScratchpadSamples(SimTime period, SimTime until) : period_(period), until_(until) {}

    /// Engines of one pool and node.
    using Group = std::pair<PoolId, NodeId>;
    /// `quantity` is `value` more from after `from` up to and with `to`: a sample is the state before its instant.
    void add(const Group& group, std::int64_t serving::ReplicaSample::*quantity, std::int64_t from_ns,
             std::int64_t to_ns, std::int64_t value);
    /// Tells the sink of each group at `at`, a multiple of the period. Instants come one after the other.
    void tell(SimTime at, serving::RecordSink& sink);

private:
    struct State {
        serving::ReplicaSample now;
        std::vector<serving::ReplicaSample> changes;  ///< by sample
    };
    static serving::ReplicaSample& at(std::vector<serving::ReplicaSample>& changes, std::int64_t index);

    SimTime period_;
    SimTime until_;
    std::map<Group, State> groups_;
};

}  // namespace regatta::control
