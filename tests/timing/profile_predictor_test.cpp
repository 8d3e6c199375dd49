#include "timing/profile_predictor.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cmath>

#include "timing/profile_fit.hpp"

namespace regatta::timing {
namespace {

ProfileSamples sorted(ProfileSamples samples) {
    std::sort(samples.begin(), samples.end());
    return samples;
}

/// As decodes are measured: batches times KV lengths.
ProfileSamples grid_of_times(const std::function<double(double, double)>& ms) {
    ProfileSamples samples;
    for (const double a : {1, 2, 4, 8, 16, 32, 64, 128})
        for (const double b : {32, 64, 256, 1024, 2048, 4096})
            samples.push_back({.a = a, .b = b, .ms = ms(a, b)});
    return sorted(samples);
}

ProfileFit forest(std::int64_t trees = 50) {
    return {.kind = ProfileFit::Kind::Forest, .estimators = trees, .max_depth = 16, .min_samples_split = 2};
}

TEST(ProfileInterpolation, SaysTheMediansOfPointsThatRise) {
    const auto ms = [](double a, double b) { return 0.01 + a * b * 1e-5 + std::sqrt(b); };
    const ProfileSamples samples = grid_of_times(ms);
    const auto fit = fitted({}, samples);
    for (const ProfileSample& sample : samples)
        EXPECT_NEAR(fit->at(sample.a, sample.b), sample.ms, 1e-12) << sample.a << ", " << sample.b;
    EXPECT_NEAR(fit->at(3, 640), (ms(2, 256) + ms(2, 1024) + ms(4, 256) + ms(4, 1024)) / 4, 1e-12);
}

TEST(ProfileInterpolation, TakesTheMedianOfAPointMeasuredSeveralTimes) {
    const auto fit = fitted({}, sorted({{0, 1, 5}, {0, 1, 1}, {0, 1, 2}, {0, 2, 6}, {0, 2, 8}}));
    EXPECT_DOUBLE_EQ(fit->at(0, 1), 2);
    EXPECT_DOUBLE_EQ(fit->at(0, 2), 7);
    EXPECT_DOUBLE_EQ(fit->at(0, 1.5), 4.5);
}

TEST(ProfileInterpolation, GoesOnStraightByTheOuterHalf) {
    const auto fit = fitted({}, sorted({{0, 1, 1}, {0, 50, 2}, {0, 90, 3}, {0, 100, 3}}));
    EXPECT_DOUBLE_EQ(fit->at(0, 0), 1);
    EXPECT_DOUBLE_EQ(fit->at(0, 200), 3 + 100 * (3 - 2) / 50.0);
}

TEST(ProfileInterpolation, LetsACurveOfOnePointRiseAsItsNeighbour) {
    const auto fit = fitted({}, sorted({{1, 0, 1}, {1, 100, 2}, {1, 200, 3}, {2, 0, 5}}));
    EXPECT_DOUBLE_EQ(fit->at(2, 100), 6);
    EXPECT_DOUBLE_EQ(fit->at(2, 200), 7);
}

RC_GTEST_PROP(ProfileInterpolation, NeverFalls, ()) {
    ProfileSamples samples;
    const auto count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i)
        samples.push_back({.a = static_cast<double>(*rc::gen::inRange(0, 6)),
                           .b = static_cast<double>(*rc::gen::inRange(0, 6)),
                           .ms = static_cast<double>(*rc::gen::inRange(0, 20))});
    const auto fit = fitted({}, sorted(samples));
    for (double a = -1; a < 15; a += 0.75)
        for (double b = -1; b < 15; b += 0.75) {
            RC_ASSERT(fit->at(a, b) >= 0);
            RC_ASSERT(fit->at(a + 0.75, b) >= fit->at(a, b) - 1e-9);
            RC_ASSERT(fit->at(a, b + 0.75) >= fit->at(a, b) - 1e-9);
        }
}

TEST(ProfileForest, IsTheSameForestFromTheSameSamples) {
    const ProfileSamples samples = grid_of_times([](double a, double b) { return std::sin(a) + b + 2; });
    const auto first = fitted(forest(), samples);
    const auto second = fitted(forest(), samples);
    for (double a = 0; a < 130; a += 7)
        for (double b = 0; b < 5000; b += 333)
            ASSERT_EQ(first->at(a, b), second->at(a, b));
}

TEST(ProfileForest, FindsStepsInEitherCoordinate) {
    const auto fit = fitted(forest(), grid_of_times([](double a, double b) { return a > 8 ? 100 : b > 256 ? 10 : 1; }));
    EXPECT_NEAR(fit->at(100, 100), 100, 1e-9);
    EXPECT_NEAR(fit->at(2, 2000), 10, 1e-9);
    EXPECT_NEAR(fit->at(2, 100), 1, 1e-9);
}

TEST(ProfileForest, HasTheMeanOfItsSamplesInEveryLeaf) {
    // No split: each tree says the mean of its draws, all trees together nearly that of the samples.
    ProfileFit stump = forest(4000);
    stump.max_depth = 0;
    EXPECT_NEAR(fitted(stump, sorted({{0, 1, 1}, {0, 2, 2}, {0, 3, 6}}))->at(0, 2), 3, 0.1);
    ProfileFit reluctant = forest(1);
    reluctant.min_samples_split = 4;
    const auto fit = fitted(reluctant, sorted({{0, 1, 1}, {0, 2, 2}, {0, 3, 6}}));
    EXPECT_EQ(fit->at(0, 1), fit->at(0, 3));
}

TEST(ProfileForest, ChangesOnlyAtItsSteps) {
    const auto fit = fitted(forest(), grid_of_times([](double a, double b) { return a * b + b; }));
    const ProfileGrid grid{.a_first = 1, .a_last = 130, .b_first = 0, .b_step = 64, .b_last = 4096};
    const OpTable table = tabulated(*fit, grid, OpTable::Growth::Linear);
    for (std::int64_t a = 1; a <= 130; ++a)
        for (std::int64_t b = 0; b <= 4096; b += 64)
            ASSERT_EQ(table.at(a, b), fit->at(static_cast<double>(a), static_cast<double>(b))) << a << ", " << b;
}

TEST(ProfilePolynomial, RecoversAPolynomial) {
    const auto ms = [](double a, double b) { return 3 + 0.5 * a + 1e-3 * b + 2e-4 * a * b + 1e-7 * b * b; };
    ProfileFit fit{.kind = ProfileFit::Kind::Polynomial, .degree = 2};
    const auto exact = fitted(fit, grid_of_times(ms));
    EXPECT_NEAR(exact->at(50, 500), ms(50, 500), 1e-9);
    EXPECT_NEAR(exact->at(200, 8000), ms(200, 8000), 1e-8);
    fit.interaction_only = true;
    EXPECT_GT(std::abs(fitted(fit, grid_of_times(ms))->at(200, 8000) - ms(200, 8000)), 0.1);
}

TEST(ProfilePolynomial, IsNeverNegative) {
    const auto fit = fitted({.kind = ProfileFit::Kind::Polynomial}, sorted({{0, 10, 1}, {0, 20, 11}}));
    EXPECT_EQ(fit->at(0, 0), 0);
    EXPECT_NEAR(fit->at(0, 30), 21, 1e-9);
}

TEST(ProfileSearch, ChoosesTheDegreeThatGeneralisesBest) {
    ProfileSamples samples;
    for (int i = 1; i <= 60; ++i)
        samples.push_back({.b = static_cast<double>(i), .ms = 1 + 0.01 * i * i + (i % 2 == 0 ? 1e-4 : -1e-4)});
    const ProfileFit best = best_fit({.kind = ProfileFit::Kind::Polynomial}, samples);
    EXPECT_EQ(best.degree, 2);
    EXPECT_TRUE(best.has_intercept);
    EXPECT_FALSE(best.interaction_only);
}

TEST(ProfileSearch, LeavesAPointOutWithAllItsMeasurements) {
    // Seen elsewhere, the repetition would give each point away.
    const ProfileSamples samples = sorted({{0, 1, 1}, {0, 1, 1}, {0, 2, 2}, {0, 2, 2}});
    const auto error = cross_validated({}, samples, 10);
    ASSERT_TRUE(error.has_value());
    EXPECT_DOUBLE_EQ(error->mean_fraction, (1 + 0.5) / 2);
    EXPECT_DOUBLE_EQ(error->largest_fraction, 1);
    EXPECT_EQ(error->samples, 4);
    EXPECT_FALSE(cross_validated({}, {{0, 1, 1}, {0, 1, 2}}, 10).has_value());
}

}  // namespace
}  // namespace regatta::timing
