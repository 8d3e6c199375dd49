#pragma once

#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"

namespace regatta::routing {

/// Every replica equally often, whatever is outstanding there: what a stateless balancer does. The choice follows from
/// seed and request id alone.
class RandomRouter final : public Router {
public:
    explicit RandomRouter(const RouterTarget& target) : replicas_(target.replicas()), seed_(target.seed) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;

private:
    std::uint32_t replicas_;
    std::uint64_t seed_;
};

}  // namespace regatta::routing
