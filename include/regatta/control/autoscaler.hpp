#pragma once

#include <cstdint>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/time.hpp"

namespace regatta::control {

/// What a controller knows of a pool when it decides.
struct PoolState {
    SimTime now;                    ///< what is known is a report older
    std::uint32_t current = 0;      ///< replicas that serve or are about to, less the spares
    std::uint32_t ready = 0;        ///< of them, that serve
    std::uint64_t outstanding = 0;  ///< requests at its replicas, and those that wait at gateways for one
    std::uint64_t kv_blocks_used = 0;
    std::uint64_t kv_blocks = 0;  ///< of one replica
    std::uint64_t ended = 0;      ///< requests finished since the last decision
    std::uint64_t met = 0;        ///< of them, within their stream's targets
};

/// What of it a policy looks at: nothing else is reported.
struct PoolWatch {
    bool requests = false;
    bool kv_blocks = false;
    bool attainment = false;
};

/// How many replicas a pool should have. Plain code: no engine, no clock but the one it is told. Bounds, steps and
/// stabilisation are not its business (control/scaling.hpp).
class Autoscaler {
public:
    virtual ~Autoscaler() = default;
    [[nodiscard]] virtual std::uint32_t wanted(const PoolState& pool) = 0;
    [[nodiscard]] virtual PoolWatch looks_at() const = 0;
};

}  // namespace regatta::control
