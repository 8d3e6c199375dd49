#include "regatta/routing/candidates.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

using serving::Load;

TEST(Candidates, AreNumberedThroughFromPoolToPool) {
    const KnownFleet fleet({2, 1, 3});
    EXPECT_EQ(fleet.candidates().replicas(), 6U);
    std::vector<std::pair<std::size_t, std::uint32_t>> places;
    for (std::uint32_t candidate = 0; candidate < 6; ++candidate)
        places.emplace_back(fleet.candidates().place_of(candidate).pool,
                            fleet.candidates().place_of(candidate).replica);
    EXPECT_EQ(places,
              (std::vector<std::pair<std::size_t, std::uint32_t>>{{0, 0}, {0, 1}, {1, 0}, {2, 0}, {2, 1}, {2, 2}}));
}

TEST(Candidates, CompareByTheSizeOfTheirPool) {
    KnownFleet fleet({1, 1});
    for (int i = 0; i < 3; ++i)
        fleet.dispatched(0);
    for (int i = 0; i < 2; ++i)
        fleet.dispatched(1);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, std::vector<std::uint64_t>{1, 1}), 1U);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, std::vector<std::uint64_t>{2, 1}), 0U);
}

TEST(Candidates, CompareSharesThatFloatingPointWouldTakeForEqual) {
    // 2^62 - 1 of 2^62 against all of it.
    const std::uint64_t whole = std::uint64_t{1} << 62;
    EXPECT_TRUE((Share{.load = whole - 1, .size = whole} < Share{.load = whole, .size = whole}));
    EXPECT_FALSE((Share{.load = whole, .size = whole} < Share{.load = whole - 1, .size = whole}));
}

TEST(Candidates, KnowNoLoadThatNobodyLooksAt) {
    PoolView view({.replicas = 2, .loads = {Load::Requests}});
    const Candidates candidates(std::vector<PoolView*>{&view});
    EXPECT_EQ(candidates.load(Load::Requests, 1), 0U);
    EXPECT_THROW((void)candidates.load(Load::Tokens, 1), BugError);
}

TEST(Candidates, CountThePromptOfADispatch) {
    KnownFleet fleet({1});
    fleet.dispatched(0, request_of(1, 2 * kBlockTokens + 1), SimTime::from_ns(10));
    EXPECT_EQ(fleet.load(0, Load::Tokens), 2 * kBlockTokens + 1);
    EXPECT_EQ(fleet.load(0, Load::KvBlocks), 3U);
    fleet.completed(0, request_of(1, 2 * kBlockTokens + 1), 7, SimTime::from_ns(20));
    EXPECT_EQ(fleet.load(0, Load::Tokens), 0U);
    EXPECT_EQ(fleet.load(0, Load::KvBlocks), 7U);
}

/// What a gateway knows, as a plain list by candidate.
std::uint32_t walked_least(const std::vector<Share>& shares, std::uint32_t start) {
    std::uint32_t best = start;
    for (std::uint32_t i = 1; i < shares.size(); ++i) {
        const auto candidate = static_cast<std::uint32_t>((start + i) % shares.size());
        if (shares[candidate] < shares[best]) best = candidate;
    }
    return best;
}

RC_GTEST_PROP(Candidates, FindTheLeastOverAllPoolsAsAWalkDoes, ()) {
    const auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(1U, 4U)));
    const auto replicas = *rc::gen::container<std::vector<std::uint32_t>>(sizes.size(), rc::gen::inRange(1U, 20U));
    const auto reports = *rc::gen::element(Reports::OnCompletion, Reports::Periodic);
    const Load load = *rc::gen::elementOf(std::vector<Load>(serving::kToldLoads.begin(), serving::kToldLoads.end()));
    KnownFleet fleet(replicas, reports);
    const std::uint32_t count = fleet.candidates().replicas();
    for (std::uint64_t step = 0; step < 80; ++step) {
        const auto start = *rc::gen::inRange(0U, count);
        std::vector<Share> shares;
        for (std::uint32_t candidate = 0; candidate < count; ++candidate)
            shares.push_back(
                {.load = fleet.load(candidate, load), .size = sizes[fleet.candidates().place_of(candidate).pool]});
        const std::uint32_t least = fleet.candidates().least(load, start, sizes);
        RC_ASSERT(least == walked_least(shares, start));
        fleet.dispatched(*rc::gen::inRange(0, 4) == 0 ? *rc::gen::inRange(0U, count) : least,
                         request_of(step, *rc::gen::inRange(1U, 50U)), SimTime::from_ns(1));
    }
}

}  // namespace
}  // namespace regatta::routing
