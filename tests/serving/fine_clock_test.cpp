#include "serving/fine_clock.hpp"

#include <gtest/gtest.h>

namespace regatta::serving {
namespace {

constexpr std::int64_t kNs = timing::kFinePerNs;

TEST(FineClock, StandsOnAWholeNanosecondAtFirst) {
    EXPECT_EQ(FineClock(SimTime::from_ns(17)).ceiling(), SimTime::from_ns(17));
    EXPECT_EQ(FineClock().ceiling(), SimTime());
}

TEST(FineClock, RoundsUpToTheOutside) {
    const FineClock clock(SimTime::from_ns(10));
    EXPECT_EQ(clock.plus(1).ceiling(), SimTime::from_ns(11));
    EXPECT_EQ(clock.plus(kNs - 1).ceiling(), SimTime::from_ns(11));
    EXPECT_EQ(clock.plus(kNs).ceiling(), SimTime::from_ns(11));
    EXPECT_EQ(clock.plus(kNs + 1).ceiling(), SimTime::from_ns(12));
}

TEST(FineClock, LosesNothingOverManySteps) {
    // A third of a nanosecond, rounded down to 21845 units of 2^-16 ns, three million times: 999,984.74... ns.
    FineClock clock;
    for (int i = 0; i < 3'000'000; ++i)
        clock = clock.plus(kNs / 3);
    EXPECT_EQ(clock.ceiling(), FineClock().plus(3'000'000 * (kNs / 3)).ceiling());
    EXPECT_EQ(clock.ceiling(), SimTime::from_ns(999'985));
}

TEST(FineClock, HoldsDecadesAndFractionsTogether) {
    const SimTime decades = SimTime::from_s(1'000'000'000);
    EXPECT_EQ(FineClock(decades).plus(1).plus(kNs - 1).ceiling(), decades + SimTime::from_ns(1));
}

}  // namespace
}  // namespace regatta::serving
