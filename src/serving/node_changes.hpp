#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "serving/outages.hpp"
#include "serving/phase.hpp"
#include "serving/weight_loading.hpp"

namespace regatta::serving {

/// What a controller may want of a node.
enum class Order : std::uint8_t {
    Provision,  ///< the replica is to serve
    Retire,     ///< it is not to serve any more: drains
    Install,    ///< its hardware is there from now on; it is to serve
    Uninstall,  ///< its hardware goes: drains
    Rip,        ///< its hardware goes at once
    Update,     ///< the whole node: drains, is maintained for the duration, and serves again
};

/// An order as it is sent.
struct OrderMessage {
    std::int64_t duration_ns = 0;
    std::uint32_t slot = 0;  ///< of the node's replicas
    Order order = Order::Provision;
    FleetCause cause = FleetCause::Script;
};

/// One replica of a node, as far as the node's changes go.
struct ReplicaSlot {
    PoolId pool;
    ReplicaId replica;
    std::uint32_t first_gpu = 0;
    std::uint32_t gpus = 1;
    double weight_bytes = 0;
    SimTime warm_up;
    WeightSource source = WeightSource::Disk;
    Phase at_start = Phase::Ready;  ///< Ready, Off or Absent
};

/// What changes about a node and its replicas, decided: GPUs fail and are repaired, orders come, weights load, replicas
/// warm up, drain and start over. Plain code without an engine: told the time, it says what it wants done.
///
/// A replica serves when that is wanted, its hardware is there and whole, and no other replica holds its GPUs; on the
/// way there it loads and warms up. When one of these ends it drains, but where its hardware failed it loses what it
/// had at once.
class NodeChanges {
public:
    struct Setup {
        std::vector<ReplicaSlot> slots;
        std::vector<FailingPart> parts;
        LoadRates rates;
        double host_memory_bytes = 0;  ///< for weights that were loaded before
        std::uint32_t gpus = 0;
        NodeId first_node;  ///< of those that are this process
        std::uint64_t seed = 0;
        FailureSeason failures;                  ///< by chance
        SimTime drain_grace;                     ///< after the order gateways may still send for so long
        SimTime drain_limit = SimTime::never();  ///< after so long what still runs is lost
    };
    /// What the changes do to the replicas themselves.
    class Host {
    public:
        virtual ~Host() = default;
        /// Its requests are lost; it starts anew, empty. How many they were.
        virtual std::int64_t lose(std::uint32_t slot, SimTime now) = 0;
        [[nodiscard]] virtual std::int64_t outstanding(std::uint32_t slot) const = 0;
        virtual void phase_changed(std::uint32_t slot, Phase phase) = 0;
        virtual void tell(const FleetEventRecord& record) = 0;
    };

    explicit NodeChanges(Setup setup);

    [[nodiscard]] Phase phase(std::uint32_t slot) const { return states_[slot].phase; }
    /// Whether a request that comes now is let in.
    [[nodiscard]] bool takes(std::uint32_t slot) const {
        return states_[slot].phase == Phase::Ready || states_[slot].phase == Phase::Draining;
    }
    /// When it wants to be woken.
    [[nodiscard]] SimTime wake_at() const;
    void wake(SimTime now, Host& host);
    void order(const OrderMessage& message, SimTime now, Host& host);
    /// The replica has nothing left: it may have been waited for.
    void emptied(std::uint32_t slot, SimTime now, Host& host) {
        if (states_[slot].phase == Phase::Draining) settle(now, host);
    }
    /// Tells what goes on at the end of the run.
    void finish(SimTime end, Host& host);

    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    struct State {
        Phase phase = Phase::Ready;
        bool is_wanted = true;
        bool is_installed = true;
        SimTime since;                         ///< in this phase
        SimTime until = SimTime::never();      ///< of warming up; of draining: nothing can come any more
        SimTime kill_at = SimTime::never();    ///< of draining
        FleetCause cause = FleetCause::Start;  ///< of the last order
        FleetCause why = FleetCause::Start;    ///< of this phase

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/);
    };
    void settle(SimTime now, Host& host);
    [[nodiscard]] bool step(std::uint32_t slot, SimTime now, Host& host);
    [[nodiscard]] bool start(std::uint32_t slot, SimTime now, Host& host);
    [[nodiscard]] bool drain(std::uint32_t slot, SimTime now, Host& host);
    void enter(std::uint32_t slot, Phase phase, SimTime now, Host& host);
    [[nodiscard]] FleetCause cause_to_enter(std::uint32_t slot, Phase next) const;
    void lose(std::uint32_t slot, SimTime now, Host& host);
    void turn_parts(SimTime now, Host& host);
    void turn_update(SimTime now, Host& host);
    [[nodiscard]] bool has_hardware(const FailingPart& part) const;
    void tell_outage(const PartState& part, SimTime since, SimTime until, Host& host) const;
    [[nodiscard]] bool is_whole(std::uint32_t slot) const;
    [[nodiscard]] bool is_free_for(std::uint32_t slot) const;
    [[nodiscard]] bool wants(std::uint32_t slot) const;
    [[nodiscard]] Phase resting(std::uint32_t slot) const;
    [[nodiscard]] WeightSource source_for(std::uint32_t slot);
    void keep_in_host(std::uint32_t slot);
    void tell_span(std::uint32_t slot, SimTime now, Host& host) const;
    [[nodiscard]] FleetEventRecord record_of(std::uint32_t slot, FleetEvent kind) const;

    struct Cached {
        std::uint16_t pool = 0;
        double bytes = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& pool& bytes;
        }
    };
    Setup setup_;
    std::vector<State> states_;  ///< by slot
    std::vector<PartState> parts_;
    std::vector<std::uint8_t> is_noticed_;  ///< by part: it failed where there was hardware
    std::vector<std::uint32_t> down_;       ///< by GPU: failed parts that it is in
    WeightLoads loads_;
    std::vector<Cached> cache_;  ///< weights in host memory, the least recently used first
    bool wants_update_ = false;  ///< drains for it
    SimTime update_length_;
    SimTime update_since_;
    SimTime update_end_ = SimTime::never();  ///< while it is being maintained
};

}  // namespace regatta::serving
