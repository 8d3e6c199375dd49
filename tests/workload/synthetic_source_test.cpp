#include "workload/synthetic_source.hpp"

#include <gtest/gtest.h>

#include <set>

#include "regatta/base/errors.hpp"
#include "requests.hpp"
#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"

namespace regatta::workload {
namespace {

std::shared_ptr<const LengthDistribution> lengths(std::int64_t least, std::int64_t most) {
    Parameters parameters;
    parameters.set("least", least);
    parameters.set("most", most);
    return make_uniform(parameters);
}

SyntheticStream stream_of(ArrivalFactory make, double rate_per_s, std::uint32_t gateways, std::uint64_t limit) {
    Parameters parameters;
    parameters.set("cv", 2.0);
    SyntheticStream stream;
    stream.arrivals.whole = make(rate_per_s, parameters);
    stream.arrivals.share = make(rate_per_s / gateways, parameters);
    stream.prompt = lengths(1, 1000);
    stream.output = lengths(1, 100);
    stream.arrivals.limit = limit;
    return stream;
}

// One stream that splits freely and two that are dealt out.
std::vector<StreamTraffic> three_streams(std::uint32_t gateways) {
    return {stream_of(make_poisson, 100, gateways, 1000), stream_of(make_gamma, 50, gateways, 500),
            stream_of(make_constant, 25, gateways, 251)};
}

constexpr std::uint64_t kSeed = 7;

Requests alone(const std::vector<StreamTraffic>& streams, std::uint32_t gateway, std::uint32_t gateways) {
    Workload workload(streams, gateways, kSeed);
    return drawn(*workload.source_for(GatewayId(gateway)));
}

TEST(SyntheticSources, NumberRequestsByStreamAndIndex) {
    std::set<std::uint64_t> ids;
    for (std::uint32_t gateway = 0; gateway < 3; ++gateway)
        for (const Request& request : alone(three_streams(3), gateway, 3)) {
            EXPECT_EQ(request.id.value() >> 48, request.stream.value());
            EXPECT_EQ((request.id.value() & 0xFFFF'FFFF'FFFF) % 3, gateway);
            ids.insert(request.id.value());
        }
    EXPECT_EQ(ids.size(), 1000U + 500U + 251U);
    // Limits are exact over all gateways: the last index of each stream is limit - 1.
    EXPECT_TRUE(ids.contains(999));
    EXPECT_TRUE(ids.contains((1ULL << 48) + 499));
    EXPECT_TRUE(ids.contains((2ULL << 48) + 250));
}

TEST(SyntheticSources, GiveAGatewayTheSameRequestsWhicheverOthersAreServed) {
    Workload workload(three_streams(3), 3, kSeed);
    auto sources = sources_of(workload, 3);
    const auto together = drawn_in_step(workload, sources);
    EXPECT_EQ(together[0], alone(three_streams(3), 0, 3));
    EXPECT_EQ(together[1], alone(three_streams(3), 1, 3));
    EXPECT_EQ(together[2], alone(three_streams(3), 2, 3));
}

TEST(SyntheticSources, MergeStreamsInOrderOfArrivalAndId) {
    EXPECT_TRUE(is_in_order(alone(three_streams(2), 0, 2)));
    // Two streams whose requests always arrive at the same instant.
    const std::vector<StreamTraffic> twins = {stream_of(make_constant, 10, 1, 50), stream_of(make_constant, 10, 1, 50)};
    const Requests requests = alone(twins, 0, 1);
    EXPECT_EQ(requests.size(), 100U);
    EXPECT_TRUE(is_in_order(requests));
}

TEST(SyntheticSources, GiveARequestTheSameLengthsOnAnyNumberOfGateways) {
    const Requests on_one = alone({stream_of(make_constant, 10, 1, 30)}, 0, 1);
    const Requests on_three = alone({stream_of(make_constant, 10, 3, 30)}, 1, 3);
    EXPECT_EQ(on_three[4], on_one[13]);
}

TEST(SyntheticSources, FollowTheSeed) {
    Workload first({stream_of(make_poisson, 10, 1, 10)}, 1, 1);
    Workload second({stream_of(make_poisson, 10, 1, 10)}, 1, 2);
    EXPECT_NE(drawn(*first.source_for(GatewayId(0))), drawn(*second.source_for(GatewayId(0))));
}

TEST(SyntheticSources, DrawDifferentLengthsForPromptAndOutput) {
    SyntheticStream stream = stream_of(make_constant, 10, 1, 100);
    stream.output = stream.prompt;
    int equal = 0;
    for (const Request& request : alone({stream}, 0, 1))
        if (request.prompt_tokens == request.output_tokens) ++equal;
    EXPECT_LT(equal, 5);
}

TEST(SyntheticSources, StartWithAGapAfterTheirBeginning) {
    SyntheticStream stream = stream_of(make_constant, 4, 1, 3);
    stream.arrivals.from = SimTime::from_s(10);
    const Requests requests = alone({stream}, 0, 1);
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests[0].arrival, SimTime::from_ms(10'250));
    EXPECT_EQ(requests[2].arrival, SimTime::from_ms(10'750));
}

TEST(SyntheticSources, EndBeforeTheirEnd) {
    for (const ArrivalFactory make : {make_poisson, make_constant}) {
        SyntheticStream stream = stream_of(make, 100, 2, UINT64_MAX);
        stream.arrivals.limit.reset();
        stream.arrivals.until = SimTime::from_s(10);
        Requests requests = alone({stream}, 0, 2);
        EXPECT_NEAR(static_cast<double>(requests.size()), 500, 100);
        EXPECT_LT(requests.back().arrival, SimTime::from_s(10));
    }
    // The arrival at exactly the end is left out.
    SyntheticStream stream = stream_of(make_constant, 4, 1, UINT64_MAX);
    stream.arrivals.until = SimTime::from_s(1);
    EXPECT_EQ(alone({stream}, 0, 1).size(), 3U);
}

TEST(SyntheticSources, KeepTheRateOfASplitStream) {
    // 20,000 arrivals at 100/s over four gateways: each gateway's last one comes near 200 s (four standard deviations
    // of 5,000 exponential gaps at 25/s are 11 s).
    const std::vector<StreamTraffic> streams = {stream_of(make_poisson, 100, 4, 20'000)};
    for (std::uint32_t gateway = 0; gateway < 4; ++gateway) {
        SCOPED_TRACE(gateway);
        const Requests requests = alone(streams, gateway, 4);
        EXPECT_EQ(requests.size(), 5000U);
        EXPECT_NEAR(requests.back().arrival.seconds(), 200, 11.4);
    }
}

TEST(SyntheticSources, GiveEverythingAtOnce) {
    const Requests requests = alone({stream_of(make_all_at_once, 1, 2, 11)}, 0, 2);
    ASSERT_EQ(requests.size(), 6U);
    EXPECT_EQ(requests.back().arrival, SimTime());
    EXPECT_TRUE(is_in_order(requests));
}

TEST(SyntheticSources, RefuseAStreamThatNeverEnds) {
    SyntheticStream stream = stream_of(make_all_at_once, 1, 1, 1);
    stream.arrivals.limit.reset();
    EXPECT_THROW(Workload({stream}, 1, kSeed), BugError);
}

TEST(SyntheticSources, KeepNoMoreThanGatewaysAreApart) {
    Workload workload(three_streams(4), 4, kSeed);
    auto sources = sources_of(workload, 4);
    std::uint64_t most_buffered = 0;
    (void)drawn_in_step(workload, sources, &most_buffered);
    // Each gateway holds the next arrival of each stream; a dealt-out stream runs ahead by at most a round per stream.
    EXPECT_LE(most_buffered, 2U * 4 * 4);
    EXPECT_EQ(workload.buffered(), 0U);
}

TEST(SyntheticSources, KeepNothingForGatewaysServedElsewhere) {
    Workload workload(three_streams(4), 4, kSeed);
    const auto source = workload.source_for(GatewayId(2));
    (void)drawn(*source);
    EXPECT_EQ(workload.buffered(), 0U);
}

TEST(SyntheticSources, SkipToAPosition) {
    const Requests whole = alone(three_streams(3), 1, 3);
    Workload workload(three_streams(3), 3, kSeed);
    auto sources = sources_of(workload, 3);
    sources[1]->skip(200);
    EXPECT_EQ(sources[1]->position(), 200U);
    EXPECT_EQ(drawn(*sources[1]), Requests(whole.begin() + 200, whole.end()));
    EXPECT_EQ(sources[1]->position(), whole.size());
    EXPECT_EQ(drawn(*sources[0]), alone(three_streams(3), 0, 3));
}

TEST(SyntheticSources, PileNothingUpWhenAllSkip) {
    Workload workload(three_streams(4), 4, kSeed);
    auto sources = sources_of(workload, 4);
    for (auto& source : sources)
        source->skip(300);
    EXPECT_EQ(workload.buffered(), 0U);
    (void)sources[3]->next();
    EXPECT_LE(workload.buffered(), 100U);
}

TEST(SyntheticSources, SkipNoFurtherThanTheirEnd) {
    Workload workload({stream_of(make_constant, 4, 1, 3)}, 1, kSeed);
    const auto source = workload.source_for(GatewayId(0));
    EXPECT_THROW(source->skip(4), BugError);
}

TEST(SyntheticSources, GiveNothingAfterTheEnd) {
    Workload workload({stream_of(make_poisson, 4, 1, 1)}, 1, kSeed);
    const auto source = workload.source_for(GatewayId(0));
    EXPECT_TRUE(source->next());
    EXPECT_FALSE(source->next());
    EXPECT_FALSE(source->next());
    EXPECT_EQ(source->position(), 1U);
}

}  // namespace
}  // namespace regatta::workload
