// Views of tokens and KV blocks.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "plain_loads.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

using serving::Load;

TEST(LoadView, CountsTokensOfWhatIsOutstanding) {
    LoadView view(Load::Tokens, 2, Reports::OnCompletion);
    view.dispatched(0, 4'000'000'000, SimTime());
    view.dispatched(0, 4'000'000'000, SimTime());
    view.dispatched(1, 900, SimTime());
    EXPECT_EQ(view.load(0), 8'000'000'000U);
    EXPECT_EQ(view.least(0), 1U);
    view.completed(0, 4'000'000'000);
    view.completed(0, 4'000'000'000);
    EXPECT_EQ(view.least(0), 0U);
    EXPECT_THROW(view.completed(1, 901), BugError);
}

TEST(LoadView, KnowsTheBlocksToldAndItsOwnPromptsSince) {
    LoadView view(Load::KvBlocks, 1, Reports::OnCompletion);
    view.dispatched(0, 5, SimTime::from_ns(100));
    view.dispatched(0, 7, SimTime::from_ns(200));
    view.dispatched(0, 9, SimTime::from_ns(300));
    EXPECT_EQ(view.load(0), 21U);
    // Told of the state before anything that arrived at 200 ns.
    view.told(0, 40, SimTime::from_ns(200));
    EXPECT_EQ(view.load(0), 40U + 7 + 9);
    view.told(0, 30, SimTime::from_ns(301));
    EXPECT_EQ(view.load(0), 30U);
    EXPECT_THROW(view.completed(0, 1), BugError);
}

TEST(LoadView, TakesWhatExceedsAReportForItsLargestNumber) {
    LoadView view(Load::Tokens, 3, Reports::Periodic);
    const std::vector<std::uint32_t> report = {UINT32_MAX, UINT32_MAX - 5, UINT32_MAX - 6};
    view.reported(report, SimTime::from_ns(1));
    EXPECT_EQ(view.least(0), 2U);
    view.dispatched(2, 4, SimTime::from_ns(2));
    EXPECT_EQ(view.least(0), 1U);
    view.dispatched(1, 4'000'000'000, SimTime::from_ns(2));
    view.dispatched(1, 4'000'000'000, SimTime::from_ns(2));
    view.dispatched(2, 100, SimTime::from_ns(2));
    EXPECT_EQ(counts_of(view), (std::vector<std::uint32_t>{UINT32_MAX, UINT32_MAX, UINT32_MAX}));
    EXPECT_EQ(view.least(1), 1U);
}

/// What is known of KV blocks by its definition: the last that was told, and what arrives from then on.
RC_GTEST_PROP(LoadView, OfKvBlocksAgreesWithALogOfEverything, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 40);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    LoadView view(Load::KvBlocks, replicas, Reports::OnCompletion);
    LoadView reloaded(Load::KvBlocks, replicas, Reports::OnCompletion);
    struct Sent {
        std::uint32_t replica;
        std::uint32_t blocks;
        std::int64_t arrives_at;
    };
    std::vector<Sent> log;
    std::vector<std::uint32_t> told(replicas, 0);
    std::vector<std::int64_t> told_at(replicas, -1);
    std::int64_t now = 0;
    for (int step = 0; step < 100; ++step) {
        now += *rc::gen::inRange(0, 3);
        const std::uint32_t at = *replica;
        const auto blocks = *rc::gen::inRange<std::uint32_t>(1, 20);
        if (*rc::gen::inRange(0, 3) == 0) {
            const std::int64_t when = std::max<std::int64_t>(told_at[at], now - *rc::gen::inRange(0, 6));
            view.told(at, blocks, SimTime::from_ns(when));
            told[at] = blocks;
            told_at[at] = when;
        } else {
            view.dispatched(at, blocks, SimTime::from_ns(now + 5));
            log.push_back({at, blocks, now + 5});
        }
        if (step == 50) {
            round_trip(view, reloaded);
            view = std::move(reloaded);
        }
        std::vector<std::uint32_t> expected = told;
        for (const Sent& sent : log)
            if (sent.arrives_at >= told_at[sent.replica]) expected[sent.replica] += sent.blocks;
        RC_ASSERT(counts_of(view) == expected);
        const std::uint32_t start = *replica;
        RC_ASSERT(view.least(start) == walked_least(expected, start));
    }
}

RC_GTEST_PROP(LoadView, FindsTheLeastOfReportedTokens, ()) {
    const auto replicas = *rc::gen::inRange<std::uint32_t>(1, 60);
    const auto replica = rc::gen::inRange<std::uint32_t>(0, replicas);
    LoadView view(Load::Tokens, replicas, Reports::Periodic);
    const auto report =
        *rc::gen::container<std::vector<std::uint32_t>>(replicas, rc::gen::inRange<std::uint32_t>(0, 5'000));
    view.reported(report, SimTime::from_ns(1));
    std::vector<std::uint32_t> expected = report;
    for (int step = 0; step < 200; ++step) {
        const std::uint32_t start = *replica;
        const std::uint32_t least = view.least(start);
        RC_ASSERT(least == walked_least(expected, start));
        const std::uint32_t chosen = *rc::gen::inRange(0, 4) == 0 ? *replica : least;
        const auto tokens = *rc::gen::inRange<std::uint32_t>(1, 3'000);
        view.dispatched(chosen, tokens, SimTime::from_ns(2));
        expected[chosen] += tokens;
        RC_ASSERT(counts_of(view) == expected);
    }
}

}  // namespace
}  // namespace regatta::routing
