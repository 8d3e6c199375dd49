#include "routing/gateway_lp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "small_fleet.hpp"

namespace regatta::routing {
namespace {

TEST(GatewayLp, SendsToTheNodeAndSlotOfTheChosenReplica) {
    const SmallFleet fleet({.requests = {{request(0, 100, 1, 1), request(11, 200, 1, 1), request(22, 300, 1, 1),
                                          request(33, 400, 1, 1)}}});
    ASSERT_EQ(fleet.sink.requests.size(), 4u);
    for (const serving::RequestRecord& record : fleet.sink.requests) {
        SCOPED_TRACE(record.request_id);
        EXPECT_EQ(record.replica, record.request_id % 10);
        EXPECT_EQ(record.received_ns, record.arrival_ns + 500);
        EXPECT_EQ(record.gateway, 0u);
    }
    EXPECT_EQ(fleet.arrived, 4);
}

TEST(GatewayLp, RoutesRequestsOfOneInstantOneAfterTheOther) {
    const SmallFleet fleet({.requests = {{request(0, 100, 1, 1), request(10, 100, 1, 1), request(20, 100, 1, 1)}}});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 0, {0, 0, 0, 0}}, {0, 10, {1, 0, 0, 0}}, {0, 20, {2, 0, 0, 0}}}));
}

TEST(GatewayLp, KnowsOfACompletionOneLatencyLaterAndOnlyOfItsOwn) {
    // Request 3 ends at 100 + 500 + 100 = 700 ns at replica 3; gateway 0 hears of it at 1200 ns. All arrivals of that
    // instant are still routed without it.
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1), request(10, 1199, 1, 1), request(20, 1200, 1, 1),
                                          request(30, 1200, 1, 1), request(50, 1201, 1, 1)},
                                         {request(40, 1150, 1, 1)}}});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 3, {0, 0, 0, 0}},
                                             {0, 10, {0, 0, 0, 1}},
                                             {0, 20, {1, 0, 0, 1}},
                                             {0, 30, {2, 0, 0, 1}},
                                             {0, 50, {3, 0, 0, 0}},
                                             {1, 40, {0, 0, 0, 0}}}));
}

TEST(GatewayLp, IsToldOfARefusalAsOfACompletion) {
    const SmallFleet fleet(
        {.requests = {{request(3, 100, 150, 60), request(10, 1100, 1, 1), request(20, 1101, 1, 1)}}});
    EXPECT_EQ(fleet.sink.requests.at(0).state, EndState::Rejected);
    EXPECT_EQ(fleet.seen.at(1), (Seen{0, 10, {0, 0, 0, 1}}));
    EXPECT_EQ(fleet.seen.at(2), (Seen{0, 20, {1, 0, 0, 0}}));
}

TEST(GatewayLp, SeesWhatReportsSayOfAllGatewaysRequests) {
    // Both requests run from 600 ns on for 100 steps. The report of 1000 ns is read at 1500 ns, before an arrival then.
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 100), request(10, 1499, 1, 1), request(20, 1500, 1, 1)},
                                         {request(1, 100, 1, 100), request(30, 1500, 1, 1)}},
                            .report_every = ns(1000)});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 3, {0, 0, 0, 0}},
                                             {0, 10, {0, 0, 0, 1}},
                                             {0, 20, {1, 1, 0, 1}},
                                             {1, 1, {0, 0, 0, 0}},
                                             {1, 30, {0, 1, 0, 1}}}));
}

TEST(GatewayLp, StopsArrivalsAtTheirEnd) {
    const SmallFleet fleet({.requests = {{request(0, 100, 1, 1), request(1, 999, 1, 1), request(2, 1000, 1, 1)}},
                            .arrivals_until = ns(1000)});
    EXPECT_EQ(fleet.sink.requests.size(), 2u);
    EXPECT_EQ(fleet.arrived, 2);
}

TEST(GatewayLp, KnowsTheTokensOfWhatIsOutstanding) {
    // Request 3 ends at 700 ns; gateways hear of it at 1200 ns.
    const SmallFleet fleet({.requests = {{request(3, 100, 14, 1), request(10, 1199, 5, 1), request(20, 1201, 1, 1)}},
                            .noted = serving::Load::Tokens});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 3, {0, 0, 0, 0}}, {0, 10, {0, 0, 0, 14}}, {0, 20, {5, 0, 0, 0}}}));
}

TEST(GatewayLp, KnowsTheTokensThatReportsTellOfAllGateways) {
    const SmallFleet fleet({.requests = {{request(3, 100, 14, 100), request(10, 1499, 5, 1), request(20, 1500, 1, 1)},
                                         {request(1, 100, 9, 100)}},
                            .noted = serving::Load::Tokens,
                            .report_every = ns(1000)});
    EXPECT_EQ(fleet.seen,
              (std::vector<Seen>{
                  {0, 3, {0, 0, 0, 0}}, {0, 10, {0, 0, 0, 14}}, {0, 20, {5, 9, 0, 14}}, {1, 1, {0, 0, 0, 0}}}));
}

TEST(GatewayLp, KnowsTheBlocksThatItsLastCompletionTold) {
    // Blocks hold 4 tokens. At replica 3, request 3 ends at 700 ns and leaves request 13 (9 tokens, 3 blocks) there;
    // its step from 700 ns on takes a tenth token. A completion tells that; request 23 is on top of it from 1250 ns on.
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1), request(13, 100, 8, 50), request(23, 1250, 5, 1),
                                          request(20, 1300, 1, 1)}},
                            .noted = serving::Load::KvBlocks});
    EXPECT_EQ(fleet.seen,
              (std::vector<Seen>{
                  {0, 3, {0, 0, 0, 0}}, {0, 13, {0, 0, 0, 1}}, {0, 23, {0, 0, 0, 3}}, {0, 20, {0, 0, 0, 3 + 2}}}));
}

TEST(GatewayLp, KnowsTheBlocksInUseAtTheTickOfAReport) {
    // Replica 3 gets 8 tokens at 600 ns and one more every 100 ns: step k from 600 + 100 k ns on holds 8 + k tokens.
    // The report of 1000 ns tells of the step that ends then: 11 tokens in 3 blocks; that of 2000 ns of 21 tokens in 6.
    // Of the two requests at replica 0, one block each, the first arrives before 2000 ns and the second then.
    const SmallFleet fleet({.requests = {{request(3, 100, 8, 60), request(10, 1499, 1, 1), request(20, 1500, 1, 1),
                                          request(1, 2500, 1, 1)}},
                            .noted = serving::Load::KvBlocks,
                            .report_every = ns(1000)});
    EXPECT_EQ(fleet.seen,
              (std::vector<Seen>{
                  {0, 3, {0, 0, 0, 0}}, {0, 10, {0, 0, 0, 2}}, {0, 20, {1, 0, 0, 3}}, {0, 1, {1 + 1, 0, 0, 6}}}));
}

TEST(GatewayLp, SeesReplicasOfItsIslandAsTheyAreBeforeTheInstant) {
    // Request 3 is computed from 100 ns on and ends at 400 ns: who arrives then does not know that yet.
    const SmallFleet fleet(
        {.requests = {{request(3, 100, 1, 3), request(10, 399, 1, 1), request(20, 400, 1, 1), request(30, 500, 1, 1)}},
         .is_near = true});
    EXPECT_EQ(
        fleet.seen,
        (std::vector<Seen>{{0, 3, {0, 0, 0, 0}}, {0, 10, {0, 0, 0, 1}}, {0, 20, {1, 0, 0, 1}}, {0, 30, {1, 0, 0, 0}}}));
}

TEST(GatewayLp, CountsWhatGatewaysOfItsIslandSendAtOneInstantOnce) {
    const SmallFleet fleet({.requests = {{request(3, 100, 9, 50), request(13, 100, 8, 50), request(10, 101, 1, 1)},
                                         {request(23, 100, 7, 50), request(20, 101, 1, 1)}},
                            .noted = serving::Load::Tokens,
                            .is_near = true});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 3, {0, 0, 0, 0}},
                                             {0, 13, {0, 0, 0, 9}},
                                             {0, 10, {0, 0, 0, 24}},
                                             {1, 23, {0, 0, 0, 17}},
                                             {1, 20, {1, 0, 0, 24}}}));
}

TEST(GatewayLp, SeesWhoWaitsOnceTheBatchOfTheInstantIsFormed) {
    // Four run at most. All six wait while they arrive; two of them from then on, until the four end at 100 + 300 ns.
    std::vector<Request> requests;
    for (std::uint64_t i = 0; i < 6; ++i)
        requests.push_back(request(10 * i, 100, 1, 3));
    requests.push_back(request(1, 101, 1, 1));
    requests.push_back(request(11, 400, 1, 1));
    requests.push_back(request(21, 401, 1, 1));
    const SmallFleet fleet({.requests = {requests}, .noted = serving::Load::Waiting, .is_near = true});
    EXPECT_EQ(fleet.seen.at(5), (Seen{0, 50, {5, 0, 0, 0}}));
    EXPECT_EQ(fleet.seen.at(6), (Seen{0, 1, {2, 0, 0, 0}}));
    EXPECT_EQ(fleet.seen.at(7), (Seen{0, 11, {2, 0, 0, 0}}));
    EXPECT_EQ(fleet.seen.at(8), (Seen{0, 21, {0, 0, 0, 0}}));
}

TEST(GatewayLp, SeesTheBlocksThatAReplicaOfItsIslandUsesNow) {
    // 8 tokens from 100 ns on, one more every 100 ns: at 1001 ns the tenth step holds 17 tokens in 5 blocks of 4.
    const SmallFleet fleet({.requests = {{request(3, 100, 8, 60), request(10, 1001, 1, 1)}},
                            .noted = serving::Load::KvBlocks,
                            .is_near = true});
    EXPECT_EQ(fleet.seen.at(1), (Seen{0, 10, {0, 0, 0, 5}}));
}

TEST(GatewayLp, SeesTheSameOfReplicasThatGoStepByStep) {
    for (const serving::Load load : serving::kAllLoads) {
        SCOPED_TRACE(name_of(load));
        std::vector<Request> requests;
        for (std::uint64_t i = 0; i < 400; ++i)
            requests.push_back(request(i, static_cast<std::int64_t>(37 * i * i % 30'000),
                                       static_cast<std::uint32_t>(1 + i * 7 % 23),
                                       static_cast<std::uint32_t>(1 + i * 5 % 31)));
        std::sort(requests.begin(), requests.end(),
                  [](const Request& a, const Request& b) { return a.arrival < b.arrival; });
        FleetSetup setup{.requests = {requests}, .noted = load, .is_near = true};
        for (Request& one : setup.requests[0])
            one.id = RequestId(one.id.value() * 10 + one.id.value() % 4);
        const SmallFleet lazy(setup);
        setup.stepping = serving::Stepping::Stepwise;
        const SmallFleet stepwise(setup);
        EXPECT_EQ(lazy.seen, stepwise.seen);
    }
}

TEST(GatewayLp, ChoosesAmongTheReplicasOfAllPools) {
    // Replicas 2 and 3 are the second pool's, 800 ns away. The board of each is read by itself.
    const SmallFleet fleet({.requests = {{request(0, 100, 1, 100), request(3, 100, 1, 100), request(11, 1600, 1, 1),
                                          request(22, 1900, 1, 1)}},
                            .pools = 2,
                            .report_every = ns(1000)});
    std::vector<std::pair<std::uint32_t, std::int64_t>> received;
    for (const serving::RequestRecord& record : fleet.sink.requests)
        received.emplace_back(record.replica, record.received_ns - record.arrival_ns);
    std::sort(received.begin(), received.end());
    EXPECT_EQ(received, (std::vector<std::pair<std::uint32_t, std::int64_t>>{{0, 500}, {1, 500}, {2, 800}, {3, 800}}));
    for (const serving::RequestRecord& record : fleet.sink.requests)
        EXPECT_EQ(record.pool, record.replica / 2);
    EXPECT_EQ(fleet.seen.at(2), (Seen{0, 11, {1, 0, 0, 1}}));
    EXPECT_EQ(fleet.seen.at(3), (Seen{0, 22, {1, 1, 0, 1}}));
}

TEST(GatewayLp, TurnsAwayWhatARuleRefusesAndSaysWhyInTheRecord) {
    const SmallFleet fleet({.requests = {{request(3, 100, 5, 90), request(13, 100, 7, 90), request(23, 200, 9, 4),
                                          request(21, 300, 1, 1)}},
                            .admissions = {{"queue_limit", parameters({{"max_outstanding", std::int64_t{2}}})}}});
    ASSERT_EQ(fleet.sink.requests.size(), 4U);
    EXPECT_EQ(fleet.arrived, 4);
    const serving::RequestRecord& refused = fleet.sink.requests.front();
    EXPECT_EQ(refused.request_id, 23U);
    EXPECT_EQ(refused.state, EndState::Rejected);
    EXPECT_EQ(refused.reason, serving::EndReason::QueueFull);
    EXPECT_EQ(refused.replica, 3U);
    EXPECT_EQ(refused.pool, 0U);
    EXPECT_EQ(refused.arrival_ns, 200);
    EXPECT_EQ(refused.end_ns, 200);
    EXPECT_EQ(refused.received_ns, serving::kNoTime);
    EXPECT_EQ(refused.prompt_tokens, 9U);
    EXPECT_EQ(refused.output_tokens, 0U);
    EXPECT_EQ(refused.requested_output_tokens, 4U);
    // What was turned away is not on the gateway's books.
    EXPECT_EQ(fleet.seen.at(3), (Seen{0, 21, {0, 0, 0, 2}}));
}

TEST(GatewayLp, AsksNoRouterForWhatIsOverTheRate) {
    const SmallFleet fleet(
        {.requests = {{request(3, 100, 1, 1), request(13, 200, 1, 1)}, {request(1, 150, 1, 1)}},
         .admissions = {{"rate_limit", parameters({{"requests", 2e6}, {"burst", std::int64_t{2}}})}}});
    EXPECT_EQ(fleet.seen, (std::vector<Seen>{{0, 3, {0, 0, 0, 0}}, {1, 1, {0, 0, 0, 0}}}));
    const serving::RequestRecord& refused = fleet.sink.requests.front();
    EXPECT_EQ(refused.request_id, 13U);
    EXPECT_EQ(refused.reason, serving::EndReason::RateLimited);
    EXPECT_EQ(refused.replica, serving::kNoReplica);
    EXPECT_EQ(refused.pool, serving::kNoPool);
}

TEST(GatewayLp, ChargesNoRateForWhatAnotherRuleTurnsAway) {
    // One at once, and one more in a second. The second request finds its replica full; the third one elsewhere may go.
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 90), request(13, 2'000, 1, 1), request(21, 3'000, 1, 1),
                                          request(32, 3'001, 1, 1)}},
                            .admissions = {{"rate_limit", parameters({{"requests", 1.0}, {"burst", std::int64_t{2}}})},
                                           {"queue_limit", parameters({{"max_outstanding", std::int64_t{1}}})}}});
    std::vector<std::pair<std::uint64_t, serving::EndReason>> reasons;
    for (const serving::RequestRecord& record : fleet.sink.requests)
        reasons.emplace_back(record.request_id, record.reason);
    std::sort(reasons.begin(), reasons.end());
    EXPECT_EQ(reasons,
              (std::vector<std::pair<std::uint64_t, serving::EndReason>>{{3, serving::EndReason::None},
                                                                         {13, serving::EndReason::QueueFull},
                                                                         {21, serving::EndReason::None},
                                                                         {32, serving::EndReason::RateLimited}}));
}

TEST(GatewayLp, HearsOfARequestThatAFullQueueTurnedAway) {
    // Four run at most; the fifth waits, the sixth is one too many: the gateway counts it until it hears so.
    std::vector<Request> requests;
    for (std::uint64_t i = 0; i < 6; ++i)
        requests.push_back(request(10 * i, static_cast<std::int64_t>(100 + 200 * i), 1, 90));
    requests.push_back(request(1, 2'099, 1, 1));
    requests.push_back(request(11, 2'101, 1, 1));
    const SmallFleet fleet({.requests = {requests}, .max_queue = 1});
    const serving::RequestRecord& refused = fleet.sink.requests.front();
    EXPECT_EQ(refused.request_id, 50U);
    EXPECT_EQ(refused.reason, serving::EndReason::QueueFull);
    EXPECT_EQ(refused.received_ns, 1'600);
    EXPECT_EQ(fleet.seen.at(6), (Seen{0, 1, {6, 0, 0, 0}}));
    EXPECT_EQ(fleet.seen.at(7), (Seen{0, 11, {5, 1, 0, 0}}));
}

}  // namespace
}  // namespace regatta::routing
