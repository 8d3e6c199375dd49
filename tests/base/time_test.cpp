#include "regatta/base/time.hpp"

#include <gtest/gtest.h>

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

TEST(SimTime, RefusesWhatIsNoTime) {
    EXPECT_THROW((void)SimTime::from_seconds(std::numeric_limits<double>::quiet_NaN()), InputError);
    EXPECT_THROW((void)SimTime::from_seconds(std::numeric_limits<double>::infinity()), InputError);
    EXPECT_THROW((void)SimTime::from_seconds(1e12), InputError);
}

TEST(SimTime, NeverStaysNeverWhenALatencyIsAdded) {
    EXPECT_TRUE((SimTime::never() + SimTime::from_s(86'400)).is_never());
    EXPECT_LT(SimTime::from_s(86'400 * 365), SimTime::never());
}

}  // namespace
}  // namespace regatta
