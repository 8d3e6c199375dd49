#pragma once

#include <memory>
#include <vector>

#include "regatta/engine/model.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::engine::test {

/// Where a run is interrupted on its way.
struct Pauses {
    std::vector<SimTime> at;
    /// Whether each part is run by a simulation of its own, which loads what the one before has saved; else one
    /// simulation runs all parts.
    bool are_saved = false;
};

/// What the ranks of a run have saved, by rank.
using SavedParts = std::vector<Buffer>;
void load_parts(Simulation& simulation, const SavedParts& parts);

/// One rank's run to `until` with pauses, to the end: with `finish`. Called by all ranks.
RunReport run_in_parts(const Model& model, const Partition& partition, Transport& transport, SimTime until,
                       const Pauses& pauses, Bound bound = Bound::Promises, ExchangeWay way = ExchangeWay::Auto);

}  // namespace regatta::engine::test
