// Whatever the router, the rules and the reports: nothing is lost, state may move, lazy is stepwise.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <vector>

#include "control/load_autoscaler.hpp"
#include "small_fleet.hpp"

namespace regatta::routing {
namespace {

/// Replicas fail, are provisioned and taken away, in some fleets by a policy; nodes are updated.
Changes any_changes(std::uint32_t pools) {
    Changes changes;
    const auto time = [](std::int64_t most) { return ns(*rc::gen::inRange<std::int64_t>(1, most)); };
    changes.at_start = *rc::gen::container<std::vector<bool>>(4, rc::gen::arbitrary<bool>());
    changes.waits = *rc::gen::inRange(0, 4) > 0;
    if (*rc::gen::arbitrary<bool>()) changes.max_waiting = time(20'000);
    if (*rc::gen::arbitrary<bool>()) changes.timeout = time(20'000);
    if (*rc::gen::arbitrary<bool>()) changes.drain_limit = time(6000);
    changes.most_retries = *rc::gen::inRange(0U, 3U);
    for (std::uint32_t node = 0; node < 2; ++node) {
        if (*rc::gen::arbitrary<bool>())
            changes.parts[node].push_back({.kind = serving::FleetEvent::GpuDown,
                                           .first_gpu = 1,
                                           .end_gpu = 2,
                                           .entity = node,
                                           .law = serving::FailureLaw{.mtbf_s = 9e-6, .mttr_s = 2e-6}});
        if (*rc::gen::arbitrary<bool>()) {
            const SimTime from = time(30'000);
            changes.parts[node].push_back({.kind = serving::FleetEvent::NodeDown,
                                           .end_gpu = 2,
                                           .entity = node,
                                           .law = {},
                                           .script = {{from, from + time(9000)}}});
        }
    }
    const bool is_scaled = *rc::gen::inRange(0, 3) == 0;
    if (is_scaled) {
        changes.scaling = [](std::uint32_t) {
            return std::make_unique<control::Scaling>(
                control::ScalingLimits{
                    .least = 0, .most = 2, .most_up = 2, .most_down = 1, .up_window = {}, .down_window = ns(6000)},
                std::make_unique<control::LoadAutoscaler>(control::LoadAutoscaler::By::Outstanding, 2, 0.1));
        };
    }
    const auto orders = *rc::gen::inRange(0, 6);
    SimTime at;
    for (int i = 0; i < orders; ++i) {
        at += time(6000);
        changes.script.push_back({.at = at,
                                  .pool = 0,
                                  .replicas = {*rc::gen::inRange(0U, 2U)},
                                  .order = static_cast<serving::Order>(*rc::gen::inRange(0, 6))});
    }
    if (*rc::gen::inRange(0, 3) == 0)
        changes.updates.push_back({.pool = 0, .at = time(20'000), .duration = time(5000), .nodes = 2 / pools});
    return changes;
}

/// Some requests are refused, some preempted, some end before the run does.
FleetSetup any_setup() {
    FleetSetup setup;
    const auto gateways = *rc::gen::inRange<std::size_t>(1, 4);
    setup.requests.resize(gateways);
    std::int64_t at_ns = 0;
    const auto count = *rc::gen::inRange<std::uint64_t>(1, 60);
    for (std::uint64_t id = 0; id < count; ++id) {
        at_ns += *rc::gen::element<std::int64_t>(0, 0, 1, 100, 500, 3000);
        setup.requests[id % gateways].push_back(
            request(id, at_ns, *rc::gen::inRange(1u, 60u), *rc::gen::inRange(1u, 60u)));
    }
    setup.router = *rc::gen::elementOf(router_cases());
    setup.pools = *rc::gen::element(1U, 2U);
    if (*rc::gen::arbitrary<bool>()) setup.report_every = ns(*rc::gen::inRange<std::int64_t>(1, 3000));
    if (*rc::gen::arbitrary<bool>()) setup.until = ns(*rc::gen::inRange<std::int64_t>(1, 2 * at_ns + 5000));
    setup.kv_blocks = *rc::gen::inRange<std::int64_t>(10, 40);
    if (*rc::gen::inRange(0, 3) == 0) setup.max_queue = *rc::gen::inRange<std::int64_t>(1, 4);
    if (*rc::gen::inRange(0, 3) == 0)
        setup.admissions.emplace_back("queue_limit",
                                      parameters({{"max_outstanding", *rc::gen::inRange<std::int64_t>(1, 6)}}));
    if (*rc::gen::inRange(0, 3) == 0)
        setup.admissions.emplace_back("rate_limit", parameters({{"tokens", 1e9 / *rc::gen::inRange(1, 100)},
                                                                {"token_burst", std::int64_t{200}}}));
    if (*rc::gen::arbitrary<bool>()) setup.changes = any_changes(setup.pools);
    // Nobody may come who would take what waits.
    if (setup.changes && setup.changes->waits && setup.changes->max_waiting.is_never() &&
        setup.changes->timeout.is_never() && setup.until.is_never())
        setup.changes->max_waiting = ns(30'000);
    return setup;
}

TEST(AFleet, EndsEachRequestExactlyOnce) {
    EXPECT_TRUE(rc::check("each request ends exactly once", [] {
        const FleetSetup setup = any_setup();
        const SmallFleet fleet(setup);
        std::set<std::uint64_t> ended;
        for (const serving::RequestRecord& record : fleet.sink.requests) {
            RC_ASSERT(ended.insert(record.request_id).second);
            RC_ASSERT(record.gateway == record.request_id % setup.requests.size());
            if (setup.until.is_never()) RC_ASSERT(record.state != EndState::Unfinished);
            RC_ASSERT(record.end_ns <= setup.until.ns());
        }
        std::size_t arrived = 0;
        for (const std::vector<Request>& requests : setup.requests)
            for (const Request& one : requests)
                if (one.arrival < setup.until) {
                    ++arrived;
                    RC_ASSERT(ended.count(one.id.value()) == 1u);
                }
        RC_ASSERT(ended.size() == arrived);
        RC_ASSERT(fleet.arrived == static_cast<std::int64_t>(arrived));
    }));
}

TEST(AFleet, GoesOnTheSameWayFromItsSavedState) {
    EXPECT_TRUE(rc::check("a fleet goes on the same way from its saved state", [] {
        FleetSetup setup = any_setup();
        const SmallFleet undisturbed(setup);
        setup.move_at = ns(*rc::gen::inRange<std::int64_t>(1, 20'000));
        RC_PRE(*setup.move_at < setup.until);
        const SmallFleet moved(setup);
        RC_ASSERT(moved.sink.requests.size() == undisturbed.sink.requests.size());
        for (std::size_t i = 0; i < moved.sink.requests.size(); ++i) {
            const serving::RequestRecord& a = moved.sink.requests[i];
            const serving::RequestRecord& b = undisturbed.sink.requests[i];
            RC_ASSERT(a.request_id == b.request_id);
            RC_ASSERT(a.replica == b.replica);
            RC_ASSERT(a.end_ns == b.end_ns);
            RC_ASSERT(a.output_tokens == b.output_tokens);
        }
        RC_ASSERT(moved.arrived == undisturbed.arrived);
    }));
}

TEST(AFleet, RoutesTheSameStepByStep) {
    EXPECT_TRUE(rc::check("a fleet routes and refuses the same step by step", [] {
        FleetSetup setup = any_setup();
        const SmallFleet lazy(setup);
        setup.stepping = serving::Stepping::Stepwise;
        const SmallFleet stepwise(setup);
        RC_ASSERT(lazy.sink.requests.size() == stepwise.sink.requests.size());
        for (std::size_t i = 0; i < lazy.sink.requests.size(); ++i) {
            RC_ASSERT(lazy.sink.requests[i].request_id == stepwise.sink.requests[i].request_id);
            RC_ASSERT(lazy.sink.requests[i].replica == stepwise.sink.requests[i].replica);
            RC_ASSERT(lazy.sink.requests[i].reason == stepwise.sink.requests[i].reason);
            RC_ASSERT(lazy.sink.requests[i].end_ns == stepwise.sink.requests[i].end_ns);
        }
    }));
}

}  // namespace
}  // namespace regatta::routing
