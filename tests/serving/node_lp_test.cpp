// A node on the engine, asked by a gateway that follows a script.

#include "serving/node_lp.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "recording_sink.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/transport/in_process.hpp"
#include "replica_driver.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

constexpr std::int64_t kLatencyNs = 500;

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

/// A request sent to a replica slot of the one node, at its arrival.
struct Sent {
    Request request;
    std::uint32_t slot = 0;
};
struct Told {
    std::uint32_t gateway = 0;
    std::int64_t at_ns = 0;
    std::uint64_t id = 0;
    std::uint32_t replica = 0;
    friend bool operator==(const Told&, const Told&) = default;
};
std::ostream& operator<<(std::ostream& out, const Told& told) {
    return out << "gateway " << told.gateway << " at " << told.at_ns << ": request " << told.id << ", replica "
               << told.replica;
}

class ScriptedGateway final : public engine::LogicalProcess {
public:
    ScriptedGateway(std::uint32_t index, LpId node, std::vector<Sent> script, std::vector<Told>& told)
        : index_(index), node_(node), script_(std::move(script)), told_(&told) {}

    void start(engine::Context& context) override { plan(context); }
    void wake(std::uint32_t /*slot*/, engine::Context& context) override {
        const Sent& sent = script_[next_++];
        context.send(node_, ns(kLatencyNs), kDispatchMessage, sent.request.id.value(),
                     Dispatch::of(sent.request, sent.slot));
        plan(context);
    }
    void handle(const engine::Event& event, engine::Context& context) override {
        EXPECT_EQ(event.event_class(), kCompletionMessage);
        told_->push_back({index_, context.now().ns(), event.key, event.payload_as<Completion>().replica});
    }
    void board_changed(engine::BoardId /*board*/, SimTime reported_at, std::span<const std::uint32_t> values,
                       engine::Context& context) override {
        for (std::uint32_t i = 0; i < values.size(); ++i)
            if (values[i] > 0) told_->push_back({index_, context.now().ns(), values[i], i});
        EXPECT_EQ(context.now() - reported_at, ns(kLatencyNs));
    }
    void save(OutArchive& /*archive*/) const override {}
    void load(InArchive& /*archive*/) override {}

private:
    void plan(engine::Context& context) const {
        if (next_ < script_.size()) context.wake_at(0, script_[next_].request.arrival);
    }

    std::uint32_t index_;
    LpId node_;
    std::vector<Sent> script_;
    std::vector<Told>* told_;
    std::size_t next_ = 0;
};

/// Steps take 100 ns, whatever they compute.
class ANode : public testing::Test {
protected:
    static constexpr std::uint32_t kReplicas = 2;
    static constexpr std::uint32_t kFirstInPool = 6;

    /// `scripts[g]` is what gateway g sends.
    SimTime run(std::vector<std::vector<Sent>> scripts, SimTime until = SimTime::never()) {
        const auto gateways = static_cast<std::uint32_t>(scripts.size());
        engine::Model model;
        const engine::GroupId gateway_group =
            model.add_group({.name = "gateway", .count = gateways, .make = [&, gateways](std::uint32_t index, LpId) {
                                 return std::make_unique<ScriptedGateway>(index, LpId(gateways), scripts[index], told_);
                             }});
        const engine::GroupId node_group =
            model.add_group({.name = "node", .count = 1, .make = [&](std::uint32_t, LpId) { return make_node(); }});
        model.add_link({gateway_group, node_group, ns(kLatencyNs)});
        if (report_every_.is_never())
            model.add_link({node_group, gateway_group, ns(kLatencyNs)});
        else
            (void)model.add_board(
                {node_group, gateway_group, report_every_, ns(kLatencyNs), kFirstInPool + kReplicas, true});
        if (!sample_every_.is_never()) model.sample_every(sample_every_, {node_group});
        transport::InProcessTransport transport;
        engine::Simulation simulation(model, engine::partition_by_load(model, 1), transport);
        const engine::RunReport report = simulation.run({.until = until, .observer = {}});
        simulation.finish(report.end);
        return report.end;
    }

    std::unique_ptr<engine::LogicalProcess> make_node() {
        LoadBoards boards;
        if (!report_every_.is_never()) boards[index_of(Load::Requests)] = engine::BoardId(0);
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{64});
        parameters.set("max_running", std::int64_t{8});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        if (!max_waiting_.is_never()) parameters.set("max_waiting", max_waiting_);
        const SchedulerLimits limits{.kv_blocks = 10,
                                     .block_tokens = 4,
                                     .max_context_tokens = 100,
                                     .streams = streams_,
                                     .gateway_latency = ns(kLatencyNs)};
        std::vector<Replica> replicas;
        for (std::uint32_t slot = 0; slot < kReplicas; ++slot)
            replicas.emplace_back(
                ReplicaFacts{.id = ReplicaId(40 + slot), .node = NodeId(9), .pool = PoolId(0), .kv_blocks = 10},
                make_vllm_v1(limits, parameters, Stepping::Lazy), Replica::Surroundings{timing_, sink_, outcome_});
        return std::make_unique<NodeLp>(NodeLp::Setup{.parts = {{.pool = PoolId(0),
                                                                 .first_in_pool = kFirstInPool,
                                                                 .boards = boards,
                                                                 .gateway_latency = ns(kLatencyNs)}},
                                                      .tells_completions = report_every_.is_never(),
                                                      .least_step = ns(100),
                                                      .first_gateway = LpId(0)},
                                        std::move(replicas), sink_);
    }

    timing::LinearStepTime timing_{{.step_ns = 100}};
    SimTime report_every_ = SimTime::never();
    SimTime sample_every_ = SimTime::never();
    SimTime max_waiting_ = SimTime::never();
    std::vector<StreamTerms> streams_;
    RecordingSink sink_;
    StepOutcome outcome_;
    std::vector<Told> told_;
};

TEST_F(ANode, WritesAFinishedRequestInFull) {
    Request asked = request(77, 1000, 5, 3);
    asked.stream = StreamId(4);
    (void)run({{}, {{asked, 1}}});
    ASSERT_EQ(sink_.requests.size(), 1u);
    const RequestRecord& record = sink_.requests[0];
    EXPECT_EQ(record.request_id, 77u);
    EXPECT_EQ(record.arrival_ns, 1000);
    EXPECT_EQ(record.received_ns, 1500);
    EXPECT_EQ(record.scheduled_ns, 1500);
    EXPECT_EQ(record.first_token_ns, 1600);
    EXPECT_EQ(record.end_ns, 1800);
    EXPECT_EQ(record.prompt_tokens, 5u);
    EXPECT_EQ(record.output_tokens, 3u);
    EXPECT_EQ(record.requested_output_tokens, 3u);
    EXPECT_EQ(record.preemptions, 0u);
    EXPECT_EQ(record.gateway, 1u);
    EXPECT_EQ(record.replica, 41u);
    EXPECT_EQ(record.pool, 0u);
    EXPECT_EQ(record.stream, 4u);
    EXPECT_EQ(record.state, EndState::Finished);
}

TEST_F(ANode, TellsACompletionToTheGatewayThatSentTheRequest) {
    const SimTime end = run({{{request(1, 1000, 5, 3), 1}}, {{request(2, 1000, 5, 1), 0}}});
    // Gateways are processes of their own: only the order of what one of them is told means something.
    std::sort(told_.begin(), told_.end(), [](const Told& a, const Told& b) { return a.at_ns < b.at_ns; });
    EXPECT_EQ(told_, (std::vector<Told>{{1, 1600 + kLatencyNs, 2, kFirstInPool}, {0, 2300, 1, kFirstInPool + 1}}));
    EXPECT_EQ(end, ns(2300));
}

TEST_F(ANode, WritesARefusedRequestAndTellsItsGateway) {
    (void)run({{{request(1, 1000, 90, 50), 0}}});
    ASSERT_EQ(sink_.requests.size(), 1u);
    EXPECT_EQ(sink_.requests[0].state, EndState::Rejected);
    EXPECT_EQ(sink_.requests[0].end_ns, 1500);
    EXPECT_EQ(sink_.requests[0].received_ns, 1500);
    EXPECT_EQ(sink_.requests[0].scheduled_ns, kNoTime);
    EXPECT_EQ(sink_.requests[0].first_token_ns, kNoTime);
    EXPECT_EQ(sink_.requests[0].output_tokens, 0u);
    EXPECT_EQ(sink_.requests[0].requested_output_tokens, 50u);
    EXPECT_EQ(told_, (std::vector<Told>{{0, 2100, 1, kFirstInPool}})) << "not before a step could have been made";
}

TEST_F(ANode, WritesARequestWhoseClientGaveUpAndTellsItsGateway) {
    streams_ = {{.timeout = ns(750)}};
    (void)run({{{request(1, 1000, 5, 30), 1}}});
    ASSERT_EQ(sink_.requests.size(), 1u);
    // Received at 1500; the word comes at 2250; steps end at 1600, ..., 2200, 2300.
    EXPECT_EQ(sink_.requests[0].state, EndState::TimedOut);
    EXPECT_EQ(sink_.requests[0].reason, EndReason::ClientGone);
    EXPECT_EQ(sink_.requests[0].end_ns, 2300);
    EXPECT_EQ(sink_.requests[0].output_tokens, 8u);
    EXPECT_EQ(told_, (std::vector<Told>{{0, 2800, 1, kFirstInPool + 1}}));
}

TEST_F(ANode, TellsOfARequestGivenUpNotBeforeAStepCouldHaveBeenMade) {
    max_waiting_ = ns(20);
    // The eleventh block is for request 2, received at 1530 while 1 has all ten.
    (void)run({{{request(1, 1000, 37, 2), 0}, {request(2, 1030, 5, 1), 0}}});
    ASSERT_EQ(sink_.requests.size(), 2u);
    EXPECT_EQ(sink_.requests[0].request_id, 2u);
    EXPECT_EQ(sink_.requests[0].reason, EndReason::WaitedTooLong);
    EXPECT_EQ(sink_.requests[0].end_ns, 1550);
    EXPECT_EQ(told_,
              (std::vector<Told>{{0, 1630 + kLatencyNs, 2, kFirstInPool}, {0, 1700 + kLatencyNs, 1, kFirstInPool}}));
}

TEST_F(ANode, ReportsAndSamplesKnowWhoIsGone) {
    streams_ = {{.timeout = ns(550)}, {}};
    report_every_ = ns(2110);
    sample_every_ = ns(2110);
    Request patient = request(2, 1000, 5, 20);
    patient.stream = StreamId(1);
    // The word comes at 2050, the step ends at 2100: request 2 alone is left, with 11 tokens in 3 blocks.
    (void)run({{{request(1, 1000, 5, 30), 0}, {patient, 1}}});
    EXPECT_EQ(told_, (std::vector<Told>{{0, 2110 + kLatencyNs, 1, kFirstInPool + 1}}));
    ASSERT_GE(sink_.samples.size(), 2u);
    EXPECT_EQ(fields(sink_.samples[1].state), fields(ReplicaSample{0, 1, 3, 1, 10}));
}

TEST_F(ANode, WritesWhatIsUnfinishedAtTheEndAndWhatIsStillUnderWay) {
    const SimTime end = run({{{request(1, 1000, 5, 30), 0}, {request(2, 1900, 5, 1), 1}}}, ns(2000));
    EXPECT_EQ(end, ns(2000));
    ASSERT_EQ(sink_.requests.size(), 2u);
    const RequestRecord& running = sink_.requests[0];
    EXPECT_EQ(running.request_id, 1u);
    EXPECT_EQ(running.state, EndState::Unfinished);
    EXPECT_EQ(running.end_ns, 2000);
    EXPECT_EQ(running.output_tokens, 4u) << "steps ended at 1600, 1700, 1800, 1900; nothing happens at 2000";
    const RequestRecord& under_way = sink_.requests[1];
    EXPECT_EQ(under_way.request_id, 2u);
    EXPECT_EQ(under_way.state, EndState::Unfinished);
    EXPECT_EQ(under_way.received_ns, kNoTime);
    EXPECT_EQ(under_way.replica, 41u);
}

TEST_F(ANode, EndsEveryReplicaOnce) {
    (void)run({{{request(1, 1000, 5, 3), 1}}});
    ASSERT_EQ(sink_.replicas.size(), 2u);
    EXPECT_EQ(sink_.replicas[0].replica, 40u);
    EXPECT_EQ(sink_.replicas[0].steps, 0);
    EXPECT_EQ(sink_.replicas[1].replica, 41u);
    EXPECT_EQ(sink_.replicas[1].steps, 3);
}

TEST_F(ANode, SamplesTheSumOfItsReplicas) {
    sample_every_ = ns(1750);
    (void)run({{{request(1, 1000, 5, 30), 0}, {request(2, 1200, 9, 30), 1}, {request(3, 1201, 1, 30), 1}}});
    ASSERT_GE(sink_.samples.size(), 2u);
    EXPECT_EQ(sink_.samples[0].at, ns(0));
    EXPECT_EQ(fields(sink_.samples[0].state), fields(ReplicaSample{}));
    // At 1750 ns: 1 with 7 tokens in 2 blocks; 2 with its 9 tokens in 3 blocks; 3, received at 1701 ns, waits.
    EXPECT_EQ(sink_.samples[1].at, ns(1750));
    EXPECT_EQ(fields(sink_.samples[1].state), fields(ReplicaSample{1, 2, 5, 2, 6}));
    EXPECT_EQ(sink_.samples[1].state.replicas, 2);
    EXPECT_EQ(sink_.samples[1].node, sink_.samples[0].node);
}

TEST_F(ANode, ReportsWhatIsOutstandingBeforeTheTick) {
    report_every_ = ns(1550);
    // Received at 1500, 1549 and 1550; the last is not in the report of 1550.
    (void)run({{{request(1, 1000, 5, 10), 0}, {request(2, 1049, 5, 10), 1}, {request(3, 1050, 5, 10), 1}}, {}});
    EXPECT_EQ(told_, (std::vector<Told>{{0, 2050, 1, kFirstInPool},
                                        {0, 2050, 1, kFirstInPool + 1},
                                        {1, 2050, 1, kFirstInPool},
                                        {1, 2050, 1, kFirstInPool + 1}}));
}

}  // namespace
}  // namespace regatta::serving
