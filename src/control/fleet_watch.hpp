#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/control/autoscaler.hpp"
#include "serving/phase.hpp"

namespace regatta::control {

/// Facts of one pool that a controller looks after.
struct ControlledPool {
    PoolId pool;
    std::uint32_t host = 0;  ///< pools of one host share servers
    LpId first_node;
    std::uint32_t first_slot = 0;  ///< of the pool's replicas on a node
    std::uint32_t replicas_per_node = 1;
    std::uint32_t first_gpu = 0;  ///< of the node, of the pool's first slot; slots follow one another
    std::uint32_t gpus_per_replica = 1;
    std::uint32_t first_replica = 0;       ///< ReplicaId of the pool's first
    std::uint64_t kv_blocks = 0;           ///< of a replica
    std::vector<serving::Phase> at_start;  ///< by replica

    [[nodiscard]] std::uint32_t replicas() const { return static_cast<std::uint32_t>(at_start.size()); }
    [[nodiscard]] std::uint32_t node_of(std::uint32_t replica) const { return replica / replicas_per_node; }
};

/// What a board shows of a pool.
enum class Watched : std::uint8_t { Phase, Requests, KvBlocks, Ended, Met };

/// What a controller knows of the fleet: what boards showed last, and what it has ordered since. Plain code.
class FleetWatch {
public:
    /// `pool_of_choice`: whose demand counts as whose.
    FleetWatch(std::vector<ControlledPool> pools, std::vector<std::uint16_t> pool_of_choice);

    [[nodiscard]] const std::vector<ControlledPool>& pools() const { return pools_; }
    void told(std::size_t pool, Watched what, std::span<const std::uint32_t> values, SimTime at);
    /// How many requests wait for a replica, by gateway and choice.
    void told_demand(std::span<const std::uint32_t> values);

    [[nodiscard]] serving::Phase phase(std::size_t pool, std::uint32_t replica) const {
        return states_[pool].phases[replica];
    }
    [[nodiscard]] std::uint32_t requests(std::size_t pool, std::uint32_t replica) const {
        return states_[pool].requests[replica];
    }
    [[nodiscard]] SimTime idle_since(std::size_t pool, std::uint32_t replica) const {
        return states_[pool].idle_since[replica];
    }
    [[nodiscard]] bool is_wanted(std::size_t pool, std::uint32_t replica) const {
        return states_[pool].is_wanted[replica];
    }
    void want(std::size_t pool, std::uint32_t replica, bool is_wanted) { states_[pool].is_wanted[replica] = is_wanted; }
    [[nodiscard]] std::uint64_t demand(std::size_t pool) const { return states_[pool].demand; }

    /// Wanted, and nothing is known that keeps it from serving.
    [[nodiscard]] bool counts(std::size_t pool, std::uint32_t replica) const;
    /// For the pool's policy. What it has finished counts from one call to the next.
    [[nodiscard]] PoolState state_of(std::size_t pool, SimTime now);
    /// Could serve at once, and is not wanted: its hardware is there and no wanted replica has its GPUs.
    [[nodiscard]] bool is_free(std::size_t pool, std::uint32_t replica) const;
    struct Place {
        std::size_t pool = 0;
        std::uint32_t replica = 0;
    };
    /// The wanted replicas of other pools that have GPUs of this one.
    [[nodiscard]] std::vector<Place> in_the_way(std::size_t pool, std::uint32_t replica) const;
    /// Outstanding and waiting requests per replica that serves or is about to.
    [[nodiscard]] double load_of(std::size_t pool) const;
    [[nodiscard]] bool has_work() const;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& states_;
    }

private:
    struct State {
        std::vector<serving::Phase> phases;
        std::vector<std::uint32_t> requests;
        std::vector<std::uint32_t> kv_blocks;
        std::vector<std::uint32_t> ended;
        std::vector<std::uint32_t> met;
        std::vector<SimTime> idle_since;
        std::vector<bool> is_wanted;
        std::uint64_t demand = 0;
        std::uint64_t ended_since = 0;  ///< since the last decision
        std::uint64_t met_since = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& phases& requests& kv_blocks& ended& met& idle_since& is_wanted& demand& ended_since& met_since;
        }
    };
    std::vector<ControlledPool> pools_;
    std::vector<std::uint16_t> pool_of_choice_;
    std::vector<State> states_;  ///< by pool
};

}  // namespace regatta::control
