#pragma once

#include <vector>

#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"

namespace regatta::routing {

/// The replica whose free KV blocks are the fewest that still hold the request's prompt, so that large holes are left
/// for large requests; the first of several. Where none holds it, the one with the most. Looks at every candidate:
/// linear in their number.
class BestFitRouter final : public Router {
public:
    explicit BestFitRouter(const RouterTarget& target) : pools_(target.pools) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::KvBlocks}; }

private:
    std::vector<RouterTarget::Pool> pools_;
};

}  // namespace regatta::routing
