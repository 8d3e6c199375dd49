#include "workload/copula.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "distributions.hpp"
#include "requests.hpp"
#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"

namespace regatta::workload {
namespace {

std::vector<double> ranks_of(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        ranks[order[i]] = static_cast<double>(i);
    return ranks;
}

/// Spearman's: the correlation of the ranks.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const std::vector<double> ranks_a = ranks_of(a);
    const std::vector<double> ranks_b = ranks_of(b);
    const double mean = static_cast<double>(a.size() - 1) / 2;
    double products = 0;
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        products += (ranks_a[i] - mean) * (ranks_b[i] - mean);
        squares += (ranks_a[i] - mean) * (ranks_a[i] - mean);
    }
    return products / squares;
}

struct Pairs {
    std::vector<double> leading;
    std::vector<double> following;
};

Pairs pairs(double correlation) {
    Pairs result;
    for (std::uint64_t k = 0; k < kSamples; ++k) {
        result.leading.push_back(uniform_number(2 * k));
        result.following.push_back(correlated(result.leading.back(), uniform_number(2 * k + 1), correlation));
    }
    return result;
}

// The standard error of a rank correlation is at most 1 / sqrt(n).
const double kBand = 3.3 / std::sqrt(static_cast<double>(kSamples));

TEST(Copula, GivesTheRankCorrelationItPromises) {
    for (const double correlation : {-0.9, -0.3, 0.2, 0.4, 0.8}) {
        SCOPED_TRACE(correlation);
        const Pairs drawn = pairs(correlation);
        EXPECT_NEAR(rank_correlation(drawn.leading, drawn.following), 6 / std::numbers::pi * std::asin(correlation / 2),
                    kBand);
    }
}

TEST(Copula, LeavesEachNumberUniform) {
    for (const double correlation : {-0.7, 0.4, 0.95})
        EXPECT_LT(kolmogorov_distance(pairs(correlation).following, [](double u) { return u; }), kolmogorov_bound());
}

TEST(Copula, FollowsAltogetherAtTheEnds) {
    for (const double leading : {0x1p-54, 0.001, 0.3, 0.5, 0.99, 1 - 0x1p-53}) {
        EXPECT_NEAR(correlated(leading, 0.123, 1), leading, 1e-12);
        EXPECT_NEAR(correlated(leading, 0.123, -1), 1 - leading, 1e-12);
        EXPECT_GT(correlated(leading, 0.123, -1), 0);
        EXPECT_LT(correlated(leading, 0.123, -1), 1);
    }
}

std::vector<StreamTraffic> stream(double correlation) {
    Parameters parameters;
    parameters.set("mean", 800.0);
    parameters.set("cv", 1.0);
    parameters.set("most", std::int64_t{1'000'000});
    SyntheticStream one;
    one.arrivals.whole = one.arrivals.share = make_poisson(10, parameters);
    one.prompt = make_lognormal(parameters);
    one.output = make_exponential(parameters);
    one.correlation = correlation;
    one.arrivals.limit = kSamples;
    return {one};
}

TEST(Copula, CorrelatesTheLengthsOfAStreamAndLeavesPromptsAlone) {
    Workload plain(stream(0), 1, 3);
    Workload together(stream(0.4), 1, 3);
    const Requests independent = drawn(*plain.source_for(GatewayId(0)));
    const Requests correlated_ones = drawn(*together.source_for(GatewayId(0)));
    std::vector<double> prompts;
    std::vector<double> outputs;
    for (std::size_t i = 0; i < independent.size(); ++i) {
        ASSERT_EQ(correlated_ones[i].prompt_tokens, independent[i].prompt_tokens);
        ASSERT_EQ(correlated_ones[i].arrival, independent[i].arrival);
        prompts.push_back(correlated_ones[i].prompt_tokens);
        outputs.push_back(correlated_ones[i].output_tokens);
    }
    // Whole tokens tie now and then, which moves ranks by far less than the band.
    EXPECT_NEAR(rank_correlation(prompts, outputs), 6 / std::numbers::pi * std::asin(0.2), kBand);
}

}  // namespace
}  // namespace regatta::workload
