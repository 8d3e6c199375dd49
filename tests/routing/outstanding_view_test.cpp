#include "routing/outstanding_view.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/vector.hpp>
#include <cstdint>
#include <list>
#include <sstream>
#include <vector>

namespace regatta::routing {
namespace {

std::vector<std::uint32_t> counts_of(const OutstandingView& view) {
    std::vector<std::uint32_t> counts;
    for (std::uint32_t replica = 0; replica < view.replicas(); ++replica)
        counts.push_back(view.count(replica));
    return counts;
}

std::uint32_t walked_least(const std::vector<std::uint32_t>& counts, std::uint32_t start) {
    std::vector<std::uint32_t> rotated = counts;
    std::rotate(rotated.begin(), rotated.begin() + start, rotated.end());
    const auto least = std::min_element(rotated.begin(), rotated.end()) - rotated.begin();
    return static_cast<std::uint32_t>((static_cast<std::size_t>(least) + start) % counts.size());
}

void round_trip(const OutstandingView& from, OutstandingView& to) {
    std::stringstream bytes;
    {
        boost::archive::binary_oarchive out(bytes);
        out << from;
    }
    boost::archive::binary_iarchive in(bytes);
    in >> to;
}

TEST(OutstandingView, CountsOwnDispatchesLessCompletions) {
    OutstandingView view(3, Reports::OnCompletion);
    view.dispatched(1, SimTime::from_us(50));
    view.dispatched(1, SimTime::from_us(60));
    view.dispatched(2, SimTime::from_us(70));
    view.completed(1);
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{0, 1, 1}));
}

TEST(OutstandingView, RefusesACompletionOfWhatIsNotOutstanding) {
    OutstandingView view(2, Reports::OnCompletion);
    view.dispatched(0, SimTime());
    EXPECT_THROW(view.completed(1), BugError);
}

TEST(OutstandingView, CountsARequestThatArrivesAtTheTickOnTopOfTheReport) {
    // The report tells the state before any event at its tick.
    OutstandingView view(2, Reports::Periodic);
    view.dispatched(0, SimTime::from_ns(999));
    view.dispatched(0, SimTime::from_ns(1000));
    view.dispatched(1, SimTime::from_ns(1001));
    const std::vector<std::uint32_t> report = {5, 7};
    view.reported(report, SimTime::from_ns(1000));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{6, 8}));
}

TEST(OutstandingView, ForgetsOwnDispatchesOnceAReportHoldsThem) {
    OutstandingView view(1, Reports::Periodic);
    view.dispatched(0, SimTime::from_ns(1500));
    const std::vector<std::uint32_t> first = {4};
    view.reported(first, SimTime::from_ns(1000));
    EXPECT_EQ(view.count(0), 5u);
    const std::vector<std::uint32_t> second = {2};
    view.reported(second, SimTime::from_ns(2000));
    EXPECT_EQ(view.count(0), 2u);
}

TEST(OutstandingView, CountsOwnDispatchesBeforeTheFirstReport) {
    OutstandingView view(2, Reports::Periodic);
    view.dispatched(1, SimTime::from_ns(10));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(view.least(1), 0u);
}

TEST(OutstandingView, RefusesReportsOutOfOrder) {
    OutstandingView view(1, Reports::Periodic);
    const std::vector<std::uint32_t> report = {1};
    view.reported(report, SimTime::from_ns(2000));
    EXPECT_THROW(view.reported(report, SimTime::from_ns(2000)), BugError);
    EXPECT_THROW(view.dispatched(0, SimTime::from_ns(1999)), BugError);
}

TEST(OutstandingView, RefusesWhatItsKindOfReportsCannotTell) {
    OutstandingView on_completion(1, Reports::OnCompletion);
    const std::vector<std::uint32_t> report = {0};
    EXPECT_THROW(on_completion.reported(report, SimTime()), BugError);
    OutstandingView periodic(1, Reports::Periodic);
    EXPECT_THROW(periodic.completed(0), BugError);
    const std::vector<std::uint32_t> too_long = {0, 0};
    EXPECT_THROW(periodic.reported(too_long, SimTime()), BugError);
}

TEST(OutstandingView, FindsTheLeastOfTheLoadedStateAndNotOfItsOwn) {
    OutstandingView saved(2, Reports::OnCompletion);
    saved.dispatched(0, SimTime());
    OutstandingView used(2, Reports::OnCompletion);
    used.dispatched(1, SimTime());
    EXPECT_EQ(used.least(0), 0u);
    round_trip(saved, used);
    EXPECT_EQ(used.least(0), 1u);
}

TEST(OutstandingView, RefusesTheStateOfAnotherPool) {
    OutstandingView two(2, Reports::OnCompletion);
    OutstandingView three(3, Reports::OnCompletion);
    EXPECT_THROW(round_trip(two, three), BugError);
    OutstandingView periodic(2, Reports::Periodic);
    EXPECT_THROW(round_trip(two, periodic), BugError);
}

RC_GTEST_PROP(OutstandingView, OnCompletionAgreesWithPlainCounts, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 200);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    OutstandingView view(replicas, Reports::OnCompletion);
    std::vector<std::uint32_t> counts(replicas, 0);
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, bool>>>(
        rc::gen::pair(replica, rc::gen::arbitrary<bool>()));
    for (const auto& [at, completes] : steps) {
        if (completes && counts[at] > 0) {
            view.completed(at);
            --counts[at];
        } else {
            view.dispatched(at, SimTime());
            ++counts[at];
        }
        const std::uint32_t start = *replica;
        RC_ASSERT(view.least(start) == walked_least(counts, start));
    }
    OutstandingView loaded(replicas, Reports::OnCompletion);
    round_trip(view, loaded);
    RC_ASSERT(counts_of(view) == counts);
    RC_ASSERT(counts_of(loaded) == counts);
    RC_ASSERT(loaded.least(replicas - 1) == walked_least(counts, replicas - 1));
}

RC_GTEST_PROP(OutstandingView, PeriodicAgreesWithReportPlusLaterDispatches, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 100);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    OutstandingView view(replicas, Reports::Periodic);
    OutstandingView checked(replicas, Reports::Periodic);  // replaced by its own reloaded state half way through
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
            view.dispatched(dispatches.back().second, SimTime::from_ns(dispatches.back().first));
            checked.dispatched(dispatches.back().second, SimTime::from_ns(dispatches.back().first));
        }
        if (step == reload_at) {
            OutstandingView loaded(replicas, Reports::Periodic);
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

}  // namespace
}  // namespace regatta::routing
