#include "routing/least_loaded.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "known_fleet.hpp"

namespace regatta::routing {
namespace {

TEST(LeastLoadedRouter, RotatesAmongTies) {
    LeastLoadedRouter router(serving::Load::Requests, {.pools = {{.replicas = 4}}, .gateway = 1, .gateways = 2});
    KnownFleet fleet({4});
    std::vector<std::uint32_t> chosen;
    for (std::uint64_t request = 0; request < 5; ++request) {
        const std::uint32_t replica = fleet.choose(router, request);
        chosen.push_back(replica);
        fleet.dispatched(replica);
        fleet.completed(replica);  // at once: all four stay tied
    }
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{2, 3, 0, 1, 2}));
}

TEST(LeastLoadedRouter, HerdsOntoTheReplicasThatAStaleReportShowsIdle) {
    LeastLoadedRouter router(serving::Load::Requests, {.pools = {{.replicas = 4}}});
    KnownFleet fleet({4}, Reports::Periodic);
    const std::vector<std::uint32_t> report = {9, 9, 0, 9};
    fleet.pool(0).reported(serving::Load::Requests, report, SimTime::from_ms(100));
    for (std::uint64_t request = 0; request < 9; ++request) {
        SCOPED_TRACE(request);
        const std::uint32_t replica = fleet.choose(router, request);
        EXPECT_EQ(replica, 2u);
        fleet.dispatched(replica, request_of(request), SimTime::from_ms(101));
    }
    EXPECT_EQ(fleet.load(2), 9u);
}

RC_GTEST_PROP(LeastLoadedRouter, AlwaysChoosesAMinimum, (const std::vector<std::uint8_t>& wanted)) {
    RC_PRE(!wanted.empty());
    const auto replicas = static_cast<std::uint32_t>(wanted.size());
    KnownFleet fleet({replicas});
    LeastLoadedRouter router(serving::Load::Requests, {.pools = {{.replicas = replicas}}});
    for (std::uint32_t replica = 0; replica < replicas; ++replica)
        for (int i = 0; i < wanted[replica] % 4; ++i)
            fleet.dispatched(replica);
    for (std::uint64_t request = 0; request < 20; ++request) {
        const std::uint32_t chosen = fleet.choose(router, request);
        for (std::uint32_t replica = 0; replica < replicas; ++replica)
            RC_ASSERT(fleet.load(chosen) <= fleet.load(replica));
        fleet.dispatched(chosen);
    }
}

TEST(LeastLoadedRouter, ComparesRequestsAndTokensUnweighted) {
    const RouterTarget target = {.pools = {{.replicas = 1, .weight = 10'000'000, .kv_blocks = 10'000},
                                           {.replicas = 1, .weight = 1'000'000, .kv_blocks = 1'000}}};
    LeastLoadedRouter by_requests(serving::Load::Requests, target);
    LeastLoadedRouter by_tokens(serving::Load::Tokens, target);
    KnownFleet fleet({1, 1});
    fleet.dispatched(0, request_of(1, 100));
    fleet.dispatched(0, request_of(2, 100));
    fleet.dispatched(1, request_of(3, 300));
    EXPECT_EQ(fleet.choose(by_requests, 4), 1U);
    EXPECT_EQ(fleet.choose(by_tokens, 4), 0U);
}

TEST(LeastLoadedRouter, ComparesKvBlocksAsASharesOfTheReplicas) {
    LeastLoadedRouter router(serving::Load::KvBlocks,
                             {.pools = {{.replicas = 1, .kv_blocks = 10'000}, {.replicas = 1, .kv_blocks = 1'000}}});
    KnownFleet fleet({1, 1}, Reports::Periodic);
    const std::vector<std::uint32_t> large = {4'000};
    const std::vector<std::uint32_t> small = {450};
    fleet.pool(0).reported(serving::Load::KvBlocks, large, SimTime::from_ms(1));
    fleet.pool(1).reported(serving::Load::KvBlocks, small, SimTime::from_ms(1));
    EXPECT_EQ(fleet.choose(router, 1), 0U);
}

}  // namespace
}  // namespace regatta::routing
