#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::control {

/// A replica that could make room for one of another pool on the same GPUs.
struct Donor {
    std::uint16_t pool = 0;
    std::uint32_t replica = 0;      ///< within its pool
    std::uint32_t outstanding = 0;  ///< requests
    SimTime idle_since;             ///< never while it has requests
    double pool_load = 0;           ///< outstanding requests per serving replica of its pool
};

/// Chooses which replica makes room for one of a pool that needs more. Plain code: no engine.
class Reprovisioner {
public:
    virtual ~Reprovisioner() = default;
    /// Index of the chosen one; none: nobody has to give way now. `load`: requests that wait or are outstanding in the
    /// pool that needs more, per replica that serves it. `number` counts decisions, for addressed random numbers.
    [[nodiscard]] virtual std::optional<std::size_t> choose(const std::vector<Donor>& donors, double load, SimTime now,
                                                            std::uint64_t number) = 0;
    /// Whether replicas move before anybody has to wait, by how the pools' loads compare.
    [[nodiscard]] virtual bool is_demand_driven() const { return false; }
};

}  // namespace regatta::control
