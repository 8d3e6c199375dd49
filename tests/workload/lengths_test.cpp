#include "workload/lengths.hpp"

#include <gtest/gtest.h>

#include "distributions.hpp"
#include "files.hpp"

namespace regatta::workload {
namespace {

using Points = std::vector<std::pair<double, double>>;

std::unique_ptr<LengthDistribution> quantiles(const Points& points) {
    Parameters parameters;
    parameters.set("points", points);
    return make_quantiles(parameters);
}

std::unique_ptr<LengthDistribution> uniform(std::int64_t least, std::int64_t most) {
    Parameters parameters;
    parameters.set("least", least);
    parameters.set("most", most);
    return make_uniform(parameters);
}

std::unique_ptr<LengthDistribution> exponential(double mean, std::int64_t most) {
    Parameters parameters;
    parameters.set("mean", mean);
    parameters.set("most", most);
    return make_exponential(parameters);
}

std::unique_ptr<LengthDistribution> lognormal(double mean, double cv, std::int64_t most) {
    Parameters parameters;
    parameters.set("mean", mean);
    parameters.set("cv", cv);
    parameters.set("most", most);
    return make_lognormal(parameters);
}

std::vector<double> lengths_of(const LengthDistribution& distribution) {
    std::vector<double> lengths;
    for (std::uint64_t k = 0; k < kSamples; ++k)
        lengths.push_back(static_cast<double>(distribution.tokens(uniform_number(k))));
    return lengths;
}

// Rounding moves a length by half a token; `per_token` is the most probability one token holds.
double bound_with_rounding(double per_token) {
    return kolmogorov_bound() + per_token;
}

TEST(Fixed, IsAlwaysTheSame) {
    Parameters parameters;
    parameters.set("tokens", std::int64_t{512});
    const auto distribution = make_fixed(parameters);
    EXPECT_EQ(distribution->tokens(0.001), 512);
    EXPECT_EQ(distribution->tokens(0.999), 512);
}

TEST(Uniform, GivesEveryLengthItsShare) {
    const auto distribution = uniform(3, 5);
    EXPECT_EQ(distribution->tokens(0x1p-54), 3);
    EXPECT_EQ(distribution->tokens(0.3333), 3);
    EXPECT_EQ(distribution->tokens(0.3334), 4);
    EXPECT_EQ(distribution->tokens(0.6666), 4);
    EXPECT_EQ(distribution->tokens(0.6667), 5);
    EXPECT_EQ(distribution->tokens(1 - 0x1p-53), 5);
}

TEST(Uniform, MayBeOneLength) {
    EXPECT_EQ(uniform(7, 7)->tokens(0.5), 7);
}

TEST(Uniform, RefusesBoundsInTheWrongOrder) {
    EXPECT_EQ(problems_with("?", [] { (void)uniform(9, 5); }),
              Problems{"least: 9 is more than most = 5; expected at most 5"});
}

TEST(Exponential, HasItsDistribution) {
    const auto distribution = exponential(500, 1'000'000);
    EXPECT_LT(kolmogorov_distance(lengths_of(*distribution), [](double tokens) { return 1 - std::exp(-tokens / 500); }),
              bound_with_rounding(1 / 500.0));
    EXPECT_NEAR(mean_of(lengths_of(*distribution)), 500, 4 * 500 / std::sqrt(kSamples));
}

TEST(Exponential, IsCutAndAtLeastOne) {
    const auto distribution = exponential(500, 800);
    EXPECT_EQ(distribution->tokens(0.9999), 800);
    EXPECT_EQ(distribution->tokens(0x1p-54), 1);
}

TEST(Lognormal, HasItsDistribution) {
    const auto distribution = lognormal(500, 1, 1'000'000);
    const double sigma = std::sqrt(std::log(2.0));
    const double mu = std::log(500.0) - sigma * sigma / 2;
    EXPECT_LT(kolmogorov_distance(
                  lengths_of(*distribution),
                  [&](double tokens) { return std::erfc((mu - std::log(tokens)) / sigma / std::sqrt(2.0)) / 2; }),
              bound_with_rounding(0.004));
    EXPECT_NEAR(mean_of(lengths_of(*distribution)), 500, 4 * 500 / std::sqrt(kSamples));
    EXPECT_NEAR(cv_of(lengths_of(*distribution)), 1, 0.1);
}

TEST(Lognormal, WithoutVariationIsFixed) {
    EXPECT_EQ(lognormal(500, 0, 1'000'000)->tokens(0.9), 500);
}

TEST(Lognormal, IsCutAndAtLeastOne) {
    const auto distribution = lognormal(500, 2, 4000);
    EXPECT_EQ(distribution->tokens(1 - 0x1p-53), 4000);
    EXPECT_EQ(distribution->tokens(0x1p-54), 1);
}

TEST(Quantiles, FollowStraightLinesBetweenThePoints) {
    const auto distribution = quantiles({{0, 10}, {0.25, 20}, {0.5, 20}, {1, 1020}});
    EXPECT_EQ(distribution->tokens(0x1p-54), 10);
    EXPECT_EQ(distribution->tokens(0.1), 14);
    EXPECT_EQ(distribution->tokens(0.25), 20);
    EXPECT_EQ(distribution->tokens(0.4), 20);
    EXPECT_EQ(distribution->tokens(0.5), 20);
    EXPECT_EQ(distribution->tokens(0.75), 520);
    EXPECT_EQ(distribution->tokens(1 - 0x1p-53), 1020);
}

TEST(Quantiles, RoundToTheNearestAndAtLeastOne) {
    const auto distribution = quantiles({{0, 0}, {1, 10}});
    EXPECT_EQ(distribution->tokens(0.01), 1);
    EXPECT_EQ(distribution->tokens(0.26), 3);
    EXPECT_EQ(distribution->tokens(0.24), 2);
}

TEST(Quantiles, FindTheirSegmentAmongManyNarrowOnes) {
    // A thousand points below 0.01, each segment steeper than the one before.
    Points points = {{0, 0}};
    for (int i = 1; i <= 1000; ++i)
        points.emplace_back(i / 100'000.0, i * i);
    points.emplace_back(1, 2'000'000);
    const auto distribution = quantiles(points);
    EXPECT_EQ(distribution->tokens(0.0004225), 42 * 42 + 21);      // a quarter of the way from 42^2 to 43^2
    EXPECT_EQ(distribution->tokens(0.0099975), 999 * 999 + 1499);  // three quarters of the way to 1000^2
    EXPECT_EQ(distribution->tokens(0.505), 1'500'000);
}

TEST(Quantiles, GiveBackTheirPoints) {
    // Prompts of the Azure 2023 conversation trace.
    const Points points = {{0, 2},      {0.05, 181},  {0.2, 387},   {0.5, 1020},
                           {0.8, 1315}, {0.95, 4083}, {0.99, 4142}, {1, 14050}};
    std::vector<double> lengths = lengths_of(*quantiles(points));
    std::sort(lengths.begin(), lengths.end());
    for (const auto& [fraction, tokens] : points) {
        SCOPED_TRACE(fraction);
        const auto at_most = std::upper_bound(lengths.begin(), lengths.end(), tokens) - lengths.begin();
        EXPECT_NEAR(static_cast<double>(at_most) / static_cast<double>(kSamples), fraction, kolmogorov_bound());
    }
}

TEST(Quantiles, RefuseFewerThanTwoPoints) {
    EXPECT_EQ(problems_with("?", [] { (void)quantiles({{0, 1}}); }), Problems{"points: expected at least 2, found 1"});
}

TEST(Quantiles, TellEveryBadPoint) {
    EXPECT_EQ(
        problems_with("?",
                      [] {
                          (void)quantiles({{0.1, 5}, {0.5, 4}, {0.5, 7}, {0.9, -1}});
                      }),
        (Problems{
            "points[0]: expected fraction 0, found 0.1", "points[3]: expected fraction 1 at the end, found 0.9",
            "points[1]: expected at least 5 tokens, found 4", "points[2]: expected a fraction above 0.5, found 0.5",
            "points[3]: expected 0 to 100000000 tokens, found -1", "points[3]: expected at least 7 tokens, found -1"}));
}

}  // namespace
}  // namespace regatta::workload
