#include "results/confidence.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

TEST(Confidence, OfFiveValuesIsThatOfTheTextbook) {
    // Mean 3, deviation sqrt(2.5), t(4; 0.975) = 2.776445.
    const Estimate of = estimate(std::array{1.0, 2.0, 3.0, 4.0, 5.0});
    EXPECT_DOUBLE_EQ(of.mean, 3);
    EXPECT_DOUBLE_EQ(of.deviation, std::sqrt(2.5));
    ASSERT_TRUE(of.half_width);
    EXPECT_NEAR(*of.half_width, 2.776445 * std::sqrt(2.5 / 5), 1e-6);
    EXPECT_EQ(of.least, 1);
    EXPECT_EQ(of.most, 5);
}

TEST(Confidence, OneValueTellsNothingOfTheNoise) {
    EXPECT_FALSE(estimate(std::array{7.0}).half_width);
    const Difference difference = independent_difference(std::array{7.0}, std::array{9.0});
    EXPECT_EQ(difference.mean, 2);
    EXPECT_FALSE(difference.half_width);
    EXPECT_FALSE(difference.exceeds_noise());
    EXPECT_THROW(static_cast<void>(estimate(std::vector<double>())), BugError);
}

// The same shift of values that differ much from each other: seen by pairs, and lost without.
TEST(Confidence, PairsSeeWhatTheSpreadHides) {
    const std::array first = {10.0, 20.0, 30.0, 40.0};
    const std::array other = {11.0, 21.1, 30.9, 41.0};
    EXPECT_TRUE(paired_difference(first, other).exceeds_noise());
    EXPECT_NEAR(paired_difference(first, other).mean, 1, 1e-12);
    EXPECT_FALSE(independent_difference(first, other).exceeds_noise());
}

TEST(Confidence, WelchsIntervalOfUnequalSpreads) {
    // By hand: means 2 and 7, variances 1 and 34/3, t at 3.67 degrees of freedom.
    const std::array first = {1.0, 2.0, 3.0};
    const std::array other = {3.0, 6.0, 8.0, 11.0};
    const Difference difference = independent_difference(first, other);
    const double of_first = 1.0 / 3;
    const double of_other = (16 + 1 + 1 + 16) / 3.0 / 4;
    const double degrees =
        (of_first + of_other) * (of_first + of_other) / (of_first * of_first / 2 + of_other * of_other / 3);
    EXPECT_EQ(difference.mean, 5);
    ASSERT_TRUE(difference.half_width);
    // Between the table's values for 3 and 4 degrees of freedom.
    EXPECT_GT(degrees, 3);
    EXPECT_LT(degrees, 4);
    EXPECT_LT(*difference.half_width, 3.182446 * std::sqrt(of_first + of_other));
    EXPECT_GT(*difference.half_width, 2.776445 * std::sqrt(of_first + of_other));
    // 5 is less than that interval is wide.
    EXPECT_FALSE(difference.exceeds_noise());
}

// A new value among three whose deviation is 1: mean 2 +- t(2; 0.975) * sqrt(1 + 1/3).
TEST(Confidence, ASingleRunIsHeldAgainstTheSpreadOfTheOthers) {
    const std::array several = {1.0, 2.0, 3.0};
    const double reach = 4.302653 * std::sqrt(4.0 / 3);
    for (const double value : {2 + 0.99 * reach, 2 + 1.01 * reach}) {
        const std::array single = {value};
        const bool is_far = value > 2 + reach;
        EXPECT_EQ(independent_difference(several, single).exceeds_noise(), is_far);
        EXPECT_EQ(independent_difference(single, several).exceeds_noise(), is_far);
    }
}

TEST(Confidence, EqualRunsDoNotDiffer) {
    const std::array values = {1.0, 1.0, 1.0};
    EXPECT_FALSE(paired_difference(values, values).exceeds_noise());
    EXPECT_FALSE(independent_difference(values, values).exceeds_noise());
    EXPECT_TRUE(independent_difference(values, std::array{2.0, 2.0}).exceeds_noise());
}

}  // namespace
}  // namespace regatta::results
