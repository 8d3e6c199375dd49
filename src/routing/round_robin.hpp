#pragma once

#include "regatta/routing/router.hpp"
#include "routing/cursor.hpp"

namespace regatta::routing {

/// One replica after the other, in circles. Each gateway keeps its own place and starts where Cursor says, so that
/// gateways do not march in step; over all gateways the counts are even to within one per gateway.
class RoundRobinRouter final : public Router {
public:
    explicit RoundRobinRouter(const RouterTarget& target) : cursor_(target) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] std::uint64_t state() const override { return cursor_.at(); }
    void restore(std::uint64_t state) override { cursor_.restore(state); }

private:
    Cursor cursor_;
};

}  // namespace regatta::routing
