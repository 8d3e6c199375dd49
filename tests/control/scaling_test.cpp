#include "control/scaling.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "control/attainment_autoscaler.hpp"
#include "control/load_autoscaler.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/random.hpp"

namespace regatta::control {
namespace {

/// Wants what the test says.
class Wish final : public Autoscaler {
public:
    explicit Wish(const std::uint32_t& replicas) : replicas_(&replicas) {}
    [[nodiscard]] std::uint32_t wanted(const PoolState& /*pool*/) override { return *replicas_; }
    [[nodiscard]] PoolWatch looks_at() const override { return {}; }

private:
    const std::uint32_t* replicas_;
};

constexpr ScalingLimits kNoLimits = {
    .least = 0, .most = 1000, .most_up = 1000, .most_down = 1000, .up_window = {}, .down_window = {}};

class AScaling : public testing::Test {
protected:
    [[nodiscard]] Scaling make(const ScalingLimits& limits) { return {limits, std::make_unique<Wish>(wish_)}; }
    /// What there is afterwards, decided every ten seconds from `from_s` on for each of the wishes.
    std::vector<std::uint32_t> follow(Scaling& scaling, std::uint32_t current, const std::vector<std::uint32_t>& wishes,
                                      std::int64_t from_s = 0) {
        std::vector<std::uint32_t> result;
        for (const std::uint32_t wish : wishes) {
            wish_ = wish;
            current = scaling.decide({.now = SimTime::from_s(from_s), .current = current});
            result.push_back(current);
            from_s += 10;
        }
        return result;
    }

    std::uint32_t wish_ = 0;
};
using Replicas = std::vector<std::uint32_t>;

TEST_F(AScaling, FollowsAtOnceWithoutWindows) {
    Scaling scaling = make(kNoLimits);
    EXPECT_EQ(follow(scaling, 3, {5, 2, 0, 9}), (Replicas{5, 2, 0, 9}));
}

TEST_F(AScaling, StaysWithinItsLimits) {
    ScalingLimits limits = kNoLimits;
    limits.least = 2;
    limits.most = 6;
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 3, {100, 0, 5}), (Replicas{6, 2, 5}));
}

// From 20 s on by other limits: what was wanted before counts for their windows.
TEST_F(AScaling, ChangesItsLimitsWithTime) {
    ScalingLimits later = kNoLimits;
    later.most = 6;
    later.down_window = SimTime::from_s(15);
    Scaling scaling = make(kNoLimits);
    scaling.change(SimTime::from_s(20), later, std::make_unique<Wish>(wish_));
    EXPECT_EQ(follow(scaling, 3, {9, 5, 4, 4, 8}), (Replicas{9, 5, 5, 5, 6}));
}

TEST_F(AScaling, ReachesItsLeastAtOnceWhateverTheWindow) {
    ScalingLimits limits = kNoLimits;
    limits.least = 4;
    limits.up_window = SimTime::from_s(100);
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 1, {1}), (Replicas{4}));
}

TEST_F(AScaling, TakesStepsOfTheirMost) {
    ScalingLimits limits = kNoLimits;
    limits.most_up = 2;
    limits.most_down = 1;
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 3, {8, 8, 8, 8, 6, 6, 6}), (Replicas{5, 7, 8, 8, 7, 6, 6}));
}

TEST_F(AScaling, AddsWhatWasWantedAllTheTime) {
    ScalingLimits limits = kNoLimits;
    limits.up_window = SimTime::from_s(30);
    Scaling scaling = make(limits);
    // 9 and 7 are wanted for 30 s from 10 s on: the least of them counts. One look at 3 starts the window anew.
    EXPECT_EQ(follow(scaling, 3, {3, 9, 7, 9, 9, 9, 9}), (Replicas{3, 3, 3, 3, 7, 7, 9}));
    Scaling other = make(limits);
    EXPECT_EQ(follow(other, 3, {9, 9, 9, 3, 9, 9, 9, 9}), (Replicas{3, 3, 3, 3, 3, 3, 3, 9}));
}

TEST_F(AScaling, TakesAwayWhatWasNotWantedAllTheTime) {
    ScalingLimits limits = kNoLimits;
    limits.down_window = SimTime::from_s(30);
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 9, {9, 2, 4, 2, 2, 2, 2}), (Replicas{9, 9, 9, 9, 4, 4, 2}));
}

TEST_F(AScaling, AddsAtOnceWhileItTakesAwaySlowly) {
    ScalingLimits limits = kNoLimits;
    limits.down_window = SimTime::from_s(60);
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 4, {4, 2, 6, 2, 2, 2, 2, 2, 2, 2}), (Replicas{4, 4, 6, 6, 6, 6, 6, 6, 6, 2}));
}

TEST_F(AScaling, KeepsSparesOnTop) {
    ScalingLimits limits = kNoLimits;
    limits.spares = 2;
    limits.most = 9;
    Scaling scaling = make(limits);
    EXPECT_EQ(follow(scaling, 5, {4, 0, 100}), (Replicas{6, 2, 9}));
}

TEST_F(AScaling, ForgetsWhatIsOlderThanItsWindows) {
    ScalingLimits limits = kNoLimits;
    limits.up_window = limits.down_window = SimTime::from_s(40);
    Scaling scaling = make(limits);
    (void)follow(scaling, 5, Replicas(10'000, 5));
    ByteBlock bytes;
    OutArchive(bytes) << scaling;
    EXPECT_LT(bytes.size(), 500u);
}

TEST_F(AScaling, GoesOnFromItsSavedState) {
    ScalingLimits limits = kNoLimits;
    limits.up_window = SimTime::from_s(30);
    Scaling scaling = make(limits);
    (void)follow(scaling, 3, {8, 8, 8});
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        const Scaling& saved = scaling;
        out << saved;
    }
    Scaling restored = make(limits);
    InArchive in(bytes);
    in >> restored;
    EXPECT_EQ(follow(scaling, 3, {9}, 30), (Replicas{8}));
    EXPECT_EQ(follow(restored, 3, {9}, 30), (Replicas{8}));
    Scaling fresh = make(limits);
    EXPECT_EQ(follow(fresh, 3, {9}, 30), (Replicas{3}));
}

/// Decisions every ten seconds for `hours` on what `state_at` says of a number of replicas: how often they changed
/// after the first hour, and what they were in the end.
struct Course {
    std::uint32_t changes = 0;
    std::uint32_t replicas = 0;
};
Course run(Scaling& scaling, std::uint32_t replicas, int hours,
           const std::function<PoolState(std::uint32_t replicas, std::uint64_t decision)>& state_at) {
    Course course{.replicas = replicas};
    for (std::uint64_t decision = 0; decision < static_cast<std::uint64_t>(hours) * 360; ++decision) {
        PoolState state = state_at(course.replicas, decision);
        state.now = SimTime::from_s(static_cast<std::int64_t>(decision) * 10);
        state.current = state.ready = course.replicas;
        const std::uint32_t next = scaling.decide(state);
        if (next != course.replicas && decision >= 360) ++course.changes;
        course.replicas = next;
    }
    return course;
}

constexpr ScalingLimits kUsual = {.least = 1,
                                  .most = 1000,
                                  .most_up = 1000,
                                  .most_down = 1000,
                                  .up_window = SimTime::from_s(30),
                                  .down_window = SimTime::from_s(300)};

/// Outstanding requests of a constant load: 760 on average, and about Poisson around that, as many servers have it.
PoolState noisy(std::uint32_t /*replicas*/, std::uint64_t decision) {
    double sum = 0;
    for (std::uint64_t i = 0; i < 12; ++i)
        sum += uniform_open(1, RandomPurpose::Reprovision, decision, i) - 0.5;  // nearly normal
    return {.now = {}, .outstanding = static_cast<std::uint64_t>(760 + sum * 27.6)};
}

TEST(Scaling, DoesNotFlapOnANoisyConstantLoad) {
    for (const std::uint32_t spares : {0u, 1u, 10u}) {
        SCOPED_TRACE(spares);
        ScalingLimits limits = kUsual;
        limits.spares = spares;
        Scaling scaling(limits, std::make_unique<LoadAutoscaler>(LoadAutoscaler::By::Outstanding, 8, 0.1));
        const Course course = run(scaling, 10, 4, noisy);
        EXPECT_EQ(course.changes, 0u);
        EXPECT_NEAR(course.replicas, 95 + spares, 10);
    }
}

TEST(Scaling, SparesAreNotAddedToThemselves) {
    // Enough requests are in time, but not nearly all: nothing is to change.
    ScalingLimits limits = kUsual;
    limits.spares = 2;
    Scaling scaling(limits, std::make_unique<AttainmentAutoscaler>(AttainmentAutoscaler::Options{
                                .least = 0.9, .ample = 0.99, .step = 0.1, .fewest_requests = 20}));
    const Course course = run(scaling, 10, 1, [](std::uint32_t, std::uint64_t) {
        return PoolState{.now = {}, .outstanding = 100, .ended = 100, .met = 95};
    });
    EXPECT_EQ(course.replicas, 10u);
}

}  // namespace
}  // namespace regatta::control
