#include "workload/arrivals.hpp"

#include <gtest/gtest.h>

#include "distributions.hpp"

namespace regatta::workload {
namespace {

std::vector<double> gaps_of(const ArrivalProcess& process) {
    std::vector<double> gaps;
    for (std::uint64_t k = 0; k < kSamples; ++k)
        gaps.push_back(process.gap_s(k, uniform_number(k)));
    return gaps;
}

std::unique_ptr<ArrivalProcess> gamma(double rate_per_s, double cv) {
    Parameters parameters;
    parameters.set("cv", cv);
    return make_gamma(rate_per_s, parameters);
}

TEST(Poisson, HasExponentialGaps) {
    const auto process = make_poisson(40, {});
    EXPECT_LT(kolmogorov_distance(gaps_of(*process), [](double gap) { return 1 - std::exp(-40 * gap); }),
              kolmogorov_bound());
    EXPECT_NEAR(mean_of(gaps_of(*process)), 1 / 40.0, 4 / 40.0 / std::sqrt(kSamples));
}

TEST(Poisson, InvertsItsDistribution) {
    EXPECT_DOUBLE_EQ(make_poisson(2, {})->gap_s(0, 1 - std::exp(-3.0)), 1.5);
}

TEST(Poisson, SplitsFreely) {
    EXPECT_TRUE(make_poisson(1, {})->splits_freely());
}

TEST(TruncatedPoisson, HasTheMeanOfGapsCutAtThree) {
    Parameters parameters;
    parameters.set("longest_gap", 3.0);
    const auto process = make_truncated_poisson(2, parameters);
    std::vector<double> gaps;
    for (std::uint64_t k = 0; k < kSamples; ++k)
        gaps.push_back(process->gap_s(k, uniform_number(k)));
    // Standard error of the mean: below 0.5 / sqrt(20,000) s.
    EXPECT_NEAR(mean_of(gaps), (1 - std::exp(-3.0)) / 2, 3 * 0.5 / std::sqrt(static_cast<double>(kSamples)));
    EXPECT_EQ(*std::max_element(gaps.begin(), gaps.end()), 1.5);
    EXPECT_EQ(process->gap_s(0, 0.5), make_poisson(2, {})->gap_s(0, 0.5));
    EXPECT_FALSE(process->splits_freely());
}

TEST(Gamma, OfCvOneIsPoisson) {
    const auto process = gamma(40, 1);
    EXPECT_LT(kolmogorov_distance(gaps_of(*process), [](double gap) { return 1 - std::exp(-40 * gap); }),
              kolmogorov_bound());
}

TEST(Gamma, OfCvInverseRootOfTwoIsErlang) {
    const auto process = gamma(40, 1 / std::sqrt(2.0));
    // Two exponential phases of rate 80.
    EXPECT_LT(
        kolmogorov_distance(gaps_of(*process), [](double gap) { return 1 - std::exp(-80 * gap) * (1 + 80 * gap); }),
        kolmogorov_bound());
}

TEST(Gamma, HasItsMeanAndCoefficientOfVariation) {
    for (const double cv : {0.1, 0.5, 2.0, 4.0}) {
        SCOPED_TRACE(cv);
        const std::vector<double> gaps = gaps_of(*gamma(10, cv));
        EXPECT_NEAR(mean_of(gaps), 0.1, 0.1 * cv * 4 / std::sqrt(kSamples));
        EXPECT_NEAR(cv_of(gaps), cv, 0.1 * cv);
    }
}

TEST(Gamma, StaysFiniteAtTheEndsOfItsRange) {
    for (const double cv : {0.01, 100.0}) {
        SCOPED_TRACE(cv);
        const auto process = gamma(1, cv);
        for (const double uniform : {0x1p-54, 0.5, 1 - 0x1p-53}) {
            SCOPED_TRACE(uniform);
            EXPECT_GE(process->gap_s(0, uniform), 0);
            EXPECT_LT(process->gap_s(0, uniform), 1e9);
        }
    }
}

TEST(Gamma, IsDealtOut) {
    EXPECT_FALSE(gamma(1, 2)->splits_freely());
}

TEST(Constant, HasEqualGaps) {
    const auto process = make_constant(40, {});
    EXPECT_EQ(process->gap_s(0, 0.1), 0.025);
    EXPECT_EQ(process->gap_s(9, 0.9), 0.025);
    EXPECT_FALSE(process->splits_freely());
    EXPECT_FALSE(process->needs_limit());
}

TEST(AllAtOnce, HasNoGapsAndNeedsALimit) {
    const auto process = make_all_at_once(40, {});
    EXPECT_EQ(process->gap_s(0, 0.1), 0);
    EXPECT_TRUE(process->needs_limit());
    EXPECT_FALSE(process->splits_freely());
}

}  // namespace
}  // namespace regatta::workload
