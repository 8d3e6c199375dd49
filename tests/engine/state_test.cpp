// State can leave the process: a run that is interrupted, saved and loaded elsewhere goes on as if nothing had
// happened.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "random_model.hpp"
#include "regatta/engine/context.hpp"
#include "run_in_parts.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {
namespace {

/// Up to three instants before `end`, in order.
std::vector<SimTime> arbitrary_pauses(SimTime end) {
    std::vector<SimTime> pauses;
    for (int count = *rc::gen::inRange(1, 4); count > 0; --count)
        pauses.push_back(SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, end.ns() + 1)));
    std::sort(pauses.begin(), pauses.end());
    return pauses;
}

RC_GTEST_PROP(State, LeavesTheProcessAndGoesOnElsewhere, ()) {
    const RandomSpec spec = arbitrary_spec();
    const SimTime until =
        *rc::gen::inRange(0, 2) == 0 ? SimTime::never() : SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 3'000));
    const Outcome whole = run_random(spec, {.until = until});
    const std::vector<SimTime> pauses = arbitrary_pauses(whole.end);
    RC_LOG() << to_text(spec) << ", until " << until.ns() << " ns\n";
    for (const std::uint32_t ranks : {1u, 3u}) {
        RC_LOG() << ranks << " ranks\n";
        for (const bool are_saved : {false, true})
            RC_ASSERT(run_random(spec, {.ranks = ranks,
                                        .partitioner = partition_round_robin,
                                        .until = until,
                                        .pauses = {.at = pauses, .are_saved = are_saved}}) == whole);
    }
}

// A run that was begun on some ranks goes on on others, by another partition, as often as it is interrupted.
RC_GTEST_PROP(State, GoesOnOnAnyNumberOfRanks, ()) {
    const RandomSpec spec = arbitrary_spec();
    const SimTime until =
        *rc::gen::inRange(0, 2) == 0 ? SimTime::never() : SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 3'000));
    const Outcome whole = run_random(spec, {.until = until});
    RC_LOG() << to_text(spec) << ", until " << until.ns() << " ns\n";
    // Some of these lie after the end.
    std::vector<SimTime> pauses = arbitrary_pauses(whole.end + SimTime::from_ns(100));
    pauses.push_back(SimTime::never());
    std::vector<Leg> legs;
    for (const SimTime pause : pauses) {
        const bool is_wanted = !pause.is_never() && *rc::gen::inRange(0, 3) == 0;
        legs.push_back({.ranks = *rc::gen::inRange(1u, 5u),
                        .partitioner = *rc::gen::inRange(0, 2) == 0 ? partition_round_robin : partition_by_load,
                        .pause = is_wanted ? SimTime::never() : pause,
                        .windows = is_wanted ? *rc::gen::inRange(1u, 20u) : 0,
                        .bound = *rc::gen::element(Bound::Plain, Bound::Promises),
                        .way = *rc::gen::element(ExchangeWay::Pairs, ExchangeWay::Collective)});
        RC_LOG() << "to " << legs.back().pause.ns() << " ns, or " << legs.back().windows << " windows, on "
                 << legs.back().ranks << " ranks\n";
    }
    RC_ASSERT(run_random_in_legs(spec, until, legs) == whole);
}

/// Wakes itself at 100 ns, and is planned anew by whoever it is loaded into.
class Waker final : public LogicalProcess {
public:
    Waker(SimTime planned, std::vector<std::int64_t>& seen) : planned_(planned), seen_(&seen) {}
    void start(Context& context) override { context.wake_at(0, SimTime::from_ns(100)); }
    void go_on(Context& context) override {
        seen_->push_back(-context.now().ns());
        context.wake_at(0, planned_);
    }
    void handle(const Event& /*event*/, Context& /*context*/) override {}
    void wake(std::uint32_t /*slot*/, Context& context) override { seen_->push_back(context.now().ns()); }
    void save(OutArchive& /*archive*/) const override {}
    void load(InArchive& /*archive*/) override {}

private:
    SimTime planned_;
    std::vector<std::int64_t>* seen_;
};

std::vector<std::int64_t> seen_by_waker(SimTime pause, SimTime planned) {
    std::vector<std::int64_t> seen;
    Model model;
    model.add_group({.name = "waker", .count = 1, .make = [&](std::uint32_t, LpId) {
                         return std::make_unique<Waker>(planned, seen);
                     }});
    run_on_ranks(1, [&](Transport& transport) {
        Simulation first(model, partition_round_robin(model, 1), transport);
        first.run({.observer = {}, .pause = pause});
        Simulation second(model, partition_round_robin(model, 1), transport);
        load_parts(second, {first.save()});
        second.run({.observer = {}});
    });
    return seen;
}

// From the last instant before: earlier, at once, later, or never again.
TEST(State, CanBePlannedAnew) {
    const SimTime pause = SimTime::from_ns(40);
    EXPECT_EQ(seen_by_waker(pause, pause), (std::vector<std::int64_t>{-39, 40}));
    EXPECT_EQ(seen_by_waker(pause, SimTime::from_ns(70)), (std::vector<std::int64_t>{-39, 70}));
    EXPECT_EQ(seen_by_waker(pause, SimTime::from_ns(700)), (std::vector<std::int64_t>{-39, 700}));
    EXPECT_EQ(seen_by_waker(pause, SimTime::never()), (std::vector<std::int64_t>{-39}));
}

// What is read is not trusted: nothing of a part that is cut short, or missing, is taken for a state.
TEST(State, RefusesWhatIsNotAll) {
    RandomSpec spec;
    spec.seed = 3;
    spec.groups = {{.count = 3, .load = 1}};
    spec.links = {{.from = GroupId(0), .to = GroupId(0), .latency = SimTime::from_ns(9), .carries = 1}};
    const SavedParts parts = saved_at(spec, SimTime::from_ns(40), 2);
    EXPECT_EQ(refusal_of(spec, parts), "");
    EXPECT_EQ(refusal_of(spec, {parts[0]}).find("the saved state lacks process"), 0U);
    EXPECT_NE(refusal_of(spec, {parts[0], parts[1], parts[1]}).find("twice"), std::string::npos);
    for (std::size_t left = 0; left < parts[0].size(); left += 7) {
        SavedParts cut = parts;
        cut[0].resize(left);
        EXPECT_NE(refusal_of(spec, cut), "") << left << " bytes left";
    }
}

}  // namespace
}  // namespace regatta::engine::test
