#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/load.hpp"
#include "routing/stamped_table.hpp"

namespace regatta::routing {

/// A pool's replicas themselves, for who may look at them.
class ReplicaLook {
public:
    virtual ~ReplicaLook() = default;
    /// Of `replica` within the pool, before anything that happens at this instant.
    [[nodiscard]] virtual std::uint64_t load(serving::Load load, std::uint32_t replica) const = 0;
};

/// The replicas of a pool as they are at this instant, and on top what gateways have sent them within it: that counts
/// at once, and reaches a replica only after all gateways have routed what arrives then. Shared by the gateways of the
/// island, who live on one rank.
class InstantPool {
public:
    /// From now until looks_away() loads are those of `now`.
    void looks(SimTime now, const ReplicaLook& look) {
        look_ = &look;
        if (now == now_) return;
        now_ = now;
        for (StampedTable& table : sent_)
            table.clear();
    }
    void looks_away() { look_ = nullptr; }

    [[nodiscard]] std::uint64_t load(serving::Load load, std::uint32_t replica) const {
        REGATTA_CHECK(look_ != nullptr, "a gateway asks for loads of an instant outside of one");
        return look_->load(load, replica) + sent_[serving::index_of(load)].of(replica);
    }
    void dispatched(serving::Load load, std::uint32_t replica, std::uint32_t amount) {
        sent_[serving::index_of(load)][replica] += amount;
    }

private:
    const ReplicaLook* look_ = nullptr;
    SimTime now_ = SimTime::never();
    std::array<StampedTable, serving::kLoads> sent_;  ///< at `now_`, by load and replica
};

}  // namespace regatta::routing
