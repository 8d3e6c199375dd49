// The first promise: the same answer on any number of ranks, however the processes lie on them and however far ahead
// the ranks trust each other; and that answer is the one of a plain sequential run.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "random_model.hpp"

namespace regatta::engine::test {
namespace {

void check_all_ranks(const RandomSpec& spec, SimTime until) {
    RC_LOG() << to_text(spec) << ", until " << until.ns() << " ns\n";
    const Outcome wanted = run_random_by_reference(spec, until);
    RC_CLASSIFY(wanted.events > 100, "more than 100 events");
    for (std::uint32_t ranks = 1; ranks <= 5; ++ranks)
        for (const Bound bound : {Bound::Plain, Bound::Promises}) {
            RC_LOG() << ranks << " ranks, " << (bound == Bound::Plain ? "plain\n" : "promises\n");
            for (const ExchangeWay way : {ExchangeWay::Pairs, ExchangeWay::Collective}) {
                if (ranks == 1 && way == ExchangeWay::Collective) continue;
                RC_LOG() << (way == ExchangeWay::Pairs ? "in pairs\n" : "by reductions\n");
                RC_ASSERT(run_random(spec, {.ranks = ranks, .until = until, .bound = bound, .way = way}) == wanted);
                RC_LOG() << "dealt out\n";
                RC_ASSERT(run_random(spec, {.ranks = ranks,
                                            .partitioner = partition_round_robin,
                                            .until = until,
                                            .bound = bound,
                                            .way = way}) == wanted);
            }
        }
}

RC_GTEST_PROP(RandomModels, GiveTheSameHistoriesOnAnyRanksUntilNothingIsLeft, ()) {
    check_all_ranks(arbitrary_spec(), SimTime::never());
}

RC_GTEST_PROP(RandomModels, GiveTheSameHistoriesOnAnyRanksUntilAnInstant, ()) {
    check_all_ranks(arbitrary_spec(), SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 3'000)));
}

RC_GTEST_PROP(RandomModels, GiveTheSameHistoriesHoweverTheirMessagesAreDelayed, ()) {
    const RandomSpec spec = arbitrary_spec();
    const SimTime until =
        *rc::gen::inRange(0, 2) == 0 ? SimTime::never() : SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 3'000));
    RC_LOG() << to_text(spec) << ", until " << until.ns() << " ns\n";
    const Outcome wanted = run_random_by_reference(spec, until);
    for (int run = 0; run < 10; ++run) {
        const auto ranks = *rc::gen::inRange(2u, 6u);
        const auto bound = *rc::gen::element(Bound::Plain, Bound::Promises);
        const auto way = *rc::gen::element(ExchangeWay::Pairs, ExchangeWay::Collective);
        const auto delays = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
        const bool is_dealt_out = *rc::gen::inRange(0, 2) == 1;
        RC_LOG() << ranks << " ranks, " << (bound == Bound::Plain ? "plain, " : "promises, ")
                 << (way == ExchangeWay::Pairs ? "in pairs, " : "by reductions, ")
                 << (is_dealt_out ? "dealt out, " : "by load, ") << "delays " << delays << "\n";
        RC_ASSERT(run_random(spec, {.ranks = ranks,
                                    .partitioner = is_dealt_out ? partition_round_robin : partition_by_load,
                                    .until = until,
                                    .bound = bound,
                                    .way = way,
                                    .delays = delays}) == wanted);
    }
}

TEST(RandomModel, TellsModelsApart) {
    // Else the properties above would compare nothing.
    RandomSpec spec;
    spec.groups = {{.count = 2, .load = 1}, {.count = 3, .load = 1}};
    spec.links = {{.from = GroupId(0), .to = GroupId(1), .latency = at_ns(10)},
                  {.from = GroupId(1), .to = GroupId(0), .latency = at_ns(20)}};
    const Outcome outcome = run_random(spec, {});
    EXPECT_GT(outcome.events, 50);
    EXPECT_GT(outcome.end, at_ns(100));
    EXPECT_EQ(run_random(spec, {}), outcome);
    spec.links[0].latency = at_ns(11);
    EXPECT_NE(run_random(spec, {}).histories, outcome.histories);
}

}  // namespace
}  // namespace regatta::engine::test
