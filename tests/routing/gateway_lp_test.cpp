// Gateways and nodes on the engine, one rank, without files.

#include "routing/gateway_lp.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "make_router.hpp"
#include "recording_sink.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/transport/in_process.hpp"
#include "replica_driver.hpp"
#include "serving/node_lp.hpp"
#include "serving/replica_scheduler.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"

namespace regatta::routing {
namespace {

using serving::EndState;
using serving::request;

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

/// Requests as typed.
class ListedRequests final : public workload::RequestSource {
public:
    explicit ListedRequests(std::vector<Request> requests) : requests_(std::move(requests)) {}
    [[nodiscard]] std::optional<Request> next() override {
        return position_ < requests_.size() ? std::optional(requests_[position_++]) : std::nullopt;
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    void skip(std::uint64_t position) override { position_ = position; }

private:
    std::vector<Request> requests_;
    std::uint64_t position_ = 0;
};

/// What a gateway knew when it had to choose.
struct Seen {
    std::uint32_t gateway = 0;
    std::uint64_t request = 0;
    std::vector<std::uint32_t> counts;
    friend bool operator==(const Seen&, const Seen&) = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    out << "gateway " << seen.gateway << ", request " << seen.request << ":";
    for (const std::uint32_t count : seen.counts)
        out << ' ' << count;
    return out;
}

/// Sends request i to replica i mod 10, and notes the view.
class NotingRouter final : public Router {
public:
    NotingRouter(std::uint32_t gateway, std::vector<Seen>& seen) : gateway_(gateway), seen_(&seen) {}
    [[nodiscard]] std::uint32_t choose(RequestId request, OutstandingView& view) override {
        Seen seen{.gateway = gateway_, .request = request.value(), .counts = {}};
        for (std::uint32_t replica = 0; replica < view.replicas(); ++replica)
            seen.counts.push_back(view.count(replica));
        seen_->push_back(std::move(seen));
        return static_cast<std::uint32_t>(request.value() % 10);
    }

private:
    std::uint32_t gateway_;
    std::vector<Seen>* seen_;
};

/// Two nodes with two replicas each, 500 ns away; steps take 100 ns whatever they compute.
struct FleetSetup {
    std::vector<std::vector<Request>> requests;  ///< by gateway
    std::string router = {};                     ///< empty: NotingRouter
    std::optional<SimTime> report_every = {};
    SimTime until = SimTime::never();
    std::optional<SimTime> arrivals_until = {};
    std::optional<SimTime> move_at = {};  ///< the state leaves the simulation here and goes on in another
    std::int64_t kv_blocks = 100;
};

class SmallFleet {
public:
    explicit SmallFleet(const FleetSetup& setup) : setup_(setup) {
        const auto gateways = static_cast<std::uint32_t>(setup.requests.size());
        gateways_ = model_.add_group({.name = "gateway", .count = gateways, .make = [this](std::uint32_t index, LpId) {
                                          return make_gateway(index);
                                      }});
        nodes_ = model_.add_group(
            {.name = "node", .count = 2, .make = [this](std::uint32_t index, LpId) { return make_node(index); }});
        model_.add_link({gateways_, nodes_, ns(500)});
        if (setup.report_every)
            (void)model_.add_board({nodes_, gateways_, *setup.report_every, ns(500), 4, true});
        else
            model_.add_link({nodes_, gateways_, ns(500)});
        run();
    }

    serving::RecordingSink sink;
    std::vector<Seen> seen;
    std::int64_t arrived = 0;

private:
    void run() {
        transport::InProcessTransport transport;
        auto simulation = std::make_unique<engine::Simulation>(model_, partition_by_load(model_, 1), transport);
        if (setup_.move_at) {
            (void)simulation->run({.until = *setup_.move_at, .observer = {}});
            std::stringstream bytes;
            {
                boost::archive::binary_oarchive archive(bytes);
                simulation->save(archive);
            }
            simulation = std::make_unique<engine::Simulation>(model_, partition_by_load(model_, 1), transport);
            boost::archive::binary_iarchive archive(bytes);
            simulation->load(archive);
        }
        const engine::RunReport report = simulation->run({.until = setup_.until, .observer = {}});
        simulation->finish(report.end);
        // Processes are brought forward one by one: only the order within one means something.
        std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.gateway < b.gateway; });
        std::sort(sink.requests.begin(), sink.requests.end(), [](const auto& a, const auto& b) {
            return std::pair(a.end_ns, a.request_id) < std::pair(b.end_ns, b.request_id);
        });
    }

    std::unique_ptr<engine::LogicalProcess> make_gateway(std::uint32_t index) {
        const Reports reports = setup_.report_every ? Reports::Periodic : Reports::OnCompletion;
        const auto gateways = static_cast<std::uint32_t>(setup_.requests.size());
        std::vector<PoolRoute> routes;
        routes.push_back(
            {.router =
                 setup_.router.empty()
                     ? std::make_unique<NotingRouter>(index, seen)
                     : make_router(setup_.router, {.replicas = 4, .gateway = index, .gateways = gateways, .seed = 3}),
             .view = OutstandingView(4, reports),
             .first_node = model_.id_of(nodes_, 0),
             .replicas_per_node = 2,
             .latency = ns(500)});
        return std::make_unique<GatewayLp>(
            GatewayLp::Setup{.id = GatewayId(index),
                             .pool_of_stream = {0},
                             .arrivals_until = setup_.arrivals_until.value_or(SimTime::never())},
            std::move(routes), std::make_unique<ListedRequests>(setup_.requests[index]), arrived);
    }

    std::unique_ptr<engine::LogicalProcess> make_node(std::uint32_t index) {
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{16});
        parameters.set("max_running", std::int64_t{4});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        std::vector<serving::Replica> replicas;
        for (std::uint32_t slot = 0; slot < 2; ++slot) {
            const serving::ReplicaFacts facts{.id = ReplicaId(2 * index + slot),
                                              .node = NodeId(index),
                                              .pool = PoolId(0),
                                              .kv_blocks = setup_.kv_blocks};
            replicas.emplace_back(
                facts,
                make_vllm_v1({.kv_blocks = setup_.kv_blocks, .block_tokens = 4, .max_context_tokens = 200}, parameters,
                             serving::Stepping::Lazy),
                serving::Replica::Surroundings{timing_, sink, outcome_});
        }
        return std::make_unique<serving::NodeLp>(serving::NodeLp::Setup{.pool = PoolId(0),
                                                                        .first_in_pool = 2 * index,
                                                                        .tells_completions = !setup_.report_every,
                                                                        .gateway_latency = ns(500),
                                                                        .first_gateway = model_.id_of(gateways_, 0)},
                                                 std::move(replicas), sink);
    }

    FleetSetup setup_;
    timing::LinearStepTime timing_{{.step_ns = 100}};
    serving::StepOutcome outcome_;
    engine::Model model_;
    engine::GroupId gateways_;
    engine::GroupId nodes_;
};

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
    setup.router = *rc::gen::elementOf(built_in_routers().names());
    if (*rc::gen::arbitrary<bool>()) setup.report_every = ns(*rc::gen::inRange<std::int64_t>(1, 3000));
    if (*rc::gen::arbitrary<bool>()) setup.until = ns(*rc::gen::inRange<std::int64_t>(1, 2 * at_ns + 5000));
    setup.kv_blocks = *rc::gen::inRange<std::int64_t>(10, 40);
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

}  // namespace
}  // namespace regatta::routing
