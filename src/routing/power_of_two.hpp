#pragma once

#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"

namespace regatta::routing {

/// Two different replicas drawn at random, all equally likely whatever they weigh; the one with fewer outstanding
/// requests in the gateway's view, on a tie the first drawn. A single replica leaves no choice. The draw follows from
/// seed and request id alone. Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE
/// Trans. Parallel Distrib. Syst. 12(10), 2001, pp. 1094-1104.
class PowerOfTwoRouter final : public Router {
public:
    explicit PowerOfTwoRouter(const RouterTarget& target) : replicas_(target.replicas()), seed_(target.seed) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }

private:
    std::uint32_t replicas_;
    std::uint64_t seed_;
};

}  // namespace regatta::routing
