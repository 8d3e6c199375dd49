#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/window_message.hpp"
#include "regatta/base/errors.hpp"
#include "scripted_lp.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {
namespace {

/// Two gateways that may send to two nodes (50 ns), not back. Gateway 1 does `misdeed` at 5 ns.
Model model_with(std::function<void(Context&, const Model&)> misdeed) {
    Model model;
    const GroupId gateways = add_scripted(model, "gateway", 2, [&model, misdeed](std::uint32_t index) {
        Script script;
        script.start = [](Context& context) { context.wake_at(0, at_ns(5)); };
        if (index == 1) script.wake = [&model, misdeed](std::uint32_t, Context& context) { misdeed(context, model); };
        return script;
    });
    const GroupId nodes = add_scripted(model, "node", 2, [](std::uint32_t) { return Script{}; });
    model.add_link({.from = gateways, .to = nodes, .latency = at_ns(70)});
    model.add_link({.from = gateways, .to = nodes, .latency = at_ns(50)});  // the least counts
    return model;
}

class Causality : public ::testing::TestWithParam<std::uint32_t> {
protected:
    /// What stops the run in which gateway 1 does `misdeed`.
    static std::string stop_of(const std::function<void(Context&)>& misdeed) {
        Model model = model_with([misdeed](Context& context, const Model&) { misdeed(context); });
        return bug_in([&] { simulate(model, GetParam()); });
    }
};

INSTANTIATE_TEST_SUITE_P(Ranks, Causality, ::testing::Values(1u, 2u, 3u));

TEST_P(Causality, AllowsASendAtTheLinksLatency) {
    EXPECT_EQ(stop_of([](Context& context) { context.send(LpId(3), at_ns(50), kNote, 0, 0); }), "");
}

TEST_P(Causality, StopsASendBelowTheLinksLatency) {
    EXPECT_EQ(stop_of([](Context& context) { context.send(LpId(3), at_ns(49), kNote, 0, 0); }),
              "causality: gateway 1 sends to node 1 at 5 ns for 54 ns, below the link's latency of 50 ns");
}

TEST_P(Causality, StopsASendIntoThePast) {
    EXPECT_EQ(stop_of([](Context& context) { context.send(LpId(2), at_ns(-2), kNote, 0, 0); }),
              "causality: gateway 1 sends to node 0 at 5 ns for 3 ns, below the link's latency of 50 ns");
}

TEST_P(Causality, StopsASendWithoutALink) {
    EXPECT_EQ(stop_of([](Context& context) { context.send(LpId(0), at_ns(1'000), kNote, 0, 0); }),
              "causality: gateway 1 sends to gateway 0 at 5 ns, but there is no link");
}

TEST_P(Causality, StopsASendToItselfWithoutALink) {
    EXPECT_EQ(stop_of([](Context& context) { context.send(LpId(1), at_ns(1'000), kNote, 0, 0); }),
              "causality: gateway 1 sends to gateway 1 at 5 ns, but there is no link");
}

TEST_P(Causality, StopsASendToNobody) {
    const std::string stop = stop_of([](Context& context) { context.send(LpId(4), at_ns(50), kNote, 0, 0); });
    EXPECT_NE(stop.find("gateway 1 sends to process 4, which does not exist"), std::string::npos) << stop;
}

TEST_P(Causality, StopsAWakeUpInThePast) {
    EXPECT_EQ(stop_of([](Context& context) { context.wake_at(0, at_ns(4)); }),
              "causality: gateway 1 plans a wake-up at 5 ns for 4 ns, in its past");
}

/// Passes everything on but what rank 0 sends to rank 1: its events are made to come at `forged` instead.
class LyingTransport final : public Transport {
public:
    LyingTransport(Transport& honest, SimTime forged) : honest_(&honest), forged_(forged) {}
    [[nodiscard]] std::uint32_t rank() const override { return honest_->rank(); }
    [[nodiscard]] std::uint32_t ranks() const override { return honest_->ranks(); }
    void exchange(const std::vector<Buffer>& outgoing, std::vector<Buffer>& incoming) override {
        honest_->exchange(outgoing, incoming);
        if (rank() != 1) return;
        WindowMessage message;
        read_message(incoming[0], message);
        for (Event& event : message.events)
            event.time = forged_;
        write_message(message, incoming[0]);
    }
    [[nodiscard]] std::size_t deliver(std::span<const Parcel> outgoing, std::vector<Parcel>& incoming) override {
        return honest_->deliver(outgoing, incoming);
    }
    void smallest(std::span<std::int64_t> values) override { honest_->smallest(values); }
    void broadcast(Buffer& bytes) override { honest_->broadcast(bytes); }
    [[nodiscard]] std::vector<Buffer> gather(const Buffer& bytes) override { return honest_->gather(bytes); }
    [[nodiscard]] std::int64_t largest(std::int64_t value) override { return honest_->largest(value); }

private:
    Transport* honest_;
    SimTime forged_;
};

/// Two nodes, one per rank, 100 ns apart. Each wakes every 10 ns up to 200 ns; node 0 sends at 150 ns.
std::string stop_of_forgery(SimTime forged) {
    Model model;
    const GroupId nodes = add_scripted(model, "node", 2, [](std::uint32_t index) {
        Script script;
        script.start = [](Context& context) { context.wake_at(0, SimTime()); };
        script.wake = [index](std::uint32_t, Context& context) {
            if (context.now() < at_ns(200)) context.wake_at(0, context.now() + at_ns(10));
            if (index == 0 && context.now() == at_ns(150)) context.send(LpId(1), at_ns(100), kNote, 0, 0);
        };
        return script;
    });
    model.add_link({.from = nodes, .to = nodes, .latency = at_ns(100)});
    return bug_in([&] {
        run_on_ranks(2, [&](Transport& transport) {
            LyingTransport lying(transport, forged);
            Simulation simulation(model, partition_by_load(model, 2), lying);
            simulation.run({});
        });
    });
}

// Windows end at 100 ns (both start at 0) and at 200 ns (both go on at 100), so that node 0's message of 150 ns reaches
// rank 1 when that one has gone on to 200 ns.
TEST(CausalityOverRanks, StopsAMessageThatComesBehindTheHorizon) {
    EXPECT_EQ(stop_of_forgery(at_ns(199)),
              "causality: node 1 (rank 1) gets an event of node 0 (rank 0) for 199 ns, but has gone on to 200 ns");
    EXPECT_EQ(stop_of_forgery(at_ns(3)),
              "causality: node 1 (rank 1) gets an event of node 0 (rank 0) for 3 ns, but has gone on to 200 ns");
}

TEST(CausalityOverRanks, AllowsAMessageAtTheHorizon) {
    EXPECT_EQ(stop_of_forgery(at_ns(200)), "");
}

/// A gateway asks a node at 100 ns (50 ns on the way), which has promised to take 1,000 ns before it answers (50 ns),
/// but takes `taken`. The gateway is busy all the while.
Model model_of_promise(SimTime taken) {
    Model model;
    const GroupId gateways = add_scripted(model, "gateway", 1, [](std::uint32_t) {
        Script script;
        script.start = [](Context& context) { context.wake_at(0, SimTime()); };
        script.wake = [](std::uint32_t, Context& context) {
            if (context.now() == at_ns(100)) context.send(LpId(1), at_ns(50), 2, 0, 0);
            if (context.now() < at_ns(3'000)) context.wake_at(0, context.now() + at_ns(10));
        };
        return script;
    });
    const GroupId nodes = add_scripted(model, "node", 1, [taken](std::uint32_t) {
        Script script;
        script.handle = [taken](const Event&, Context& context) { context.wake_at(0, context.now() + taken); };
        script.wake = [](std::uint32_t, Context& context) { context.send(LpId(0), at_ns(50), 1, 0, 0); };
        return script;
    });
    model.add_link({.from = gateways, .to = nodes, .latency = at_ns(50), .carries = 2});
    model.add_link({.from = nodes, .to = gateways, .latency = at_ns(50), .carries = 1});
    model.add_reaction({.group = nodes, .input = 2, .to = gateways, .least = at_ns(1'000)});
    return model;
}

class Promise : public ::testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Ranks, Promise, ::testing::Values(1u, 2u));

TEST_P(Promise, LetsTheRunGoOnWhenItIsKept) {
    EXPECT_EQ(bug_in([] { simulate(model_of_promise(at_ns(1'000)), GetParam()); }), "");
}

TEST_P(Promise, StopsTheRunWhenItIsBroken) {
    // The gateway relies on it: it goes on to 1,100 ns (its wake-up at 0 and the way there, the promise, the way back),
    // then to 1,200 ns (the node's message at 150 ns, the promise, the way back).
    const Model model = model_of_promise(SimTime());
    const std::string stop = bug_in([&] { simulate(model, GetParam()); });
    EXPECT_EQ(stop, GetParam() == 1 ? "causality: gateway 0 (rank 0) gets an event of node 0 (rank 0) for 200 ns, but "
                                      "has gone on to 1200 ns"
                                    : "causality: gateway 0 (rank 0) gets an event of node 0 (rank 1) for 200 ns, but "
                                      "has gone on to 1200 ns");
}

}  // namespace
}  // namespace regatta::engine::test
