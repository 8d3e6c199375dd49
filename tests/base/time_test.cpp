#include "regatta/base/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "regatta/base/errors.hpp"

namespace regatta {
namespace {

TEST(SimTime, RoundsSecondsToTheNearestNanosecond) {
    EXPECT_EQ(SimTime::from_seconds(4.3146).ns(), 4'314'600'000);
    EXPECT_EQ(SimTime::from_seconds(0.4e-9).ns(), 0);
    EXPECT_EQ(SimTime::from_seconds(0.6e-9).ns(), 1);
    EXPECT_EQ(SimTime::from_seconds(-0.6e-9).ns(), -1);
}

TEST(SimTime, RoundsHalvesAwayFromZeroAndWhatIsJustBelowThemDown) {
    EXPECT_EQ(SimTime::from_seconds(0.5e-9).ns(), 1);
    EXPECT_EQ(SimTime::from_seconds(-0.5e-9).ns(), -1);
    EXPECT_EQ(SimTime::from_seconds(2.5e-9).ns(), 3);
    const double below_half = std::nextafter(0.5e-9, 0);
    ASSERT_LT(below_half * 1e9, 0.5);
    EXPECT_EQ(SimTime::from_seconds(below_half).ns(), 0);
}

RC_GTEST_PROP(SimTime, RoundsAsTheStandardLibraryDoes, ()) {
    // Halves and their neighbours, from nanoseconds to where doubles are whole numbers and beyond.
    const auto halves = *rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000);
    const auto scale = *rc::gen::inRange(0, 31);
    const double seconds = std::ldexp(static_cast<double>(halves), scale) * 0.5e-9;
    for (const double value : {std::nextafter(seconds, -1e9), seconds, std::nextafter(seconds, 1e9)})
        RC_ASSERT(SimTime::from_seconds(value).ns() == std::llround(value * 1e9));
}

TEST(SimTime, RefusesWhatIsNoTime) {
    EXPECT_THROW((void)SimTime::from_seconds(std::numeric_limits<double>::quiet_NaN()), InputError);
    EXPECT_THROW((void)SimTime::from_seconds(std::numeric_limits<double>::infinity()), InputError);
    try {
        (void)SimTime::from_seconds(1e12);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems().front(), "a time of 1000000000000 s is beyond what can be simulated (73 years)");
    }
}

TEST(SimTime, NeverStaysNeverWhenALatencyIsAdded) {
    EXPECT_TRUE((SimTime::never() + SimTime::from_s(86'400)).is_never());
    EXPECT_LT(SimTime::from_s(86'400 * 365), SimTime::never());
}

}  // namespace
}  // namespace regatta
