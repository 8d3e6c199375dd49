#include "routing/power_of_two.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/random.hpp"

namespace regatta::routing {
namespace {

/// What `request` draws: with all replicas tied the first is chosen; with the first raised above the others the second.
std::pair<std::uint32_t, std::uint32_t> drawn_by(PowerOfTwoRouter& router, RequestId request, std::uint32_t replicas) {
    KnownFleet fleet({replicas});
    const std::uint32_t first = fleet.choose(router, request.value());
    fleet.dispatched(first);
    return {first, fleet.choose(router, request.value())};
}

TEST(PowerOfTwoRouter, HasNoChoiceInAPoolOfOne) {
    PowerOfTwoRouter router({.pools = {{.replicas = 1}}});
    KnownFleet fleet({1});
    EXPECT_EQ(fleet.choose(router, 5), 0u);
}

TEST(PowerOfTwoRouter, NeverChoosesTheFullerOfTwo) {
    PowerOfTwoRouter router({.pools = {{.replicas = 2}}, .seed = 11});
    KnownFleet fleet({2});
    fleet.dispatched(0);
    for (std::uint64_t request = 0; request < 200; ++request) {
        SCOPED_TRACE(request);
        EXPECT_EQ(fleet.choose(router, request), 1u);
    }
}

TEST(PowerOfTwoRouter, DrawsEveryOrderedPairOfDifferentReplicas) {
    PowerOfTwoRouter router({.pools = {{.replicas = 4}}, .seed = 11});
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::uint64_t request = 0; request < 500; ++request) {
        const auto drawn = drawn_by(router, RequestId(request), 4);
        EXPECT_NE(drawn.first, drawn.second);
        pairs.insert(drawn);
    }
    EXPECT_EQ(pairs.size(), 12u);
}

TEST(PowerOfTwoRouter, KeepsTheFirstDrawnOnATie) {
    PowerOfTwoRouter router({.pools = {{.replicas = 50}}, .seed = 11});
    KnownFleet fleet({50});
    for (std::uint64_t request = 0; request < 50; ++request) {
        SCOPED_TRACE(request);
        const std::uint64_t first = uniform_below(50, random_bits(11, RandomPurpose::Route, request, 0));
        EXPECT_EQ(fleet.choose(router, request), first);
    }
}

TEST(PowerOfTwoRouter, KeepsTheFullestFarBelowWhatOneChoiceGives) {
    // n balls into n bins: the fullest holds about log n / log log n after one choice, log log n / log 2 after the
    // better of two (Mitzenmacher 2001): 9 or so against 4 or 5 for n = 100,000.
    constexpr std::uint32_t kReplicas = 100'000;
    PowerOfTwoRouter router({.pools = {{.replicas = kReplicas}}, .seed = 11});
    KnownFleet fleet({kReplicas});
    std::uint64_t fullest = 0;
    for (std::uint64_t request = 0; request < kReplicas; ++request) {
        const std::uint32_t replica = fleet.choose(router, request);
        fleet.dispatched(replica);
        fullest = std::max(fullest, fleet.load(replica));
    }
    EXPECT_LE(fullest, 5u);
}

}  // namespace
}  // namespace regatta::routing
