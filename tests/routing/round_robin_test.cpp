#include "routing/round_robin.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

TEST(RoundRobinRouter, TakesReplicasInCircles) {
    RoundRobinRouter router({.pools = {{.replicas = 3}}});
    KnownFleet fleet({3});
    std::vector<std::uint32_t> chosen;
    for (std::uint64_t request = 0; request < 7; ++request)
        chosen.push_back(fleet.choose(router, request));
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(RoundRobinRouter, StartsGatewaysEvenlySpread) {
    KnownFleet fleet({10});
    std::vector<std::uint32_t> starts;
    for (std::uint32_t gateway = 0; gateway < 4; ++gateway) {
        RoundRobinRouter router({.pools = {{.replicas = 10}}, .gateway = gateway, .gateways = 4});
        starts.push_back(fleet.choose(router, 0));
    }
    EXPECT_EQ(starts, (std::vector<std::uint32_t>{0, 2, 5, 7}));
}

TEST(RoundRobinRouter, StartsInRangeWithMoreGatewaysThanFitIn32BitsOfProduct) {
    RoundRobinRouter router({.pools = {{.replicas = 1'000'000}}, .gateway = 99'999, .gateways = 100'000});
    EXPECT_EQ(router.state(), 999'990u);
}

TEST(RoundRobinRouter, RefusesAStateThatIsNoReplica) {
    RoundRobinRouter router({.pools = {{.replicas = 3}}});
    EXPECT_THROW(router.restore(3), BugError);
}

}  // namespace
}  // namespace regatta::routing
