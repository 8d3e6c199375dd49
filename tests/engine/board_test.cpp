#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "regatta/base/errors.hpp"
#include "scripted_lp.hpp"

namespace regatta::engine::test {
namespace {

using Lines = std::vector<std::string>;

/// Nodes report to boards, gateways read them. On each number of ranks the diaries must say the same.
class Boards : public ::testing::TestWithParam<std::uint32_t> {
protected:
    Boards() {
        node_.slots = gateway_.slots = 2;
        nodes_ = add_scripted(model_, "node", 3, [this](std::uint32_t index) { return scripted(node_, index); });
        gateways_ =
            add_scripted(model_, "gateway", 2, [this](std::uint32_t index) { return scripted(gateway_, 3 + index); });
        model_.add_link({.from = gateways_, .to = nodes_, .latency = at_ns(25)});
        model_.add_link({.from = nodes_, .to = gateways_, .latency = at_ns(40)});
        gateway_.board_changed = [](BoardId, SimTime, std::span<const std::uint32_t>, Context&) {};
    }

    /// Each node tells 1000 * board + 100 * index + (reported instant) / 10 in the entry of its index.
    void report_from_all() {
        reports_ = [](std::uint32_t index, BoardId board, SimTime at, BoardWriter& writer) {
            writer.put(index, board.value() * 1000u + index * 100 + static_cast<std::uint32_t>(at.ns() / 10));
        };
    }
    BoardId add_board(std::int64_t period_ns, std::int64_t latency_ns, std::uint32_t entries = 3) {
        return model_.add_board({.from = nodes_,
                                 .to = gateways_,
                                 .period = at_ns(period_ns),
                                 .latency = at_ns(latency_ns),
                                 .entries = entries});
    }
    const Lines& gateway(std::uint32_t index) { return diary_[3 + index]; }
    const Lines& node(std::uint32_t index) { return diary_[index]; }
    void run(std::int64_t until_ns) { report_ = simulate(model_, GetParam(), at_ns(until_ns), partition_round_robin); }

    Model model_;
    GroupId nodes_, gateways_;
    Script node_, gateway_;
    std::function<void(std::uint32_t, BoardId, SimTime, BoardWriter&)> reports_;
    Diary diary_ = Diary(5);
    RunReport report_;

private:
    /// The script with a diary: of messages, wake-ups, samples and boards.
    Script scripted(const Script& script, std::uint32_t id) {
        Script with = script;
        Lines& lines = diary_[id];
        with.handle = [&lines, script](const Event& event, Context& context) {
            lines.push_back(fmt::format("{} message {}", context.now().ns(), event.key));
            if (script.handle) script.handle(event, context);
        };
        with.wake = [&lines, script](std::uint32_t slot, Context& context) {
            lines.push_back(fmt::format("{} wake-up {}", context.now().ns(), slot));
            if (script.wake) script.wake(slot, context);
        };
        with.sample = [&lines](SimTime at) { lines.push_back(fmt::format("{} sample", at.ns())); };
        if (script.board_changed)
            with.board_changed = [&lines, script](BoardId board, SimTime reported_at,
                                                  std::span<const std::uint32_t> values, Context& context) {
                lines.push_back(fmt::format("{} board {} of {}: {}", context.now().ns(), board.value(),
                                            reported_at.ns(), fmt::join(values, " ")));
                script.board_changed(board, reported_at, values, context);
            };
        with.report = [this, id](BoardId board, SimTime at, BoardWriter& writer) {
            if (reports_) reports_(id, board, at, writer);
        };
        return with;
    }
};

INSTANTIATE_TEST_SUITE_P(Ranks, Boards, ::testing::Values(1u, 2u, 3u, 4u, 6u));

/// Keeps the run alive: a wake-up of node 0 at `last`, planned from the start.
std::function<void(Context&)> wakes_up_at(std::initializer_list<std::int64_t> instants_ns) {
    return [instants = std::vector<std::int64_t>(instants_ns)](Context& context) {
        std::uint32_t slot = 0;
        for (const std::int64_t ns : instants)
            context.wake_at(slot++, at_ns(ns));
    };
}

TEST_P(Boards, ShowEveryReaderWhatAllReportedALatencyAgo) {
    report_from_all();
    add_board(100, 30);
    node_.start = wakes_up_at({290});
    run(300);
    const Lines wanted = {"130 board 0 of 100: 10 110 210", "230 board 0 of 200: 20 120 220"};
    EXPECT_EQ(gateway(0), wanted);
    EXPECT_EQ(gateway(1), wanted);
}

TEST_P(Boards, KeepWhatIsNotReportedAnew) {
    reports_ = [](std::uint32_t index, BoardId, SimTime at, BoardWriter& writer) {
        if (at.ns() / 100 == index + 1) writer.put(2 - index, 7 + index);  // node 0 at 100, 1 at 200, 2 at 300
    };
    add_board(100, 30, 4);
    node_.start = wakes_up_at({450});
    run(500);
    EXPECT_EQ(gateway(0), (Lines{"130 board 0 of 100: 0 0 7 0", "230 board 0 of 200: 0 8 7 0",
                                 "330 board 0 of 300: 9 8 7 0", "430 board 0 of 400: 9 8 7 0"}));
}

TEST_P(Boards, MayHaveSeveralReportsUnderWay) {
    report_from_all();
    add_board(20, 50);
    node_.start = wakes_up_at({130});
    run(131);
    EXPECT_EQ(gateway(1), (Lines{"70 board 0 of 20: 2 102 202", "90 board 0 of 40: 4 104 204",
                                 "110 board 0 of 60: 6 106 206", "130 board 0 of 80: 8 108 208"}));
}

TEST_P(Boards, OfOneInstantChangeInOrderAndDoNotMix) {
    report_from_all();
    add_board(100, 50);
    add_board(75, 75);
    node_.start = wakes_up_at({310});
    run(301);
    EXPECT_EQ(gateway(0), (Lines{"150 board 0 of 100: 10 110 210", "150 board 1 of 75: 1007 1107 1207",
                                 "225 board 1 of 150: 1015 1115 1215", "250 board 0 of 200: 20 120 220",
                                 "300 board 1 of 225: 1022 1122 1222"}));
}

TEST_P(Boards, ChangeBeforeAnyEventOfTheInstant) {
    report_from_all();
    add_board(100, 40);
    node_.start = wakes_up_at({100});
    node_.wake = [this](std::uint32_t, Context& context) {
        context.send(model_.id_of(gateways_, 0), at_ns(40), kNote, 0, 0);
    };
    gateway_.start = wakes_up_at({140});
    run(200);
    EXPECT_EQ(gateway(0), (Lines{"140 board 0 of 100: 10 110 210", "140 wake-up 0", "140 message 0", "140 message 0",
                                 "140 message 0"}));
}

TEST_P(Boards, GetReportsOfTheStateBeforeAnyEventOfTheInstant) {
    std::vector<std::uint32_t> woken(3, 0);
    reports_ = [&](std::uint32_t index, BoardId, SimTime, BoardWriter& writer) { writer.put(index, woken[index]); };
    add_board(100, 30);
    node_.start = wakes_up_at({100, 150});
    node_.wake = [&](std::uint32_t, Context& context) { ++woken[context.self().index()]; };
    run(300);
    EXPECT_EQ(gateway(0), (Lines{"130 board 0 of 100: 0 0 0", "230 board 0 of 200: 2 2 2"}));
}

TEST_P(Boards, GetReportsOfTheStateBeforeAnyBoardChangesAtTheInstant) {
    // Gateways read a board and report to another; at 200 one changes while the other takes reports.
    std::vector<std::uint32_t> changes(5, 0);
    reports_ = [&](std::uint32_t index, BoardId, SimTime, BoardWriter& writer) {
        if (index >= 3) writer.put(index - 3, changes[index]);
    };
    add_board(100, 100);
    model_.add_board({.from = gateways_, .to = gateways_, .period = at_ns(100), .latency = at_ns(50), .entries = 2});
    node_.start = wakes_up_at({260});
    gateway_.board_changed = [&](BoardId board, SimTime, std::span<const std::uint32_t>, Context& context) {
        if (board == BoardId(0)) ++changes[context.self().index()];
    };
    run(351);
    EXPECT_EQ(gateway(1), (Lines{"150 board 1 of 100: 0 0", "200 board 0 of 100: 0 0 0", "250 board 1 of 200: 0 0",
                                 "300 board 0 of 200: 0 0 0", "350 board 1 of 300: 1 1"}));
}

TEST_P(Boards, MayChangeNothingWhenNobodyReads) {
    report_from_all();
    model_.add_board({.from = gateways_, .to = gateways_, .period = at_ns(100), .latency = at_ns(10), .entries = 9});
    node_.start = wakes_up_at({250});
    run(300);
    EXPECT_EQ(gateway(0),
              (Lines{"110 board 0 of 100: 0 0 0 310 410 0 0 0 0", "210 board 0 of 200: 0 0 0 320 420 0 0 0 0"}));
    EXPECT_EQ(node(0), (Lines{"250 wake-up 0"}));
}

TEST_P(Boards, LetReadersSendAtOnce) {
    // Nothing else is pending when a board changes: what the reader sends then must reach the node in time.
    report_from_all();
    add_board(1'000, 30);
    node_.start = wakes_up_at({2'500});
    gateway_.board_changed = [this](BoardId, SimTime reported_at, std::span<const std::uint32_t>, Context& context) {
        context.send(model_.id_of(nodes_, 1), at_ns(25), kNote, static_cast<std::uint64_t>(reported_at.ns()), 0);
        context.wake_at(0, context.now() + at_ns(3));
    };
    run(3'000);
    EXPECT_EQ(node(1), (Lines{"1055 message 1000", "1055 message 1000", "2055 message 2000", "2055 message 2000",
                              "2500 wake-up 0"}));
    EXPECT_EQ(gateway(1), (Lines{"1030 board 0 of 1000: 100 200 300", "1033 wake-up 0",
                                 "2030 board 0 of 2000: 200 300 400", "2033 wake-up 0"}));
}

TEST_P(Boards, ChangeUpToTheEndOfARunAlsoAfterTheLastEvent) {
    report_from_all();
    add_board(100, 30);
    node_.start = wakes_up_at({50});
    gateway_.board_changed = [](BoardId, SimTime reported_at, std::span<const std::uint32_t>, Context& context) {
        if (reported_at == at_ns(200)) context.wake_at(1, at_ns(250));
    };
    run(331);
    EXPECT_EQ(gateway(0), (Lines{"130 board 0 of 100: 10 110 210", "230 board 0 of 200: 20 120 220", "250 wake-up 1",
                                 "330 board 0 of 300: 30 130 230"}));
}

TEST_P(Boards, KeepNoRunAlive) {
    // The last event anywhere but for the boards is node 2's, at 40: with it what the boards cause ends, too.
    report_from_all();
    add_board(10, 12);
    node_.start = [](Context& context) {
        if (context.self() == LpId(2)) context.wake_at(0, at_ns(40));
        context.wake_at(1, at_ns(3));
    };
    gateway_.board_changed = [](BoardId, SimTime, std::span<const std::uint32_t>, Context& context) {
        context.wake_at(0, context.now());
    };
    report_ = simulate(model_, GetParam(), SimTime::never(), partition_round_robin);
    const Lines wanted = {"22 board 0 of 10: 1 101 201", "22 wake-up 0", "32 board 0 of 20: 2 102 202", "32 wake-up 0"};
    EXPECT_EQ(gateway(0), wanted);
    EXPECT_EQ(gateway(1), wanted);
    EXPECT_EQ(report_.end, at_ns(40));
}

TEST_P(Boards, AreNotKeptAliveByCancelledWakeUps) {
    report_from_all();
    add_board(10, 12);
    model_.sample_every(at_ns(25), {nodes_});
    node_.start = [](Context& context) {
        if (context.self() != LpId(1)) return;
        context.wake_at(0, at_ns(30));
        context.wake_at(1, at_ns(500));
    };
    node_.wake = [](std::uint32_t, Context& context) { context.cancel_wake_up(1); };
    report_ = simulate(model_, GetParam(), SimTime::never(), partition_round_robin);
    EXPECT_EQ(report_.end, at_ns(30));
    EXPECT_EQ(gateway(1), (Lines{"22 board 0 of 10: 1 101 201"}));
    EXPECT_EQ(node(0), (Lines{"0 sample", "25 sample"}));
}

TEST_P(Boards, AreNotKeptAliveByWhatAReaderCancels) {
    // Until 112 gateway 0's wake-up is pending; then nothing is, on whichever rank.
    report_from_all();
    add_board(10, 12);
    model_.sample_every(at_ns(50), {gateways_});
    gateway_.start = [this](Context& context) {
        if (context.self() == model_.id_of(gateways_, 0)) context.wake_at(0, at_ns(500));
    };
    gateway_.board_changed = [](BoardId, SimTime reported_at, std::span<const std::uint32_t>, Context& context) {
        if (reported_at == at_ns(100)) context.cancel_wake_up(0);
    };
    report_ = simulate(model_, GetParam(), SimTime::never(), partition_round_robin);
    for (const std::uint32_t index : {0u, 1u}) {
        SCOPED_TRACE(index);
        ASSERT_EQ(gateway(index).size(), 13u);
        EXPECT_EQ(gateway(index)[2], "32 board 0 of 20: 2 102 202");
        EXPECT_EQ(gateway(index)[11], "102 board 0 of 90: 9 109 209");
        EXPECT_EQ(gateway(index)[12], "112 board 0 of 100: 10 110 210");
    }
}

TEST_P(Boards, RefuseAnEntryThatTheyDoNotHave) {
    reports_ = [](std::uint32_t, BoardId, SimTime, BoardWriter& writer) { writer.put(3, 0); };
    add_board(100, 30);
    node_.start = wakes_up_at({200});
    const std::string stop = bug_in([this] { run(300); });
    EXPECT_NE(stop.find("a board has 3 entries, not 3"), std::string::npos) << stop;
}

TEST_P(Boards, AndSamplesShareAnInstantSamplesFirst) {
    report_from_all();
    add_board(100, 100);
    model_.sample_every(at_ns(100), {gateways_});
    node_.start = wakes_up_at({250});
    run(300);
    EXPECT_EQ(gateway(0),
              (Lines{"0 sample", "100 sample", "200 sample", "200 board 0 of 100: 10 110 210", "300 sample"}));
}

TEST_P(Boards, AreNotNeededForSamplesOfTheStateBeforeAnyEvent) {
    model_.sample_every(at_ns(50), {nodes_});
    node_.start = wakes_up_at({0, 100});
    gateway_.start = wakes_up_at({60});
    gateway_.wake = [this](std::uint32_t, Context& context) {
        context.send(model_.id_of(nodes_, 0), at_ns(40), kNote, 0, 0);
    };
    run(200);
    const Lines wanted = {"0 sample",      "0 wake-up 0",   "50 sample",  "100 sample", "100 wake-up 1",
                          "100 message 0", "100 message 0", "150 sample", "200 sample"};
    EXPECT_EQ(node(0), wanted) << "also after the last event, and at the end";
    EXPECT_EQ(gateway(0), (Lines{"60 wake-up 0"})) << "gateways are not sampled";
}

TEST_P(Boards, AreNotNeededForSamplesToTheLastEventOfAnyRank) {
    model_.sample_every(at_ns(50), {nodes_, gateways_});
    node_.start = [](Context& context) {
        if (context.self() == LpId(1)) context.wake_at(0, at_ns(150));
        context.wake_at(1, at_ns(10));
    };
    report_ = simulate(model_, GetParam(), SimTime::never(), partition_round_robin);
    EXPECT_EQ(report_.end, at_ns(150));
    EXPECT_EQ(node(0), (Lines{"0 sample", "10 wake-up 1", "50 sample", "100 sample", "150 sample"}));
    EXPECT_EQ(node(1), (Lines{"0 sample", "10 wake-up 1", "50 sample", "100 sample", "150 sample", "150 wake-up 0"}));
    EXPECT_EQ(gateway(1), (Lines{"0 sample", "50 sample", "100 sample", "150 sample"}));
}

}  // namespace
}  // namespace regatta::engine::test
