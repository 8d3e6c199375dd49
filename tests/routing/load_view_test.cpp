#include "routing/load_view.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "plain_loads.hpp"

namespace regatta::routing {
namespace {

using serving::Load;

TEST(LoadView, CountsOwnDispatchesLessCompletions) {
    LoadView view(Load::Requests, 3, Reports::OnCompletion);
    view.dispatched(1, 1, SimTime::from_us(50));
    view.dispatched(1, 1, SimTime::from_us(60));
    view.dispatched(2, 1, SimTime::from_us(70));
    view.completed(1, 1);
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{0, 1, 1}));
}

TEST(LoadView, RefusesACompletionOfWhatIsNotOutstanding) {
    LoadView view(Load::Requests, 2, Reports::OnCompletion);
    view.dispatched(0, 1, SimTime());
    EXPECT_THROW(view.completed(1, 1), BugError);
}

TEST(LoadView, CountsARequestThatArrivesAtTheTickOnTopOfTheReport) {
    // The report tells the state before any event at its tick.
    LoadView view(Load::Requests, 2, Reports::Periodic);
    view.dispatched(0, 1, SimTime::from_ns(999));
    view.dispatched(0, 1, SimTime::from_ns(1000));
    view.dispatched(1, 1, SimTime::from_ns(1001));
    const std::vector<std::uint32_t> report = {5, 7};
    view.reported(report, SimTime::from_ns(1000));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{6, 8}));
}

TEST(LoadView, ForgetsOwnDispatchesOnceAReportHoldsThem) {
    LoadView view(Load::Requests, 1, Reports::Periodic);
    view.dispatched(0, 1, SimTime::from_ns(1500));
    const std::vector<std::uint32_t> first = {4};
    view.reported(first, SimTime::from_ns(1000));
    EXPECT_EQ(view.load(0), 5u);
    const std::vector<std::uint32_t> second = {2};
    view.reported(second, SimTime::from_ns(2000));
    EXPECT_EQ(view.load(0), 2u);
}

TEST(LoadView, CountsOwnDispatchesBeforeTheFirstReport) {
    LoadView view(Load::Requests, 2, Reports::Periodic);
    view.dispatched(1, 1, SimTime::from_ns(10));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(view.least(1), 0u);
}

TEST(LoadView, RefusesReportsOutOfOrder) {
    LoadView view(Load::Requests, 1, Reports::Periodic);
    const std::vector<std::uint32_t> report = {1};
    view.reported(report, SimTime::from_ns(2000));
    EXPECT_THROW(view.reported(report, SimTime::from_ns(2000)), BugError);
    EXPECT_THROW(view.dispatched(0, 1, SimTime::from_ns(1999)), BugError);
}

TEST(LoadView, RefusesWhatItsKindOfReportsCannotTell) {
    LoadView on_completion(Load::Requests, 1, Reports::OnCompletion);
    const std::vector<std::uint32_t> report = {0};
    EXPECT_THROW(on_completion.reported(report, SimTime()), BugError);
    LoadView periodic(Load::Requests, 1, Reports::Periodic);
    EXPECT_THROW(periodic.completed(0, 1), BugError);
    const std::vector<std::uint32_t> too_long = {0, 0};
    EXPECT_THROW(periodic.reported(too_long, SimTime()), BugError);
}

TEST(LoadView, FindsTheLeastOfTheLoadedStateAndNotOfItsOwn) {
    LoadView saved(Load::Requests, 2, Reports::OnCompletion);
    saved.dispatched(0, 1, SimTime());
    LoadView used(Load::Requests, 2, Reports::OnCompletion);
    used.dispatched(1, 1, SimTime());
    EXPECT_EQ(used.least(0), 0u);
    round_trip(saved, used);
    EXPECT_EQ(used.least(0), 1u);
}

TEST(LoadView, RefusesTheStateOfAnotherPool) {
    LoadView two(Load::Requests, 2, Reports::OnCompletion);
    LoadView three(Load::Requests, 3, Reports::OnCompletion);
    EXPECT_THROW(round_trip(two, three), BugError);
    LoadView periodic(Load::Requests, 2, Reports::Periodic);
    EXPECT_THROW(round_trip(two, periodic), BugError);
}

TEST(LoadView, PutsAReportInOrderOnceForAllViewsThatShareIt) {
    constexpr std::uint32_t kReplicas = 1'000;
    const auto shared = std::make_shared<SharedReport>(kReplicas);
    std::vector<LoadView> views;
    for (int gateway = 0; gateway < 64; ++gateway)
        views.emplace_back(Load::Requests, kReplicas, Reports::Periodic, shared);
    std::vector<std::uint32_t> report(kReplicas, 3);
    for (std::int64_t tick = 1; tick <= 5; ++tick) {
        for (LoadView& view : views)
            view.reported(report, SimTime::from_ms(100 * tick));
        for (LoadView& view : views)
            for (int request = 0; request < 20; ++request)
                view.dispatched(view.least(0), 1, SimTime::from_ms(100 * tick + 1));
    }
    EXPECT_EQ(shared->times_indexed(), 5);
}

TEST(LoadView, PutsNoReportInOrderThatNobodySearches) {
    const auto shared = std::make_shared<SharedReport>(2);
    LoadView view(Load::Requests, 2, Reports::Periodic, shared);
    const std::vector<std::uint32_t> report = {1, 0};
    view.reported(report, SimTime::from_ns(1));
    view.dispatched(1, 1, SimTime::from_ns(2));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{1, 1}));
    EXPECT_EQ(shared->times_indexed(), 0);
}

TEST(LoadView, RefusesToSearchAReportThatOnlyOthersWereTold) {
    const auto shared = std::make_shared<SharedReport>(2);
    LoadView told(Load::Requests, 2, Reports::Periodic, shared);
    LoadView untold(Load::Requests, 2, Reports::Periodic, shared);
    const std::vector<std::uint32_t> report = {1, 0};
    told.reported(report, SimTime::from_ns(1));
    EXPECT_THROW((void)untold.least(0), BugError);
    untold.reported(report, SimTime::from_ns(1));
    EXPECT_EQ(untold.least(0), 1U);
}

TEST(LoadView, SharesTheReportItWasSavedWithWhenViewsAreLoaded) {
    LoadView saved(Load::Requests, 3, Reports::Periodic);
    const std::vector<std::uint32_t> report = {2, 1, 1};
    saved.reported(report, SimTime::from_ns(5));
    saved.dispatched(1, 1, SimTime::from_ns(6));
    const auto shared = std::make_shared<SharedReport>(3);
    LoadView one(Load::Requests, 3, Reports::Periodic, shared);
    LoadView other(Load::Requests, 3, Reports::Periodic, shared);
    round_trip(saved, one);
    EXPECT_EQ(one.least(0), 2U);
    round_trip(saved, other);
    EXPECT_EQ(other.least(0), 2U);
    EXPECT_EQ(one.least(0), 2U);
    EXPECT_EQ(shared->times_indexed(), 1);
}

RC_GTEST_PROP(LoadView, OnCompletionAgreesWithPlainCounts, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 200);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    LoadView view(Load::Requests, replicas, Reports::OnCompletion);
    std::vector<std::uint32_t> counts(replicas, 0);
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, bool>>>(
        rc::gen::pair(replica, rc::gen::arbitrary<bool>()));
    for (const auto& [at, completes] : steps) {
        if (completes && counts[at] > 0) {
            view.completed(at, 1);
            --counts[at];
        } else {
            view.dispatched(at, 1, SimTime());
            ++counts[at];
        }
        const std::uint32_t start = *replica;
        RC_ASSERT(view.least(start) == walked_least(counts, start));
    }
    LoadView loaded(Load::Requests, replicas, Reports::OnCompletion);
    round_trip(view, loaded);
    RC_ASSERT(counts_of(view) == counts);
    RC_ASSERT(counts_of(loaded) == counts);
    RC_ASSERT(loaded.least(replicas - 1) == walked_least(counts, replicas - 1));
}

RC_GTEST_PROP(LoadView, PeriodicAgreesWithReportPlusLaterDispatches, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 100);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    LoadView view(Load::Requests, replicas, Reports::Periodic);
    LoadView checked(Load::Requests, replicas,
                     Reports::Periodic);  // replaced by its own reloaded state half way through
    std::list<std::vector<std::uint32_t>> reports;
    std::vector<std::pair<std::int64_t, std::uint32_t>> dispatches;
    std::int64_t tick = -1;
    std::int64_t now = 0;
    const auto steps = *rc::gen::inRange(1, 60);
    const auto reload_at = *rc::gen::inRange(0, steps);
    for (int step = 0; step < steps; ++step) {
        now += *rc::gen::inRange(0, 4);
        // Latencies differ, so dispatches arrive out of order; a report is some time old when it comes.
        const std::int64_t next_tick = now - *rc::gen::inRange(0, 6);
        if (*rc::gen::inRange(0, 4) == 0 && next_tick > tick) {
            tick = next_tick;
            reports.push_back(
                *rc::gen::container<std::vector<std::uint32_t>>(replicas, rc::gen::inRange<std::uint32_t>(0, 4)));
            view.reported(reports.back(), SimTime::from_ns(tick));
            checked.reported(reports.back(), SimTime::from_ns(tick));
        } else {
            dispatches.emplace_back(now + *rc::gen::inRange(0, 10), *replica);
            view.dispatched(dispatches.back().second, 1, SimTime::from_ns(dispatches.back().first));
            checked.dispatched(dispatches.back().second, 1, SimTime::from_ns(dispatches.back().first));
        }
        if (step == reload_at) {
            LoadView loaded(Load::Requests, replicas, Reports::Periodic);
            round_trip(checked, loaded);
            checked = std::move(loaded);
        }
        std::vector<std::uint32_t> expected =
            reports.empty() ? std::vector<std::uint32_t>(replicas, 0) : reports.back();
        for (const auto& [arrives_at, at] : dispatches)
            if (arrives_at >= tick) ++expected[at];
        const std::uint32_t start = *replica;
        RC_ASSERT(counts_of(view) == expected);
        RC_ASSERT(counts_of(checked) == expected);
        RC_ASSERT(view.least(start) == walked_least(expected, start));
        RC_ASSERT(checked.least(start) == walked_least(expected, start));
    }
}

/// What a view of periodic reports must say, by its definition.
struct PlainView {
    std::vector<std::pair<std::int64_t, std::uint32_t>> dispatches;

    [[nodiscard]] std::vector<std::uint32_t> counts(std::vector<std::uint32_t> report, std::int64_t tick) const {
        for (const auto& [arrives_at, replica] : dispatches)
            if (arrives_at >= tick) ++report[replica];
        return report;
    }
};

RC_GTEST_PROP(LoadView, FindsTheLeastWithOneIndexForAllViews, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 100);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    // From one level to many, and to counts of all digits.
    const auto counts_below = *rc::gen::element<std::uint32_t>(1, 2, 5, 3'000, 4'000'000'000);
    const auto shared = std::make_shared<SharedReport>(replicas);
    std::vector<LoadView> views;
    for (int gateway = 0; gateway < 3; ++gateway)
        views.emplace_back(Load::Requests, replicas, Reports::Periodic, shared);
    std::vector<PlainView> expected(views.size());
    std::vector<std::uint32_t> report(replicas, 0);
    std::int64_t tick = 0;
    std::int64_t reports = 0;
    const auto steps = *rc::gen::inRange(1, 300);
    const auto reporting_one_in = *rc::gen::element(10, 100);
    for (int step = 0; step < steps; ++step) {
        const auto gateway = *rc::gen::inRange<std::size_t>(0, views.size());
        if (*rc::gen::inRange(0, reporting_one_in) == 0) {
            tick += 10;
            ++reports;
            report = *rc::gen::container<std::vector<std::uint32_t>>(replicas,
                                                                     rc::gen::inRange<std::uint32_t>(0, counts_below));
            for (LoadView& view : views)
                view.reported(report, SimTime::from_ns(tick));
        }
        const std::vector<std::uint32_t> counts = expected[gateway].counts(report, tick);
        const std::uint32_t start = *replica;
        const std::uint32_t least = views[gateway].least(start);
        RC_ASSERT(least == walked_least(counts, start));
        // Mostly what a router does; at times to a replica that is not the least.
        const std::uint32_t chosen = *rc::gen::inRange(0, 4) == 0 ? *replica : least;
        const std::int64_t arrives_at = tick + *rc::gen::inRange(0, 20);
        views[gateway].dispatched(chosen, 1, SimTime::from_ns(arrives_at));
        expected[gateway].dispatches.emplace_back(arrives_at, chosen);
    }
    RC_ASSERT(shared->times_indexed() <= reports + 1);
}

RC_GTEST_PROP(LoadView, FindsTheLeastAsTheRouterGoesRound, ()) {
    // Start behind the last choice, until the lowest levels of the report have been filled up one after the other.
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 60);
    const auto report =
        *rc::gen::container<std::vector<std::uint32_t>>(replicas, rc::gen::inRange<std::uint32_t>(0, 6));
    LoadView view(Load::Requests, replicas, Reports::Periodic);
    view.reported(report, SimTime::from_ns(1));
    std::vector<std::uint32_t> counts = report;
    std::uint32_t start = *rc::gen::inRange<std::uint32_t>(0, replicas);
    for (std::uint32_t request = 0; request < 8 * replicas; ++request) {
        const std::uint32_t least = view.least(start);
        RC_ASSERT(least == walked_least(counts, start));
        view.dispatched(least, 1, SimTime::from_ns(2));
        ++counts[least];
        start = (least + 1) % replicas;
    }
}

}  // namespace
}  // namespace regatta::routing
