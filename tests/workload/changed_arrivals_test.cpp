// Streams that come otherwise from an instant on: before it nothing is another, after it the new terms hold.
#include <gtest/gtest.h>

#include <cmath>

#include "requests.hpp"
#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"

namespace regatta::workload {
namespace {

constexpr std::uint32_t kGateways = 2;
const SimTime kAt = SimTime::from_ms(400'250);

ArrivalTerms terms_of(ArrivalFactory make, double rate_per_s, SimTime from, SimTime until) {
    Parameters parameters;
    parameters.set("cv", 2.0);
    return {.whole = make(rate_per_s, parameters),
            .share = make(rate_per_s / kGateways, parameters),
            .curve = {},
            .from = from,
            .until = until,
            .limit = {}};
}

SyntheticStream stream_of(ArrivalFactory make, double rate_per_s, SimTime until = SimTime::from_s(1000)) {
    Parameters parameters;
    parameters.set("tokens", std::int64_t{10});
    SyntheticStream stream;
    stream.arrivals = terms_of(make, rate_per_s, SimTime(), until);
    stream.prompt = stream.output = make_fixed(parameters);
    return stream;
}

/// In order of arrival, of all gateways; those of `skipped` by gateway are not drawn.
Requests all_of(const SyntheticStream& stream, const std::vector<std::uint64_t>& skipped = {}) {
    Workload workload({stream}, kGateways, 5);
    auto sources = sources_of(workload, kGateways);
    for (std::size_t gateway = 0; gateway < skipped.size(); ++gateway)
        sources[gateway]->skip(skipped[gateway]);
    Requests all;
    for (const Requests& one : drawn_in_step(workload, sources))
        all.insert(all.end(), one.begin(), one.end());
    std::sort(all.begin(), all.end(),
              [](const Request& a, const Request& b) { return std::tie(a.arrival, a.id) < std::tie(b.arrival, b.id); });
    return all;
}

Requests between(const Requests& all, SimTime from, SimTime until) {
    Requests some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const Request& request) { return request.arrival >= from && request.arrival < until; });
    return some;
}

class ChangedArrivals : public ::testing::TestWithParam<ArrivalFactory> {};

TEST_P(ChangedArrivals, AreAsTheyWereBefore) {
    SyntheticStream stream = stream_of(GetParam(), 20);
    const Requests before = between(all_of(stream), SimTime(), kAt);
    stream.later = {terms_of(GetParam(), 60, kAt, SimTime::from_s(1000))};
    const Requests all = all_of(stream);
    EXPECT_EQ(between(all, SimTime(), kAt), before);
    EXPECT_GT(before.size(), 7000U);
    // Of 36,000 gaps with a coefficient of variation of 2 at most: their sum varies by 2 sqrt(36000), one in a hundred.
    EXPECT_NEAR(static_cast<double>(all.size() - before.size()), 60 * (SimTime::from_s(1000) - kAt).seconds(), 1200);
    EXPECT_TRUE(is_in_order(all));
}

// What a gateway goes on with is what it would have had.
TEST_P(ChangedArrivals, AreTheSameAfterASkip) {
    SyntheticStream stream = stream_of(GetParam(), 20);
    stream.later = {terms_of(GetParam(), 60, kAt, SimTime::from_s(500)),
                    terms_of(GetParam(), 5, SimTime::from_s(450), SimTime::from_s(900))};
    const Requests all = all_of(stream);
    const Requests rest = between(all, kAt, SimTime::never());
    std::vector<std::uint64_t> taken(kGateways, 0);
    for (std::size_t i = 0; i + rest.size() < all.size(); ++i)
        ++taken[all[i].id.value() % kGateways];
    EXPECT_EQ(all_of(stream, taken), rest);
}

INSTANTIATE_TEST_SUITE_P(Processes, ChangedArrivals, ::testing::Values(make_poisson, make_gamma, make_constant));

TEST(ChangedArrivals, GoOnInTheGapThatIsUnderWay) {
    SyntheticStream stream = stream_of(make_constant, 1, SimTime::from_s(10));
    stream.later = {terms_of(make_constant, 4, SimTime::from_ms(2'500), SimTime::from_ms(3'500))};
    std::vector<std::int64_t> arrivals_ms;
    for (const Request& request : all_of(stream))
        arrivals_ms.push_back(request.arrival.ns() / 1'000'000);
    // Half of the third gap is over at 2.5 s; the other half takes half of 250 ms.
    EXPECT_EQ(arrivals_ms, (std::vector<std::int64_t>{1000, 2000, 2625, 2875, 3125, 3375}));
}

// With the same number, so that the change of clock of a Poisson process must hold: an exponential rest.
TEST(ChangedArrivals, StayPoissonBehindTheChange) {
    std::vector<double> rests;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        SyntheticStream stream = stream_of(make_poisson, 0.5, SimTime::from_s(100));
        stream.later = {terms_of(make_poisson, 4, SimTime::from_s(10), SimTime::from_s(100))};
        Workload workload({stream}, 1, seed);
        const auto source = workload.source_for(GatewayId(0));
        auto request = source->next();
        while (request->arrival < SimTime::from_s(10))
            request = source->next();
        rests.push_back((request->arrival - SimTime::from_s(10)).seconds());
    }
    double sum = 0;
    double squares = 0;
    for (const double rest : rests) {
        sum += rest;
        squares += rest * rest;
    }
    const double mean = sum / 4000;
    // The share of one of two gateways has the rate 2: 3.3 standard errors.
    EXPECT_NEAR(mean, 0.5, 3.3 * 0.5 / std::sqrt(4000.0));
    EXPECT_NEAR(squares / 4000 - mean * mean, 0.25, 0.05);
}

TEST(ChangedArrivals, AreLeftAloneWhereOnlyTheEndChanges) {
    SyntheticStream stream = stream_of(make_poisson, 20, SimTime::from_s(500));
    const Requests longer = all_of(stream_of(make_poisson, 20, SimTime::from_s(800)));
    ArrivalTerms later = stream.arrivals;
    later.from = kAt;
    later.until = SimTime::from_s(800);
    stream.later = {later};
    EXPECT_EQ(all_of(stream), longer);
    stream.later[0].until = SimTime::from_s(450);
    EXPECT_EQ(all_of(stream), between(longer, SimTime(), SimTime::from_s(450)));
}

TEST(ChangedArrivals, BeginAnewWhereTheyHadEnded) {
    SyntheticStream stream = stream_of(make_constant, 1, SimTime::from_ms(2'500));
    stream.later = {terms_of(make_constant, 1, SimTime::from_ms(5'300), SimTime::from_s(8))};
    const Requests by_time = all_of(stream);
    ASSERT_EQ(by_time.size(), 4U);
    EXPECT_EQ(by_time[2].arrival, SimTime::from_ms(6'300));
    EXPECT_EQ(by_time[2].id.value(), 2U) << "numbers go on";
    stream = stream_of(make_constant, 1, SimTime::from_s(8));
    stream.arrivals.limit = 3;
    stream.later = {terms_of(make_constant, 1, SimTime::from_ms(5'300), SimTime::from_s(8))};
    stream.later[0].limit = 4;
    const Requests by_limit = all_of(stream);
    ASSERT_EQ(by_limit.size(), 4U);
    EXPECT_EQ(by_limit[3].arrival, SimTime::from_ms(6'300));
}

}  // namespace
}  // namespace regatta::workload
