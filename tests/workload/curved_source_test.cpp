// Streams whose rate changes, seen through the gateways that share them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "requests.hpp"
#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"

namespace regatta::workload {
namespace {

constexpr std::int64_t kSpan_s = 1000;

RateCurve busy_curve() {
    RateCurve curve = RateCurve::of_day(
        {.mean_per_s = 40, .peak_per_s = 75, .period = SimTime::from_s(400), .peak_at = SimTime::from_s(130)});
    curve.add_spikes(
        {{SimTime::from_s(300), SimTime::from_s(350), 5}, {SimTime::from_s(600), SimTime::from_s(700), 0}});
    return curve;
}

SyntheticStream curved(ArrivalFactory make, std::uint32_t gateways) {
    Parameters parameters;
    parameters.set("cv", 0.5);
    parameters.set("tokens", std::int64_t{10});
    SyntheticStream stream;
    stream.arrivals.whole = make(1, parameters);
    stream.arrivals.share = make(1.0 / gateways, parameters);
    stream.arrivals.curve = std::make_shared<const RateCurve>(busy_curve());
    stream.prompt = stream.output = make_fixed(parameters);
    stream.arrivals.until = SimTime::from_s(kSpan_s);
    return stream;
}

Requests all_of(ArrivalFactory make, std::uint32_t gateways, std::uint64_t seed = 11) {
    Workload workload({curved(make, gateways)}, gateways, seed);
    auto sources = sources_of(workload, gateways);
    Requests all;
    for (Requests& one : drawn_in_step(workload, sources))
        all.insert(all.end(), one.begin(), one.end());
    std::sort(all.begin(), all.end(),
              [](const Request& a, const Request& b) { return std::tie(a.arrival, a.id) < std::tie(b.arrival, b.id); });
    return all;
}

// Counts per 10 s against the integral of the curve. Poisson counts have the variance of their mean, so the sum of
// (count - mean)^2 / mean over n bins is chi-square with n degrees of freedom: mean n, variance 2 n (plus a little
// where means are small). 99.9 % of seeds stay within 3.3 standard deviations.
void expect_counts_follow(const Requests& requests) {
    const RateCurve curve = busy_curve();
    std::vector<double> counts(kSpan_s / 10, 0);
    for (const Request& request : requests)
        ++counts[static_cast<std::size_t>(request.arrival.ns() / 10'000'000'000)];
    double chi_square = 0;
    double freedom = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i) * 10;
        const double mean = curve.expected(SimTime::from_s(at), SimTime::from_s(at + 10));
        if (mean == 0) {
            EXPECT_EQ(counts[i], 0);
            continue;
        }
        chi_square += (counts[i] - mean) * (counts[i] - mean) / mean;
        ++freedom;
    }
    EXPECT_EQ(freedom, 90);
    EXPECT_NEAR(chi_square, freedom, 3.3 * std::sqrt(2 * freedom));
}

TEST(CurvedStreams, ComeAsOftenAsTheCurveSays) {
    expect_counts_follow(all_of(make_poisson, 1));
}

TEST(CurvedStreams, ComeAsOftenAsTheCurveSaysWhenGatewaysShareThem) {
    expect_counts_follow(all_of(make_poisson, 5));
    expect_counts_follow(all_of(make_poisson, 64));
}

// With the clock changed back, gaps are those of the process of rate 1: so is the distribution of all numbers of
// requests between two arrivals, and not only their mean.
TEST(CurvedStreams, AreTheProcessOfRateOneOnTheCurvesClock) {
    const RateCurve curve = busy_curve();
    const Requests requests = all_of(make_poisson, 3);
    std::vector<double> gaps;
    for (std::size_t i = 1; i < requests.size(); ++i)
        gaps.push_back(curve.expected(requests[i - 1].arrival, requests[i].arrival));
    const auto within = [&](double most) {
        return static_cast<double>(std::count_if(gaps.begin(), gaps.end(), [&](double gap) { return gap < most; })) /
               static_cast<double>(gaps.size());
    };
    const double band = 1.95 / std::sqrt(static_cast<double>(gaps.size()));  // Kolmogorov, one seed in a thousand
    for (const double most : {0.1, 0.5, 1.0, 2.0, 4.0})
        EXPECT_NEAR(within(most), 1 - std::exp(-most), band);
}

TEST(CurvedStreams, KeepTheRegularityOfAProcessThatIsDealtOut) {
    // Constant gaps on the curve's clock: counts are the integral, to one request.
    const RateCurve curve = busy_curve();
    const Requests requests = all_of(make_constant, 3);
    for (std::size_t i = 99; i < requests.size(); i += 1000)
        EXPECT_NEAR(curve.expected(SimTime(), requests[i].arrival), static_cast<double>(i + 1), 1e-3);
    EXPECT_NEAR(static_cast<double>(requests.size()), curve.expected(SimTime(), SimTime::from_s(kSpan_s)), 1);
}

TEST(CurvedStreams, GiveAGatewayTheSameRequestsWhicheverOthersAreServed) {
    for (const ArrivalFactory make : {make_poisson, make_gamma}) {
        Workload together({curved(make, 4)}, 4, 3);
        auto sources = sources_of(together, 4);
        const auto requests = drawn_in_step(together, sources);
        for (std::uint32_t gateway = 0; gateway < 4; ++gateway) {
            Workload alone({curved(make, 4)}, 4, 3);
            EXPECT_EQ(drawn(*alone.source_for(GatewayId(gateway))), requests[gateway]);
        }
    }
}

TEST(CurvedStreams, SkipToAPosition) {
    Workload whole({curved(make_poisson, 2)}, 2, 3);
    const Requests requests = drawn(*whole.source_for(GatewayId(1)));
    Workload again({curved(make_poisson, 2)}, 2, 3);
    const auto source = again.source_for(GatewayId(1));
    source->skip(500);
    EXPECT_EQ(drawn(*source), Requests(requests.begin() + 500, requests.end()));
}

TEST(CurvedStreams, EndWhereTheRateStaysZero) {
    SyntheticStream stream = curved(make_poisson, 1);
    stream.arrivals.until = SimTime::never();
    stream.arrivals.curve =
        std::make_shared<const RateCurve>(RateCurve::of_steps({{SimTime(), 10}, {SimTime::from_s(100), 0}}));
    Workload workload({stream}, 1, 1);
    const Requests requests = drawn(*workload.source_for(GatewayId(0)));
    EXPECT_NEAR(static_cast<double>(requests.size()), 1000, 3.3 * std::sqrt(1000.0));
    EXPECT_LT(requests.back().arrival, SimTime::from_s(100));
}

}  // namespace
}  // namespace regatta::workload
