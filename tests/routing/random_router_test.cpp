#include "routing/random_router.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "known_fleet.hpp"

namespace regatta::routing {
namespace {

TEST(RandomRouter, ChoosesAllReplicasEquallyOften) {
    RandomRouter router({.pools = {{.replicas = 10}}, .seed = 3});
    KnownFleet fleet({10});
    std::vector<int> chosen(10, 0);
    for (std::uint64_t request = 0; request < 100'000; ++request)
        ++chosen[fleet.choose(router, request)];
    // Chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds; the seed is fixed.
    double chi_square = 0;
    for (const int count : chosen)
        chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
    EXPECT_LT(chi_square, 27.9);
}

TEST(RandomRouter, FollowsFromSeedAndRequestWhateverWasAskedBefore) {
    RandomRouter asked_before({.pools = {{.replicas = 1000}}, .gateway = 0, .gateways = 2, .seed = 3});
    RandomRouter fresh({.pools = {{.replicas = 1000}}, .gateway = 1, .gateways = 2, .seed = 3});
    KnownFleet fleet({1000});
    (void)fleet.choose(asked_before, 8);
    EXPECT_EQ(fleet.choose(asked_before, 9), fleet.choose(fresh, 9));
}

TEST(RandomRouter, ChangesWithTheSeed) {
    RandomRouter one({.pools = {{.replicas = 1'000'000}}, .seed = 1});
    RandomRouter other({.pools = {{.replicas = 1'000'000}}, .seed = 2});
    KnownFleet fleet({1'000'000});
    EXPECT_NE(fleet.choose(one, 9), fleet.choose(other, 9));
}

}  // namespace
}  // namespace regatta::routing
