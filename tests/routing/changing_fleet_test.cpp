// Gateways, nodes and a controller of a small fleet in which replicas come and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "control/load_autoscaler.hpp"
#include "small_fleet.hpp"

namespace regatta::routing {
namespace {

/// The one request of a fleet as it ended.
serving::RequestRecord only(const SmallFleet& fleet) {
    EXPECT_EQ(fleet.sink.requests.size(), 1u);
    return fleet.sink.requests.at(0);
}

/// Replica 3 is down from 650 ns on, and known to be from 1500 ns on.
Changes third_fails() {
    Changes changes;
    changes.parts[1] = {{.kind = serving::FleetEvent::GpuDown,
                         .first_gpu = 1,
                         .end_gpu = 2,
                         .law = {},
                         .script = {{ns(650), ns(90'000)}}}};
    return changes;
}

Changes nobody_serves() {
    Changes changes;
    changes.at_start = {false, false, false, false};
    changes.max_waiting = ns(50'000);
    return changes;
}

TEST(AGatewayOfAChangingFleet, HoldsARequestUntilAReplicaServes) {
    // The order arrives at 1600 ns; weights are there at 1900 and the engine at 2100. That is reported at 3000 and read
    // at 3500.
    Changes changes = nobody_serves();
    changes.script = {{.at = ns(1000), .pool = 0, .replicas = {1}, .order = serving::Order::Provision}};
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1)}}, .changes = changes});
    EXPECT_EQ(only(fleet).state, EndState::Finished);
    EXPECT_EQ(only(fleet).replica, 1u);
    EXPECT_EQ(only(fleet).received_ns, 4000);
    EXPECT_EQ(only(fleet).retries, 0u);
}

TEST(AGatewayOfAChangingFleet, RejectsWhatNobodyServesWhereNobodyWaits) {
    Changes changes = nobody_serves();
    changes.waits = false;
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1)}}, .changes = changes});
    EXPECT_EQ(only(fleet).state, EndState::Rejected);
    EXPECT_EQ(only(fleet).reason, serving::EndReason::NoReplica);
    EXPECT_EQ(only(fleet).replica, serving::kNoReplica);
    EXPECT_EQ(only(fleet).end_ns, 100);
}

TEST(AGatewayOfAChangingFleet, RejectsWhatHasWaitedTooLong) {
    Changes changes = nobody_serves();
    changes.max_waiting = ns(2000);
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1)}}, .changes = changes});
    EXPECT_EQ(only(fleet).state, EndState::Rejected);
    EXPECT_EQ(only(fleet).reason, serving::EndReason::NoReplica);
    EXPECT_EQ(only(fleet).end_ns, 2100);
}

TEST(AGatewayOfAChangingFleet, KnowsWhenTheClientOfAHeldRequestIsGone) {
    Changes changes = nobody_serves();
    changes.max_waiting = ns(2000);
    changes.timeout = ns(1500);
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1)}}, .changes = changes});
    EXPECT_EQ(only(fleet).state, EndState::TimedOut);
    EXPECT_EQ(only(fleet).reason, serving::EndReason::ClientGone);
    EXPECT_EQ(only(fleet).end_ns, 1600);
}

TEST(AGatewayOfAChangingFleet, LeavesWhatIsHeldAtTheEndUnfinished) {
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1)}}, .until = ns(900), .changes = nobody_serves()});
    EXPECT_EQ(only(fleet).state, EndState::Unfinished);
    EXPECT_EQ(only(fleet).end_ns, 900);
}

TEST(AGatewayOfAChangingFleet, SendsALostRequestAgain) {
    // It hears of the loss at 1350 ns and sends the request where nobody knows yet that the replica is gone; at 2550 it
    // has it back once more.
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 100)}}, .changes = third_fails()});
    EXPECT_EQ(only(fleet).state, EndState::Finished);
    EXPECT_EQ(only(fleet).retries, 2u);
    EXPECT_EQ(only(fleet).replica, 0u);
    EXPECT_EQ(only(fleet).received_ns, 3050);
    EXPECT_EQ(only(fleet).end_ns, 3050 + 100 * 100);
    EXPECT_EQ(only(fleet).arrival_ns, 100);
}

TEST(AGatewayOfAChangingFleet, GivesUpAfterTheLastRetry) {
    for (const std::uint32_t retries : {0u, 1u}) {
        SCOPED_TRACE(retries);
        Changes changes = third_fails();
        changes.most_retries = retries;
        const SmallFleet fleet({.requests = {{request(3, 100, 1, 100)}}, .changes = changes});
        EXPECT_EQ(only(fleet).state, EndState::Failed);
        EXPECT_EQ(only(fleet).reason, serving::EndReason::ReplicaLost);
        EXPECT_EQ(only(fleet).retries, retries);
        EXPECT_EQ(only(fleet).replica, 3u);
        EXPECT_EQ(only(fleet).end_ns, retries == 0 ? 1350 : 2550);
    }
}

TEST(AGatewayOfAChangingFleet, DoesNotSendAgainWhoseClientIsGone) {
    Changes changes = third_fails();
    changes.timeout = ns(1200);
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 100)}}, .changes = changes});
    EXPECT_EQ(only(fleet).state, EndState::TimedOut);
    EXPECT_EQ(only(fleet).end_ns, 1350);
}

TEST(AGatewayOfAChangingFleet, ForgetsTheLoadOfWhatWasLost) {
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 100), request(11, 1349, 1, 1), request(12, 2600, 1, 1)}},
                            .changes = third_fails()});
    EXPECT_EQ(fleet.seen.at(0), (Seen{0, 3, {0, 0, 0, 0}}));
    EXPECT_EQ(fleet.seen.at(1), (Seen{0, 11, {0, 0, 0, 1}}));
    // Request 3 is on its way to replica 0 by now.
    EXPECT_EQ(fleet.seen.back().counts.at(3), 0u);
    EXPECT_EQ(fleet.seen.back().counts.at(0), 1u);
}

TEST(AGatewayOfAChangingFleet, CountsWhatItHoldsAsLetIn) {
    // The bucket holds 200 tokens: the second one is too many for it while the first one waits.
    Changes changes = nobody_serves();
    changes.script = {{.at = ns(1000), .pool = 0, .replicas = {1}, .order = serving::Order::Provision}};
    const SmallFleet fleet(
        {.requests = {{request(0, 100, 150, 1), request(1, 101, 150, 1)}},
         .admissions = {{"rate_limit", parameters({{"tokens", 1.0}, {"token_burst", std::int64_t{200}}})}},
         .changes = changes});
    ASSERT_EQ(fleet.sink.requests.size(), 2u);
    EXPECT_EQ(fleet.sink.requests[0].reason, serving::EndReason::RateLimited);
    EXPECT_EQ(fleet.sink.requests[0].request_id, 1u);
    EXPECT_EQ(fleet.sink.requests[1].state, EndState::Finished);
}

TEST(AControllerOfASmallFleet, ScalesByItsPolicy) {
    // Twelve requests at replica 0, which are run four at a time; the policy wants two for each replica.
    Changes changes;
    changes.at_start = {true, false, false, false};
    changes.scaling = [](std::uint32_t) {
        return std::make_unique<control::Scaling>(
            control::ScalingLimits{
                .least = 1, .most = 3, .most_up = 1, .most_down = 4, .up_window = {}, .down_window = {}},
            std::make_unique<control::LoadAutoscaler>(control::LoadAutoscaler::By::Outstanding, 2, 0.1));
    };
    std::vector<Request> requests;
    for (std::uint64_t id = 0; id < 12; ++id)
        requests.push_back(request(id * 10, 100, 1, 100));
    const SmallFleet fleet({.requests = {requests}, .changes = changes});
    std::vector<std::pair<std::int64_t, std::int64_t>> told;  // how many more, when
    for (const serving::FleetEventRecord& event : fleet.sink.events) {
        if (event.kind == serving::FleetEvent::ScaleUp) told.emplace_back(event.amount, event.start_ns);
        if (event.kind == serving::FleetEvent::ScaleDown) told.emplace_back(-event.amount, event.start_ns);
    }
    // One more at each look, up to the most; four of the last batch are too few for three.
    ASSERT_GE(told.size(), 3u);
    EXPECT_EQ(told[0], std::pair(std::int64_t{1}, std::int64_t{2600}));
    EXPECT_EQ(told[1], std::pair(std::int64_t{1}, std::int64_t{4600}));
    EXPECT_LT(told[2].first, 0);
    const auto loading = std::find_if(fleet.sink.events.begin(), fleet.sink.events.end(),
                                      [](const auto& event) { return event.kind == serving::FleetEvent::Loading; });
    ASSERT_NE(loading, fleet.sink.events.end());
    EXPECT_EQ(loading->replica, 1u);
    EXPECT_EQ(loading->start_ns, 2600 + 600);
    EXPECT_EQ(loading->cause, serving::FleetCause::Autoscaler);
}

TEST(AControllerOfASmallFleet, UpdatesOneNodeAfterTheOther) {
    Changes changes;
    changes.updates = {{.pool = 0, .at = ns(3000), .duration = ns(5000), .nodes = 2}};
    const SmallFleet fleet({.requests = {{request(3, 100, 1, 1), request(11, 60'000, 1, 1)}}, .changes = changes});
    std::vector<std::pair<std::uint32_t, std::int64_t>> updated;
    for (const serving::FleetEventRecord& event : fleet.sink.events) {
        if (event.kind != serving::FleetEvent::Updating) continue;
        EXPECT_EQ(event.end_ns - event.start_ns, 5000);
        updated.emplace_back(event.node, event.start_ns);
    }
    ASSERT_EQ(updated.size(), 2u);
    EXPECT_EQ(updated[0].first, 0u);
    EXPECT_EQ(updated[1].first, 1u);
    // Told at 4600 ns (the look after 3000), there at 5200, drained 2601 ns later.
    EXPECT_EQ(updated[0].second, 5200 + 2601);
    EXPECT_GT(updated[1].second, updated[0].second + 5000 + 300 + 200);
}

}  // namespace
}  // namespace regatta::routing
