#include "workload/rate_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "files.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

using Point = RateCurve::Point;

SimTime seconds(double value) {
    return SimTime::from_seconds(value);
}

RateCurve steps() {
    return RateCurve::of_steps({{seconds(0), 10}, {seconds(60), 0}, {seconds(90), 40}});
}

RateCurve ramp() {
    return RateCurve::of_ramp({{seconds(0), 2}, {seconds(100), 42}, {seconds(200), 0}});
}

RateCurve day() {
    return RateCurve::of_day(
        {.mean_per_s = 0.5, .peak_per_s = 1, .period = seconds(86'400), .peak_at = seconds(50'400)});
}

TEST(RateCurve, HoldsTheRateOfAStepUntilTheNext) {
    const RateCurve curve = steps();
    EXPECT_EQ(curve.rate_per_s(seconds(0)), 10);
    EXPECT_EQ(curve.rate_per_s(SimTime::from_ns(59'999'999'999)), 10);
    EXPECT_EQ(curve.rate_per_s(seconds(60)), 0);
    EXPECT_EQ(curve.rate_per_s(seconds(1e6)), 40);
    EXPECT_DOUBLE_EQ(curve.expected(seconds(30), seconds(100)), 300 + 400);
    EXPECT_DOUBLE_EQ(curve.mean_per_s(seconds(120)), (600 + 1200) / 120.0);
}

TEST(RateCurve, GoesStraightFromPointToPointOfARamp) {
    const RateCurve curve = ramp();
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(50)), 22);
    EXPECT_DOUBLE_EQ(curve.expected(seconds(0), seconds(100)), 2200);
    EXPECT_DOUBLE_EQ(curve.expected(seconds(100), seconds(200)), 2100);
    EXPECT_EQ(curve.rate_per_s(seconds(300)), 0);
}

TEST(RateCurve, SwingsAboutItsMeanOverADay) {
    const RateCurve curve = day();
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(50'400)), 1);
    EXPECT_NEAR(curve.rate_per_s(seconds(50'400 - 43'200)), 0, 1e-12);
    EXPECT_NEAR(curve.rate_per_s(seconds(50'400 + 10 * 86'400)), 1, 1e-12);
    EXPECT_NEAR(curve.expected(seconds(0), seconds(86'400)), 43'200, 1e-6);
    EXPECT_NEAR(curve.expected(seconds(1000), seconds(1000 + 7 * 86'400)), 7 * 43'200, 1e-6);
    EXPECT_DOUBLE_EQ(curve.mean_per_s(std::nullopt), 0.5);
}

TEST(RateCurve, MultipliesSpikesOnWhateverIsBelow) {
    RateCurve curve = ramp();
    curve.add_spikes({{seconds(40), seconds(60), 3}, {seconds(50), seconds(150), 2}});
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(45)), 20 * 3);
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(55)), 24 * 6);
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(125)), 31.5 * 2);
    EXPECT_DOUBLE_EQ(curve.rate_per_s(seconds(150)), 21);
    RateCurve by_day = day();
    by_day.add_spikes({{seconds(50'400), seconds(50'401), 4}});
    EXPECT_DOUBLE_EQ(by_day.rate_per_s(seconds(50'400)), 4);
    EXPECT_NEAR(by_day.expected(seconds(0), seconds(86'400)), 43'200 + 3, 1e-6);
}

// From any instant, after(count) is where the integral has grown by count, to half a nanosecond's worth.
void expect_inverse(const RateCurve& curve, double until_s) {
    for (int i = 0; i < 400; ++i) {
        const SimTime from = seconds(until_s * std::fmod(i * 0.618033988749895, 1));
        const double count = std::exp(-7.0 + 14.0 * std::fmod(i * 0.414213562373095, 1));
        const SimTime then = curve.after(from, count);
        if (then.is_never()) continue;
        SCOPED_TRACE(fmt::format("{} requests from {} ns on, found {} ns", count, from.ns(), then.ns()));
        const double half_ns = curve.rate_per_s(then) * 0.51e-9 + 1e-10 * (1 + count);
        EXPECT_NEAR(curve.expected(from, then), count, half_ns);
    }
}

TEST(RateCurve, FindsTheInstantByWhichSoManyAreExpected) {
    expect_inverse(steps(), 200);
    expect_inverse(ramp(), 190);
    expect_inverse(day(), 3 * 86'400);
    RateCurve spiky = day();
    spiky.add_spikes({{seconds(7'100), seconds(7'300), 50}, {seconds(50'000), seconds(60'000), 0}});
    expect_inverse(spiky, 86'400);
}

TEST(RateCurve, PassesOverTimesWithoutRequests) {
    EXPECT_EQ(steps().after(seconds(59.9), 2), seconds(90) + SimTime::from_ms(25));
    EXPECT_EQ(steps().after(seconds(70), 4), seconds(90.1));
    EXPECT_TRUE(ramp().after(seconds(150), 1000).is_never());
    EXPECT_TRUE(ramp().after(seconds(500), 1).is_never());
}

TEST(RateCurve, IsTheGapOverTheRateWhereTheRateStays) {
    const RateCurve curve = RateCurve::of_steps({{seconds(0), 3}});
    EXPECT_EQ(curve.after(seconds(1), 7), seconds(1) + SimTime::from_seconds(7.0 / 3));
}

TEST(RateCurve, NeverGoesBack) {
    RateCurve curve = day();
    curve.add_spikes({{seconds(100), seconds(200), 1000}});
    SimTime at;
    for (int i = 0; i < 5000; ++i) {
        const SimTime next = curve.after(at, 1e-6 * (1 + i % 7));
        ASSERT_GE(next, at);
        at = next;
    }
}

Problems problems_of(const std::function<void()>& action) {
    return problems_with("FILE", action);
}

TEST(RateCurve, SaysWhatIsWrongWithIt) {
    EXPECT_EQ(problems_of([] {
                  (void)RateCurve::of_steps({{seconds(1), 5}, {seconds(1), 6}});
              }),
              (Problems{"[0]: expected the first point at 0s, found 1 s",
                        "[1]: expected a time after the 1 s of the point before, found 1 s"}));
    EXPECT_EQ(problems_of([] {
                  (void)RateCurve::of_ramp({{seconds(0), 0}, {seconds(9), 0}});
              }),
              Problems{"expected a rate above 0 somewhere, found 0 everywhere"});
    EXPECT_EQ(problems_of([] { (void)RateCurve::of_steps({}); }), Problems{"expected at least one point [time, rate]"});
    const auto of_day = [](double mean, double peak) {
        return [=] { (void)RateCurve::of_day({mean, peak, SimTime::from_s(10), SimTime()}); };
    };
    EXPECT_EQ(problems_of(of_day(0.5, 1.5)),
              Problems{"peak: 1.5/s is more than twice the mean of 0.5/s, and a sine would fall below 0; expected at "
                       "most 1/s, or steps"});
    EXPECT_EQ(problems_of(of_day(2, 1)), Problems{"peak: 1/s is below the mean of 2/s"});
}

}  // namespace
}  // namespace regatta::workload
