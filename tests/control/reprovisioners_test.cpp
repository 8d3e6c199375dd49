#include "control/reprovisioners.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace regatta::control {
namespace {

Donor donor(std::uint32_t outstanding, std::int64_t idle_since_s, double pool_load) {
    return {.outstanding = outstanding,
            .idle_since = outstanding > 0 ? SimTime::never() : SimTime::from_s(idle_since_s),
            .pool_load = pool_load};
}

constexpr SimTime kNow = SimTime::from_s(100);

TEST(RandomIdle, TakesEachIdleOneEquallyOften) {
    RandomIdle policy(1);
    const std::vector<Donor> donors = {donor(0, 5, 1), donor(3, 0, 1), donor(0, 1, 1), donor(0, 9, 1)};
    std::map<std::size_t, int> taken;
    for (std::uint64_t number = 0; number < 9000; ++number)
        ++taken[policy.choose(donors, 10, kNow, number).value()];
    ASSERT_EQ(taken.size(), 3u);
    EXPECT_EQ(taken.count(1), 0u);
    // Of 9000, a third each: standard deviation 45.
    for (const auto& [index, count] : taken)
        EXPECT_NEAR(count, 3000, 3.3 * 45) << index;
}

TEST(RandomIdle, TakesTheSameForTheSameNumber) {
    const std::vector<Donor> donors(50, donor(0, 5, 1));
    for (std::uint64_t number = 0; number < 20; ++number)
        EXPECT_EQ(RandomIdle(7).choose(donors, 10, kNow, number), RandomIdle(7).choose(donors, 10, kNow, number));
}

TEST(LongestIdle, TakesTheOneThatHasWaitedLongest) {
    LongestIdle policy;
    EXPECT_EQ(policy.choose({donor(0, 5, 1), donor(2, 0, 0), donor(0, 3, 1), donor(0, 3, 1)}, 10, kNow, 0), 2u);
}

TEST(EitherIdle, TakesNobodyWhoIsBusy) {
    RandomIdle random(1);
    LongestIdle longest;
    for (Reprovisioner* policy : {static_cast<Reprovisioner*>(&random), static_cast<Reprovisioner*>(&longest)}) {
        EXPECT_EQ(policy->choose({donor(1, 0, 0), donor(2, 0, 0)}, 1e9, kNow, 0), std::nullopt);
        EXPECT_EQ(policy->choose({}, 1e9, kNow, 0), std::nullopt);
        EXPECT_FALSE(policy->is_demand_driven());
    }
}

TEST(ByDemand, TakesOfThePoolWithTheLeastLoadTheLeastLoaded) {
    ByDemand policy(2);
    EXPECT_EQ(policy.choose({donor(1, 0, 3), donor(5, 0, 2), donor(4, 0, 2), donor(4, 0, 2)}, 10, kNow, 0), 2u);
    EXPECT_TRUE(policy.is_demand_driven());
}

TEST(ByDemand, LeavesPoolsWhoseLoadIsNotLessByTheFactor) {
    ByDemand policy(3);
    EXPECT_EQ(policy.choose({donor(0, 0, 4)}, 12, kNow, 0), std::nullopt);
    EXPECT_EQ(policy.choose({donor(0, 0, 4)}, 12.001, kNow, 0), 0u);
    EXPECT_EQ(policy.choose({donor(0, 0, 0)}, 0, kNow, 0), std::nullopt);
}

TEST(ByDemand, DoesNotMoveBackWhatHasJustMoved) {
    // 10 replicas each, 90 and 30 requests: one moves; from then on 90 / 11 and 30 / 9, and nobody moves back.
    ByDemand policy(2);
    EXPECT_EQ(policy.choose({donor(3, 0, 3)}, 9, kNow, 0), 0u);
    EXPECT_EQ(policy.choose({donor(8, 0, 90.0 / 11)}, 30.0 / 9, kNow, 1), std::nullopt);
}

}  // namespace
}  // namespace regatta::control
