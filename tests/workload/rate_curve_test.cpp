#include "workload/rate_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

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

/// A day of 1000 s whose peak is 300 s after its beginning, `factor` times as high as the mean of 2/s.
RateCurve sharp_day(double factor) {
    return RateCurve::of_day({2, 2 * factor, seconds(1000), seconds(300)});
}

TEST(RateCurve, IsASineUpToTwiceTheMean) {
    const RateCurve curve = sharp_day(2);
    for (const double at_s : {0.0, 123.0, 300.0, 800.0, 999.0})
        EXPECT_NEAR(curve.rate_per_s(seconds(at_s)), 2 + 2 * std::cos(2 * std::numbers::pi * (at_s - 300) / 1000),
                    1e-12)
            << at_s;
}

TEST(RateCurve, IsAPowerOfARaisedCosineWhereThePeakIsSharper) {
    // The least power of which the base is not below 0: the mean of ((1 + cos) / 2)^n is binomial(2n, n) / 4^n.
    const struct {
        double factor;
        int power;
        double mean_of_power;
    } cases[] = {{2.001, 2, 3.0 / 8}, {2.6, 2, 3.0 / 8}, {3, 3, 5.0 / 16}, {3.6, 4, 35.0 / 128}};
    for (const auto& one : cases) {
        SCOPED_TRACE(one.factor);
        const double peak = 2 * one.factor;
        const double base = (2 - one.mean_of_power * peak) / (1 - one.mean_of_power);
        ASSERT_GE(base, 0);
        const RateCurve curve = sharp_day(one.factor);
        for (double at_s = 0; at_s < 2000; at_s += 7) {
            const double wave = (1 + std::cos(2 * std::numbers::pi * (at_s - 300) / 1000)) / 2;
            EXPECT_NEAR(curve.rate_per_s(seconds(at_s)), base + (peak - base) * std::pow(wave, one.power), 1e-9);
        }
    }
}

TEST(RateCurve, HasItsMeanItsPeakAndIsNeverNegativeHoweverSharp) {
    for (const double factor : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.5, 7.0, 7.9, 7.97}) {
        SCOPED_TRACE(factor);
        const RateCurve curve = sharp_day(factor);
        EXPECT_NEAR(curve.rate_per_s(seconds(300)), 2 * factor, 1e-9);
        EXPECT_NEAR(curve.expected(seconds(0), seconds(1000)), 2000, 1e-6);
        EXPECT_NEAR(curve.expected(seconds(432), seconds(5432)), 10'000, 1e-5);
        double sum = 0;
        for (double at_s = 0; at_s < 1000; at_s += 0.5) {
            const double rate = curve.rate_per_s(seconds(at_s));
            ASSERT_GE(rate, 0) << at_s;
            ASSERT_LE(rate, 2 * factor + 1e-9) << at_s;
            sum += curve.rate_per_s(seconds(at_s + 0.25)) * 0.5;
            ASSERT_NEAR(curve.expected(seconds(0), seconds(at_s + 0.5)), sum, 0.001 * factor) << at_s;
        }
    }
}

TEST(RateCurve, GrowsByWhatIsExpectedHoweverSharp) {
    // Never less than nothing is expected, also where the rate is next to 0.
    const RateCurve curve = sharp_day(7.97);
    double before = 0;
    for (double at_s = 0.1; at_s < 2000; at_s += 0.1) {
        const double now = curve.expected(seconds(0), seconds(at_s));
        ASSERT_GE(now, before - 1e-9) << at_s;
        before = now;
    }
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
    for (const double factor : {2.5, 4.0, 7.9}) {
        SCOPED_TRACE(factor);
        expect_inverse(sharp_day(factor), 3000);
        RateCurve sharp_and_spiky = sharp_day(factor);
        sharp_and_spiky.add_spikes({{seconds(310), seconds(320), 50}, {seconds(700), seconds(900), 0}});
        expect_inverse(sharp_and_spiky, 3000);
    }
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
    EXPECT_EQ(problems_of(of_day(0.5, 4)),
              Problems{"peak: 4/s is more than 7.98 times the mean of 0.5/s; expected less, or steps"});
    EXPECT_EQ(problems_of(of_day(2, 1)), Problems{"peak: 1/s is below the mean of 2/s"});
}

}  // namespace
}  // namespace regatta::workload
