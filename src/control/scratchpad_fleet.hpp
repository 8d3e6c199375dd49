#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serving/scratchpad_engine.hpp"

/// What runs under `compat: scratchpad`. Times in seconds, as that simulator has them.
namespace regatta::control {

enum class ScratchpadRouter { Random, LeastLoaded, MostGpus, FewestGpus, Affinity };

/// Engines of one model on one kind of GPU: a pool of the results.
struct ScratchpadKind {
    std::shared_ptr<const serving::ScratchpadTimes> times;  ///< shared by the scenario's copies and the fleet
    std::int64_t blocks = 0;                                ///< of the KV cache of one engine
    std::uint16_t model = 0;
};

struct ScratchpadNode {
    std::uint32_t id = 0;             ///< as the environment numbers it
    std::vector<std::uint16_t> gpus;  ///< of each the type
    std::uint16_t model = 0;          ///< that it loads at first
    double loading_s = 0;             ///< of that
};

struct ScratchpadEngines {
    std::uint16_t kind = 0;
    std::uint32_t count = 1;
};

struct ScratchpadChange {
    double at_s = 0;
    std::uint16_t kind = 0;
    std::int64_t count = 0;  ///< engines to add; below 0 nothing happens
};

struct ScratchpadFleet {
    std::vector<ScratchpadKind> kinds;  ///< element i is PoolId(i)
    // Nodes, re-provisioned between models; none: engines.
    std::vector<ScratchpadNode> nodes;
    std::vector<std::vector<std::uint16_t>> kind_of;  ///< by type of GPU, then by model
    std::vector<double> reprovisioning_s;             ///< by model
    std::vector<std::int64_t> model_bytes;            ///< on disk, by model
    ScratchpadRouter router = ScratchpadRouter::Random;
    // Engines, in order of creation, each of its own.
    std::vector<ScratchpadEngines> engines;
    std::vector<ScratchpadChange> changes;  ///< by time

    [[nodiscard]] bool has_nodes() const { return !nodes.empty(); }
};

/// Who serves: numbers as results have them.
struct ScratchpadPlace {
    std::uint32_t replica = 0;
    std::uint32_t node = 0;
    std::uint16_t kind = 0;
};

/// A change of the fleet, see serving::FleetEventRecord.
struct ScratchpadEvent {
    double start_s = 0;
    double end_s = 0;
    std::int64_t amount = 0;
    std::uint32_t node = serving::kNoNode;
    std::uint32_t replica = serving::kNoReplica;
    std::uint32_t gpu = serving::kNoGpu;
    std::uint16_t pool = serving::kNoPool;
    serving::FleetEvent kind = serving::FleetEvent::Loading;
    serving::FleetCause cause = serving::FleetCause::Start;
};

/// Is told what happens, in the order in which that simulator decides it; times need not rise.
class ScratchpadWatcher {
public:
    virtual ~ScratchpadWatcher() = default;
    /// An engine comes into being; one that is there already under this number goes on.
    virtual void made(const ScratchpadPlace& place, double at_s) = 0;
    virtual void gone(const ScratchpadPlace& place, double at_s) = 0;
    virtual void iterated(const ScratchpadPlace& place, const serving::ScratchpadIteration& iteration) = 0;
    /// Told when it begins.
    virtual void changed(const ScratchpadEvent& event) = 0;
};

}  // namespace regatta::control
