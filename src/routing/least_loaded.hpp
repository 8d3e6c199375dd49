#pragma once

#include <cstdint>
#include <vector>

#include "regatta/routing/router.hpp"
#include "routing/cursor.hpp"

namespace regatta::routing {

/// The replica with the least of one load in the gateway's view; of several the first after the last choice, so that
/// ties rotate. Gateways start as for round_robin.
///
/// Requests and tokens are compared as they are, whatever pool a replica belongs to and whatever it weighs; KV blocks
/// as a share of the replica's.
///
/// As good as the view: between two periodic reports every gateway sees the same few replicas at the bottom and sends
/// its next requests there until its own dispatches have filled them, so with many gateways and rare reports the herd
/// runs from one small group of replicas to the next. That is how such balancers behave; power_of_two suffers less.
/// Source: Mitzenmacher, "How Useful Is Old Information?", IEEE Trans. Parallel Distrib. Syst. 11(1), 2000, pp. 6-20.
class LeastLoadedRouter final : public Router {
public:
    LeastLoadedRouter(serving::Load load, const RouterTarget& target);
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {load_}; }
    [[nodiscard]] std::uint64_t state() const override { return cursor_.at(); }
    void restore(std::uint64_t state) override { cursor_.restore(state); }

private:
    serving::Load load_;
    Cursor cursor_;
    std::vector<std::uint64_t> sizes_;  ///< by pool: what its loads are measured by
};

}  // namespace regatta::routing
