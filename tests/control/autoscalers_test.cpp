#include <gtest/gtest.h>

#include <string>

#include "control/attainment_autoscaler.hpp"
#include "control/load_autoscaler.hpp"
#include "control/schedule_autoscaler.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::control {
namespace {

TEST(LoadAutoscaler, WantsAsManyAsTheTargetNeeds) {
    LoadAutoscaler policy(LoadAutoscaler::By::Outstanding, 8, 0.1);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 161}), 21u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 40}), 5u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 0}), 0u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 0, .outstanding = 1}), 1u);
    EXPECT_TRUE(policy.looks_at().requests);
    EXPECT_FALSE(policy.looks_at().kv_blocks);
}

TEST(LoadAutoscaler, LeavesWhatIsWithinTheTolerance) {
    LoadAutoscaler policy(LoadAutoscaler::By::Outstanding, 8, 0.1);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 88}), 10u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 72}), 10u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 89}), 12u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 10, .outstanding = 71}), 9u);
}

TEST(LoadAutoscaler, CountsTheCacheInUseByReplicas) {
    // 2.4 caches' worth of blocks at 60 % each: 4 replicas.
    LoadAutoscaler policy(LoadAutoscaler::By::KvUse, 0.6, 0.1);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 9, .kv_blocks_used = 2400, .kv_blocks = 1000}), 4u);
    EXPECT_EQ(policy.wanted({.now = {}, .current = 9, .kv_blocks_used = 2401, .kv_blocks = 1000}), 5u);
    EXPECT_TRUE(policy.looks_at().kv_blocks);
}

class Attainment : public testing::Test {
protected:
    AttainmentAutoscaler policy_{{.least = 0.9, .ample = 0.99, .step = 0.1, .fewest_requests = 20}};
};

TEST_F(Attainment, GoesUpBelowOneMarkAndDownAboveTheOther) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 30, .outstanding = 50, .ended = 100, .met = 89}), 33u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 30, .outstanding = 50, .ended = 100, .met = 90}), 30u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 30, .outstanding = 50, .ended = 100, .met = 98}), 30u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 30, .outstanding = 50, .ended = 100, .met = 99}), 27u);
}

TEST_F(Attainment, GoesByOneAtLeast) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 2, .outstanding = 50, .ended = 100, .met = 0}), 3u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 2, .outstanding = 50, .ended = 100, .met = 100}), 1u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 0, .outstanding = 50, .ended = 100, .met = 100}), 0u);
}

TEST_F(Attainment, ChangesNothingOnTooFewRequests) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 5, .outstanding = 50, .ended = 19, .met = 0}), 5u);
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 5, .outstanding = 50, .ended = 20, .met = 0}), 6u);
    // One that takes long, and has not ended since the last look, is no sign of distress.
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 5, .outstanding = 1, .ended = 0}), 5u);
}

TEST_F(Attainment, TakesManyThatDoNotEndForAMiss) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 5, .outstanding = 20, .ended = 0}), 6u);
}

TEST_F(Attainment, StartsFromNothingForOne) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 0, .outstanding = 1, .ended = 0}), 1u);
}

TEST_F(Attainment, WantsNothingWhereNothingIsGoingOn) {
    EXPECT_EQ(policy_.wanted({.now = {}, .current = 5, .outstanding = 0, .ended = 0}), 0u);
}

TEST(ScheduleAutoscaler, FollowsTheClockDayByDay) {
    ScheduleAutoscaler policy({{SimTime::from_s(7 * 3600), 10}, {SimTime::from_s(22 * 3600), 4}},
                              SimTime::from_s(24 * 3600));
    const auto at_hour = [&](double hour) { return policy.wanted({.now = SimTime::from_seconds(hour * 3600)}); };
    EXPECT_EQ(at_hour(0), 4u);
    EXPECT_EQ(at_hour(6.999), 4u);
    EXPECT_EQ(at_hour(7), 10u);
    EXPECT_EQ(at_hour(21.999), 10u);
    EXPECT_EQ(at_hour(22), 4u);
    EXPECT_EQ(at_hour(31), 10u);
}

std::string problem_of(const std::vector<double>& hours, const std::vector<double>& replicas) {
    Parameters parameters;
    parameters.set("hours", hours);
    parameters.set("replicas", replicas);
    parameters.set("period", SimTime::from_s(24 * 3600));
    try {
        (void)make_schedule({}, parameters);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

TEST(ScheduleAutoscaler, SaysWhatIsWrongWithIt) {
    EXPECT_EQ(problem_of({0, 7}, {2, 10}), "");
    EXPECT_EQ(problem_of({0, 7}, {2}), "replicas: 1 numbers for 2 hours; expected one for each");
    EXPECT_EQ(problem_of({7, 7}, {2, 3}), "hours[1]: 7 does not come after 7; expected rising hours");
    EXPECT_EQ(problem_of({0, 24}, {2, 3}), "hours[1]: 24 is not within the period of 24 hours");
    EXPECT_EQ(problem_of({0, 7}, {2, 3.5}), "replicas[1]: expected a whole number, found 3.5");
}

}  // namespace
}  // namespace regatta::control
