#include "control/scratchpad_ticks.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regatta::control {
namespace {

/// One addition after the other.
double stepwise(double from, double target) {
    while (from < target)
        from += kScratchpadTick;
    return from;
}

TEST(ScratchpadTicks, AreThoseOfRepeatedAddition) {
    EXPECT_EQ(first_tick_from(0, 0), 0);
    EXPECT_EQ(first_tick_from(5, 3), 5);
    EXPECT_EQ(first_tick_from(0, 1e-9), 1e-4);
    for (const double target : {1e-4, 2e-4, 2.5e-4, 1e-3, 0.1, 0.5, 1.0, 3.7622295692502874, 64.0, 100.0})
        EXPECT_EQ(first_tick_from(0, target), stepwise(0, target)) << target;
}

RC_GTEST_PROP(ScratchpadTicksProperty, AreThoseOfRepeatedAdditionFromAnywhere, ()) {
    const auto from_us = *rc::gen::inRange<std::int64_t>(0, 200'000'000);
    const auto ahead_us = *rc::gen::inRange<std::int64_t>(0, 5'000'000);
    // Sevenths are never whole in binary.
    const double from = static_cast<double>(from_us) / 7e6;
    const double target = from + static_cast<double>(ahead_us) / 7e6;
    RC_ASSERT(first_tick_from(from, target) == stepwise(from, target));
}

// A day of ticks is 864 million additions, which would take seconds.
TEST(ScratchpadTicks, TakeNoTimeHoweverMany) {
    double at = 0;
    for (int day = 1; day <= 1000; ++day)
        at = first_tick_from(at, 86'400.0 * day);
    EXPECT_NEAR(at, 86'400'000.0, 1e-3);
}

}  // namespace
}  // namespace regatta::control
