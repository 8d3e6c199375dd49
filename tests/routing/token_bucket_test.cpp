#include "routing/token_bucket.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

TEST(TokenBucket, StartsFullAndFillsToTheNanosecond) {
    TokenBucket bucket({.rate_per_s = 3, .burst = 2});
    ASSERT_TRUE(bucket.holds(2, ns(0)));
    bucket.take(2);
    // One at a third of a second: 333,333,333 1/3 ns.
    EXPECT_FALSE(bucket.holds(1, ns(333'333'333)));
    EXPECT_TRUE(bucket.holds(1, ns(333'333'334)));
}

TEST(TokenBucket, HoldsNoMoreThanTheBurst) {
    TokenBucket bucket({.rate_per_s = 1000, .burst = 5});
    EXPECT_TRUE(bucket.holds(5, SimTime::from_s(3600)));
    EXPECT_FALSE(bucket.holds(6, SimTime::from_s(7200)));
}

TEST(TokenBucket, IsAnEqualPartOfWhatSeveralShare) {
    // A third of 4 at once and of 2 per second: 1 1/3 at first; the second one when 2/3 more have come, after 1 s.
    TokenBucket bucket({.rate_per_s = 2, .burst = 4, .buckets = 3});
    ASSERT_TRUE(bucket.holds(1, ns(0)));
    bucket.take(1);
    EXPECT_FALSE(bucket.holds(1, ns(999'999'999)));
    EXPECT_TRUE(bucket.holds(1, ns(1'000'000'000)));
}

TEST(TokenBucket, StaysExactOverYearsAndAtTheLargestNumbers) {
    TokenBucket slow({.rate_per_s = 1e-4, .burst = 1, .buckets = 100'000});
    EXPECT_FALSE(slow.holds(1, SimTime::from_ns(INT64_MAX / 2)));
    TokenBucket fast({.rate_per_s = 1e12, .burst = 1'000'000'000'000, .buckets = 1});
    ASSERT_TRUE(fast.holds(1'000'000'000'000, ns(0)));
    fast.take(1'000'000'000'000);
    EXPECT_TRUE(fast.holds(1'000'000, ns(1'000)));
    EXPECT_FALSE(fast.holds(1'000'001, ns(1'000)));
    EXPECT_TRUE(fast.holds(1'000'000'000'000, SimTime::from_ns(INT64_MAX / 2)));
}

TEST(TokenBucket, RefusesToGiveWhatItDoesNotHold) {
    TokenBucket bucket({.rate_per_s = 1, .burst = 1});
    EXPECT_THROW(bucket.take(2), BugError);
    EXPECT_TRUE(bucket.holds(1, ns(5)));
    EXPECT_THROW((void)bucket.holds(1, ns(4)), BugError);
    EXPECT_THROW(TokenBucket({.rate_per_s = 0, .burst = 1}), BugError);
}

RC_GTEST_PROP(TokenBucket, GivesTheSameHoweverOftenItIsLookedAt, ()) {
    const TokenBucket::Options options{.rate_per_s = *rc::gen::element(0.7, 3.0, 1e3 / 7, 12'345.678),
                                       .burst = *rc::gen::inRange<std::int64_t>(1, 20),
                                       .buckets = *rc::gen::inRange(1U, 8U)};
    TokenBucket seldom(options);
    TokenBucket often(options);
    std::int64_t now = 0;
    for (int step = 0; step < 50; ++step) {
        const std::int64_t next = now + *rc::gen::inRange<std::int64_t>(0, 2'000'000'000);
        for (int look = 0; look < 5; ++look)
            (void)often.holds(1, ns(now + (next - now) * look / 5));
        now = next;
        const auto amount = *rc::gen::inRange<std::int64_t>(1, 5);
        const bool holds = seldom.holds(amount, ns(now));
        RC_ASSERT(often.holds(amount, ns(now)) == holds);
        if (!holds) continue;
        seldom.take(amount);
        often.take(amount);
    }
}

RC_GTEST_PROP(TokenBucket, NeverGivesMoreThanBurstAndRate, ()) {
    const auto rate = *rc::gen::inRange<std::int64_t>(1, 1'000);
    const auto burst = *rc::gen::inRange<std::int64_t>(1, 50);
    TokenBucket bucket({.rate_per_s = static_cast<double>(rate), .burst = burst});
    RC_ASSERT(bucket.holds(burst, ns(0)));
    bucket.take(burst);
    std::int64_t now = 0;
    std::int64_t taken = burst;
    for (int step = 0; step < 200; ++step) {
        now += *rc::gen::inRange<std::int64_t>(0, 50'000'000);
        while (bucket.holds(1, ns(now))) {
            bucket.take(1);
            ++taken;
        }
        // Emptied to less than one whenever it is looked at: nothing is lost at the brim if no gap brings the rest.
        RC_ASSERT(taken <= burst + rate * now / 1'000'000'000);
        if (rate * 50'000'000 < (burst - 1) * 1'000'000'000) RC_ASSERT(taken >= burst + rate * now / 1'000'000'000 - 1);
    }
}

TEST(TokenBucket, GoesOnFromItsSavedState) {
    const TokenBucket::Options options{.rate_per_s = 7, .burst = 30, .buckets = 3};
    TokenBucket bucket(options);
    ASSERT_TRUE(bucket.holds(9, ns(123)));
    bucket.take(9);
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        out << bucket;
    }
    TokenBucket loaded(options);
    InArchive in(bytes);
    in >> loaded;
    EXPECT_FALSE(loaded.holds(2, ns(200)));
    EXPECT_EQ(loaded.holds(2, ns(428'571'000)), bucket.holds(2, ns(428'571'000)));
    EXPECT_TRUE(loaded.holds(2, ns(428'571'600)));
}

}  // namespace
}  // namespace regatta::routing
