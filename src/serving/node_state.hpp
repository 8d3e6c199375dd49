#pragma once

#include <cstdint>

#include "regatta/engine/logical_process.hpp"
#include "regatta/serving/load.hpp"

namespace regatta::serving {

/// What another member of the island may ask of a node that it peeks at, whatever kind of replicas it has. Between the
/// engine's interface and the node itself, for a peek gives the one and asks the other.
class NodeState : public engine::LogicalProcess {
public:
    /// Of the replica in `slot`, before anything that happens at this instant and is later in its order than the peek.
    /// The load must be among those that the node was told others look at.
    [[nodiscard]] virtual std::int64_t load_of(Load load, std::uint32_t slot) const = 0;
};

}  // namespace regatta::serving
