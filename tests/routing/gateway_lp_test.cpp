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

#include "known_fleet.hpp"
#include "recording_sink.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/routing/admission_registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/transport/in_process.hpp"
#include "replica_driver.hpp"
#include "serving/node_lp.hpp"
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
    NotingRouter(std::uint32_t gateway, serving::Load load, std::vector<Seen>& seen)
        : gateway_(gateway), load_(load), seen_(&seen) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override {
        Seen seen{.gateway = gateway_, .request = request.id.value(), .counts = {}};
        for (std::uint32_t replica = 0; replica < candidates.replicas(); ++replica)
            seen.counts.push_back(static_cast<std::uint32_t>(candidates.load(load_, replica)));
        seen_->push_back(std::move(seen));
        return static_cast<std::uint32_t>(request.id.value() % 10);
    }
    [[nodiscard]] serving::LoadSet looks_at() const override { return {load_}; }

private:
    std::uint32_t gateway_;
    serving::Load load_;
    std::vector<Seen>* seen_;
};

/// Two nodes with two replicas each, 500 ns away; steps take 100 ns whatever they compute. One pool, or two of which
/// the second is 800 ns away and counts half.
struct FleetSetup {
    std::vector<std::vector<Request>> requests;  ///< by gateway
    std::optional<RouterCase> router = {};       ///< none: NotingRouter
    serving::Load noted = serving::Load::Requests;
    std::uint32_t pools = 1;
    std::optional<SimTime> report_every = {};
    SimTime until = SimTime::never();
    std::optional<SimTime> arrivals_until = {};
    std::optional<SimTime> move_at = {};  ///< the state leaves the simulation here and goes on in another
    std::int64_t kv_blocks = 100;
    std::int64_t max_queue = INT64_MAX;
    std::vector<std::pair<std::string, Parameters>> admissions = {};
    serving::Stepping stepping = serving::Stepping::Lazy;
};

class SmallFleet {
public:
    explicit SmallFleet(const FleetSetup& setup) : setup_(setup) {
        const auto gateways = static_cast<std::uint32_t>(setup.requests.size());
        gateways_ = model_.add_group({.name = "gateway", .count = gateways, .make = [this](std::uint32_t index, LpId) {
                                          return make_gateway(index);
                                      }});
        for (std::uint32_t pool = 0; pool < setup.pools; ++pool)
            nodes_.push_back(model_.add_group(
                {.name = "node", .count = 2 / setup.pools, .make = [this, pool](std::uint32_t index, LpId) {
                     return make_node(pool, index);
                 }}));
        loads_ = make_router_for(0)->looks_at();
        for (const auto& admission : make_admissions())
            loads_ |= admission->looks_at();
        for (std::uint32_t pool = 0; pool < setup.pools; ++pool)
            join(pool);
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

    [[nodiscard]] static SimTime latency_to(std::uint32_t pool) { return ns(500 + 300 * std::int64_t{pool}); }
    [[nodiscard]] std::uint32_t replicas_of_a_pool() const { return 4 / setup_.pools; }

    void join(std::uint32_t pool) {
        model_.add_link({gateways_, nodes_[pool], latency_to(pool)});
        boards_.emplace_back();
        if (!setup_.report_every) model_.add_link({nodes_[pool], gateways_, latency_to(pool)});
        for (const serving::Load load : serving::kAllLoads) {
            if (!setup_.report_every || !loads_.has(load)) continue;
            boards_[pool][index_of(load)] =
                model_.add_board({nodes_[pool], gateways_, *setup_.report_every, latency_to(pool), replicas_of_a_pool(),
                                  load != serving::Load::KvBlocks});
            board_uses_.push_back({.pool = static_cast<std::uint16_t>(pool), .load = load});
        }
    }

    [[nodiscard]] std::unique_ptr<Router> make_router_for(std::uint32_t gateway) {
        if (!setup_.router) return std::make_unique<NotingRouter>(gateway, setup_.noted, seen);
        RouterTarget target{
            .pools = {}, .gateway = gateway, .gateways = static_cast<std::uint32_t>(setup_.requests.size()), .seed = 3};
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool)
            target.pools.push_back({.replicas = replicas_of_a_pool(),
                                    .weight = pool == 0 ? 1'000'000U : 500'000U,
                                    .kv_blocks = static_cast<std::uint64_t>(setup_.kv_blocks)});
        return make_router(*setup_.router, target);
    }

    [[nodiscard]] std::vector<std::unique_ptr<Admission>> make_admissions() const {
        const AdmissionRegistry registry = built_in_admissions();
        std::vector<std::unique_ptr<Admission>> result;
        for (const auto& [name, parameters] : setup_.admissions)
            result.push_back(registry.find(name)->make(
                {.class_of_stream = {"chat"}, .gateways = static_cast<std::uint32_t>(setup_.requests.size())},
                parameters));
        return result;
    }

    std::unique_ptr<engine::LogicalProcess> make_gateway(std::uint32_t index) {
        std::vector<PoolRoute> routes;
        std::vector<Choice> choices(1);
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool) {
            routes.push_back(
                {.view = PoolView({.replicas = replicas_of_a_pool(),
                                   .block_tokens = 4,
                                   .loads = loads_,
                                   .reports = setup_.report_every ? Reports::Periodic : Reports::OnCompletion}),
                 .first_node = model_.id_of(nodes_[pool], 0),
                 .replicas_per_node = 2,
                 .latency = latency_to(pool),
                 .pool = PoolId(static_cast<std::uint16_t>(pool)),
                 .first_replica = 2 * pool});
            choices[0].pools.push_back(static_cast<std::uint16_t>(pool));
        }
        choices[0].router = make_router_for(index);
        return std::make_unique<GatewayLp>(
            GatewayLp::Setup{.id = GatewayId(index),
                             .choice_of_stream = {0},
                             .boards = board_uses_,
                             .arrivals_until = setup_.arrivals_until.value_or(SimTime::never())},
            std::move(routes), std::move(choices), make_admissions(),
            std::make_unique<ListedRequests>(setup_.requests[index]),
            GatewayLp::Surroundings{.sink = sink, .arrived = arrived});
    }

    std::unique_ptr<engine::LogicalProcess> make_node(std::uint32_t pool, std::uint32_t index) {
        const std::uint32_t node = pool + index;
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{16});
        parameters.set("max_running", std::int64_t{4});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        std::vector<serving::Replica> replicas;
        for (std::uint32_t slot = 0; slot < 2; ++slot) {
            const serving::ReplicaFacts facts{.id = ReplicaId(2 * node + slot),
                                              .node = NodeId(node),
                                              .pool = PoolId(static_cast<std::uint16_t>(pool)),
                                              .kv_blocks = setup_.kv_blocks,
                                              .max_queue = setup_.max_queue};
            replicas.emplace_back(
                facts,
                make_vllm_v1({.kv_blocks = setup_.kv_blocks, .block_tokens = 4, .max_context_tokens = 200}, parameters,
                             setup_.stepping),
                serving::Replica::Surroundings{timing_, sink, outcome_});
        }
        return std::make_unique<serving::NodeLp>(
            serving::NodeLp::Setup{.pool = PoolId(static_cast<std::uint16_t>(pool)),
                                   .first_in_pool = 2 * index,
                                   .tells_completions = !setup_.report_every,
                                   .tells_blocks = loads_.has(serving::Load::KvBlocks),
                                   .boards = boards_[pool],
                                   .gateway_latency = latency_to(pool),
                                   .first_gateway = model_.id_of(gateways_, 0)},
            std::move(replicas), sink);
    }

    FleetSetup setup_;
    timing::LinearStepTime timing_{{.step_ns = 100}};
    serving::StepOutcome outcome_;
    engine::Model model_;
    engine::GroupId gateways_;
    std::vector<engine::GroupId> nodes_;  ///< by pool
    serving::LoadSet loads_;
    std::vector<serving::LoadBoards> boards_;  ///< by pool
    std::vector<BoardUse> board_uses_;
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

Parameters parameters(const std::vector<std::pair<std::string, Parameters::Value>>& given) {
    Parameters result;
    for (const auto& [key, value] : given)
        result.set(key, value);
    return result;
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
