#pragma once

#include <cstdint>

#include "regatta/routing/registry.hpp"

namespace regatta::routing {

/// A place in the circle of the replicas, kept by one gateway.
/// Invariant: at() is below the number of replicas.
class Cursor {
public:
    /// Gateways start evenly spread, gateway g of G at replica g * replicas / G: from a common start they would march
    /// in step and send each burst to the same few replicas.
    explicit Cursor(const RouterTarget& target);

    [[nodiscard]] std::uint32_t at() const { return at_; }
    void move_behind(std::uint32_t replica) { at_ = replica + 1 == replicas_ ? 0 : replica + 1; }
    /// Throws BugError when `at` is no replica.
    void restore(std::uint64_t at);

private:
    std::uint32_t replicas_;
    std::uint32_t at_;
};

}  // namespace regatta::routing
