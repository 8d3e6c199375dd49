#pragma once

#include <cstdint>
#include <memory>

#include "regatta/serving/load.hpp"
#include "routing/instant_pool.hpp"

namespace regatta::routing {

/// One load of a pool's replicas as it is. Has no state of its own: what there is to know stands in the replicas.
class InstantLoads {
public:
    InstantLoads(serving::Load load, std::uint32_t replicas, std::shared_ptr<InstantPool> pool);

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }
    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const { return pool_->load(load_, replica); }
    void dispatched(std::uint32_t replica, std::uint32_t amount) { pool_->dispatched(load_, replica, amount); }
    /// Looks at every replica.
    [[nodiscard]] std::uint32_t least(std::uint32_t start) const;

    template <class Archive>
    void serialize(Archive& /*archive*/, unsigned /*version*/) {}

private:
    serving::Load load_;
    std::uint32_t replicas_;
    std::shared_ptr<InstantPool> pool_;  ///< of the views of all gateways of the island and who made them, in common
};

}  // namespace regatta::routing
