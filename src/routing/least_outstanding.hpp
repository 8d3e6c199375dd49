#pragma once

#include "regatta/routing/router.hpp"
#include "routing/cursor.hpp"

namespace regatta::routing {

/// The replica with the fewest outstanding requests in the gateway's view; of several the first after the last choice,
/// so that ties rotate. Gateways start as for round_robin.
///
/// As good as the view: between two periodic reports every gateway sees the same few replicas at the bottom and sends
/// its next requests there until its own dispatches have filled them, so with many gateways and rare reports the herd
/// runs from one small group of replicas to the next. That is how such balancers behave; power_of_two suffers less.
/// Source: Mitzenmacher, "How Useful Is Old Information?", IEEE Trans. Parallel Distrib. Syst. 11(1), 2000, pp. 6-20.
class LeastOutstandingRouter final : public Router {
public:
    explicit LeastOutstandingRouter(const RouterTarget& target) : cursor_(target) {}
    [[nodiscard]] std::uint32_t choose(RequestId request, OutstandingView& view) override;
    [[nodiscard]] std::uint64_t state() const override { return cursor_.at(); }
    void restore(std::uint64_t state) override { cursor_.restore(state); }

private:
    Cursor cursor_;
};

}  // namespace regatta::routing
