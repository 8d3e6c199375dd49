#pragma once

#include <vector>

#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"

namespace regatta::routing {

/// The replica with the fewest requests at this instant; of several the lowest. Vidur's global scheduler of this name;
/// for agreement with it (`compat: vidur`) it counts those that wait alone, as that does: while no queue has formed,
/// the first replicas get nearly everything.
class LorRouter final : public Router {
public:
    explicit LorRouter(const RouterTarget& target);
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {load_}; }
    [[nodiscard]] bool needs_instant() const override { return true; }

private:
    serving::Load load_;
    std::vector<std::uint64_t> sizes_;  ///< by pool: 1, for requests are compared as they are
};

}  // namespace regatta::routing
