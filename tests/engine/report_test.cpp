// What a run tells of itself.

#include <gtest/gtest.h>

#include "scripted_lp.hpp"

namespace regatta::engine::test {
namespace {

/// Two processes that hand one message to and fro, with 100 ns there and 50 ns back.
struct PingPong {
    PingPong() {
        const GroupId pings = add_scripted(model, "ping", 1, [](std::uint32_t) {
            Script script;
            script.start = [](Context& context) { context.send(LpId(1), at_ns(100), kNote, 0, 0); };
            script.handle = [](const Event&, Context& context) { context.send(LpId(1), at_ns(100), kNote, 0, 0); };
            return script;
        });
        const GroupId pongs = add_scripted(model, "pong", 1, [](std::uint32_t) {
            Script script;
            script.handle = [](const Event&, Context& context) { context.send(LpId(0), at_ns(50), kNote, 0, 0); };
            return script;
        });
        model.add_link({.from = pings, .to = pongs, .latency = at_ns(100)});
        model.add_link({.from = pongs, .to = pings, .latency = at_ns(50)});
    }
    Model model;
};

TEST(RunReport, CountsTheMessagesBetweenRanks) {
    const PingPong played;
    for (const std::uint32_t ranks : {2u, 3u}) {
        SCOPED_TRACE(ranks);
        const RunReport report = simulate(played.model, ranks, at_ns(3'000), partition_round_robin);
        EXPECT_GT(report.progress.windows, 5);
        // One to each other rank before each window, and once more to find that nothing is left.
        EXPECT_EQ(report.progress.messages_sent, (ranks - 1) * (report.progress.windows + 1));
        // What is pending in two tiers travels in each.
        EXPECT_GT(report.progress.bytes_sent, report.progress.messages_sent * 100);
        EXPECT_GT(report.progress.waiting_s, 0);
        EXPECT_LE(report.progress.waiting_s, report.progress.loop_s);
    }
}

TEST(RunReport, TellsNoMessagesOrWaitingOfOneRank) {
    const PingPong played;
    const RunReport report = simulate(played.model, 1, at_ns(3'000));
    EXPECT_EQ(report.progress.messages_sent, 0);
    EXPECT_EQ(report.progress.bytes_sent, 0);
    EXPECT_EQ(report.progress.waiting_s, 0);
    EXPECT_EQ(report.progress.exchanging_s, 0);
    EXPECT_GT(report.progress.loop_s, 0);
}

TEST(RunReport, CountsTheLinksThatEndWindows) {
    const PingPong played;
    const RunReport report = simulate(played.model, 2, at_ns(3'000), partition_round_robin);
    ASSERT_EQ(report.channels.size(), 2u);
    EXPECT_EQ(report.channels[0].name, "ping -> pong");
    EXPECT_EQ(report.channels[0].latency, at_ns(100));
    // In turn; the last two windows go on to the end.
    const std::int64_t both = report.channels[0].windows_bounded + report.channels[1].windows_bounded;
    EXPECT_GE(both, report.progress.windows - 2);
    EXPECT_LE(both, report.progress.windows);
    EXPECT_NEAR(static_cast<double>(report.channels[0].windows_bounded), static_cast<double>(both) / 2, 1);
}

TEST(RunReport, CountsNoLinkWhenNothingEndsAWindow) {
    const PingPong played;
    const RunReport report = simulate(played.model, 2, at_ns(40), partition_round_robin);
    EXPECT_EQ(report.progress.windows, 0);
    const RunReport of_one = simulate(played.model, 2, at_ns(110), partition_round_robin);
    EXPECT_EQ(of_one.progress.windows, 1);
    EXPECT_EQ(of_one.channels[0].windows_bounded + of_one.channels[1].windows_bounded, 0);
}

}  // namespace
}  // namespace regatta::engine::test
