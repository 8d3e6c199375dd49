// PHOLD gives one digest on any number of ranks.

#include <gtest/gtest.h>

#include <vector>

#include "phold/phold_lp.hpp"
#include "random_model.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {
namespace {

struct Case {
    const char* name;
    phold::PholdOptions options;
    SimTime until;
};

phold::PholdTotals run_phold(const Case& with, const HowToRun& how) {
    std::vector<phold::PholdTotals> totals(how.ranks);  // by rank
    run_on_ranks(how.ranks, [&](Transport& transport) {
        const Model model = phold::phold_model(with.options, totals[transport.rank()]);
        static_cast<void>(run_in_parts(model, how.partitioner(model, how.ranks), transport, with.until, how.pauses,
                                       how.bound, how.way));
    });
    phold::PholdTotals sum;
    for (const phold::PholdTotals& of_rank : totals) {
        sum.events += of_rank.events;
        sum.digest += of_rank.digest;
    }
    return sum;
}

class Phold : public ::testing::TestWithParam<Case> {
protected:
    static void expect_same(const HowToRun& how) {
        static const Case* last = nullptr;
        static phold::PholdTotals alone;
        if (last != &GetParam()) alone = run_phold(GetParam(), {});
        last = &GetParam();
        const phold::PholdTotals totals = run_phold(GetParam(), how);
        EXPECT_GT(totals.events, 1'000);
        EXPECT_EQ(totals.events, alone.events);
        EXPECT_EQ(totals.digest.to_hex(), alone.digest.to_hex());
    }
};

INSTANTIATE_TEST_SUITE_P(
    Cases, Phold,
    ::testing::Values(
        Case{.name = "Usual", .options = {.processes = 64}, .until = SimTime::from_s(40)},
        Case{.name = "AllRemote", .options = {.processes = 64, .remote_fraction = 1}, .until = SimTime::from_s(40)},
        Case{.name = "NoneRemote", .options = {.processes = 64, .remote_fraction = 0}, .until = SimTime::from_s(40)},
        Case{.name = "ManyEvents",
             .options = {.processes = 32, .population = 16, .remote_fraction = 0.5},
             .until = SimTime::from_s(10)},
        Case{.name = "WideWindows",
             .options = {.processes = 64, .lookahead = SimTime::from_ms(500), .seed = 7},
             .until = SimTime::from_s(40)},
        Case{.name = "NarrowWindows",
             .options = {.processes = 128, .remote_fraction = 0.3, .lookahead = SimTime::from_ms(5), .seed = 8},
             .until = SimTime::from_s(12)},
        Case{.name = "AllAtOnce",  // every increment is the lookahead: all events of a second at the same instant
             .options = {.processes = 64,
                         .population = 2,
                         .remote_fraction = 0.5,
                         .lookahead = SimTime::from_s(1),
                         .mean_increment = SimTime::from_s(1)},
             .until = SimTime::from_s(30)},
        Case{.name = "FewProcesses",
             .options = {.processes = 3, .population = 20, .remote_fraction = 0.5},
             .until = SimTime::from_s(30)}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Phold, GivesOneDigestOnTwoToFourRanks) {
    for (const std::uint32_t ranks : {2u, 3u, 4u}) {
        SCOPED_TRACE(ranks);
        expect_same({.ranks = ranks});
    }
}

TEST_P(Phold, GivesTheSameDigestWhenItsProcessesAreDealtOut) {
    expect_same({.ranks = 3, .partitioner = partition_round_robin});
}

TEST_P(Phold, GivesTheSameDigestByThePlainBound) {
    for (const std::uint32_t ranks : {1u, 2u}) {
        SCOPED_TRACE(ranks);
        expect_same({.ranks = ranks, .bound = Bound::Plain});
    }
}

TEST_P(Phold, GivesTheSameDigestByReductions) {
    for (const std::uint32_t ranks : {2u, 5u}) {
        SCOPED_TRACE(ranks);
        expect_same({.ranks = ranks, .way = ExchangeWay::Collective});
    }
}

TEST_P(Phold, MeasuresWhichWayIsCheaperWithTheSameDigest) {
    expect_same({.ranks = 8, .way = ExchangeWay::Auto});
}

TEST_P(Phold, GoesOnElsewhereWithTheSameDigest) {
    const Pauses pauses = {.at = {SimTime::from_ms(1), SimTime::from_s(5)}, .are_saved = true};
    for (const std::uint32_t ranks : {1u, 3u}) {
        SCOPED_TRACE(ranks);
        expect_same({.ranks = ranks, .pauses = pauses});
    }
}

}  // namespace
}  // namespace regatta::engine::test
