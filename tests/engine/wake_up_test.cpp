#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scripted_lp.hpp"

namespace regatta::engine::test {
namespace {

using Lines = std::vector<std::string>;

/// One process, alone, with a zero-latency link to itself; its script fills in what happened.
class WakeUps : public ::testing::Test {
protected:
    WakeUps() {
        script_.slots = 4;
        script_.wake = [this](std::uint32_t slot, Context& context) {
            lines_.push_back(fmt::format("{} ns: slot {}", context.now().ns(), slot));
            if (on_wake_) on_wake_(slot, context);
        };
        script_.handle = [this](const Event& event, Context& context) {
            lines_.push_back(fmt::format("{} ns: message {}, depth {}", context.now().ns(), event.key, event.depth()));
            if (on_message_) on_message_(event, context);
        };
    }

    const Lines& run(SimTime until = SimTime::never()) {
        Model model;
        const GroupId group = add_scripted(model, "clock", 1, [this](std::uint32_t) { return script_; });
        model.add_link({.from = group, .to = group, .latency = SimTime()});
        report_ = simulate(model, 1, until);
        return lines_;
    }

    static void send(Context& context, std::int64_t delay_ns, std::uint64_t key) {
        context.send(context.self(), at_ns(delay_ns), kNote, key, 0);
    }

    Script script_;
    std::function<void(std::uint32_t slot, Context&)> on_wake_;
    std::function<void(const Event&, Context&)> on_message_;
    Lines lines_;
    RunReport report_;
};

TEST_F(WakeUps, ComeAtTheirTimeEachInItsSlot) {
    script_.start = [](Context& context) {
        context.wake_at(2, at_ns(30));
        context.wake_at(0, at_ns(50));
        context.wake_at(3, at_ns(10));
    };
    EXPECT_EQ(run(), (Lines{"10 ns: slot 3", "30 ns: slot 2", "50 ns: slot 0"}));
    EXPECT_EQ(report_.end, at_ns(50));
    EXPECT_EQ(report_.progress.events, 3);
}

TEST_F(WakeUps, OfOneInstantComeInTheOrderOfTheirSlots) {
    script_.start = [](Context& context) {
        for (const std::uint32_t slot : {2u, 0u, 3u, 1u})
            context.wake_at(slot, at_ns(10));
    };
    EXPECT_EQ(run(), (Lines{"10 ns: slot 0", "10 ns: slot 1", "10 ns: slot 2", "10 ns: slot 3"}));
}

TEST_F(WakeUps, DoNotComeWhenCancelled) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.wake_at(1, at_ns(20));
        context.cancel_wake_up(0);
        context.cancel_wake_up(2);  // never planned
    };
    EXPECT_EQ(run(), (Lines{"20 ns: slot 1"}));
    EXPECT_EQ(report_.progress.events, 1) << "what was cancelled is no event";
}

TEST_F(WakeUps, PlannedForNeverAreCancelled) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.wake_at(0, SimTime::never());
    };
    EXPECT_EQ(run(), Lines{});
}

TEST_F(WakeUps, CanBePlannedAgainAfterACancel) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.cancel_wake_up(0);
        context.wake_at(0, at_ns(10));
    };
    EXPECT_EQ(run(), (Lines{"10 ns: slot 0"}));
}

TEST_F(WakeUps, CountOnlyAsLastPlanned) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.wake_at(0, at_ns(40));  // later
        context.wake_at(1, at_ns(30));
        context.wake_at(1, at_ns(20));  // earlier
        context.wake_at(2, at_ns(50));
        context.wake_at(2, at_ns(50));  // the same: still once
    };
    EXPECT_EQ(run(), (Lines{"20 ns: slot 1", "40 ns: slot 0", "50 ns: slot 2"}));
}

TEST_F(WakeUps, CanBeCancelledAtTheirOwnInstant) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.wake_at(1, at_ns(10));
    };
    on_wake_ = [](std::uint32_t slot, Context& context) {
        if (slot == 0) context.cancel_wake_up(1);
    };
    EXPECT_EQ(run(), (Lines{"10 ns: slot 0"}));
}

TEST_F(WakeUps, MayPlanTheirOwnSlotAnew) {
    script_.start = [](Context& context) { context.wake_at(0, at_ns(10)); };
    on_wake_ = [](std::uint32_t, Context& context) {
        if (context.now() < at_ns(30)) context.wake_at(0, context.now() + at_ns(10));
    };
    EXPECT_EQ(run(), (Lines{"10 ns: slot 0", "20 ns: slot 0", "30 ns: slot 0"}));
}

TEST_F(WakeUps, PlannedForNowComeAfterWhatIsDueNow) {
    script_.start = [](Context& context) {
        context.wake_at(1, at_ns(10));
        context.wake_at(2, at_ns(10));
        send(context, 10, 5);
    };
    on_wake_ = [](std::uint32_t slot, Context& context) {
        if (slot == 1) context.wake_at(0, context.now());
    };
    // Slot 0 is the least key of the instant, but was planned at depth 0 and so has depth 1.
    EXPECT_EQ(run(), (Lines{"10 ns: slot 1", "10 ns: slot 2", "10 ns: message 5, depth 0", "10 ns: slot 0"}));
}

TEST_F(WakeUps, PrecedeMessagesOfTheSameInstantAndDepth) {
    script_.start = [](Context& context) {
        send(context, 10, 0);
        context.wake_at(3, at_ns(10));
    };
    on_message_ = [](const Event& event, Context& context) {
        if (event.depth() > 0) return;
        send(context, 0, 1);
        context.wake_at(2, context.now());
    };
    EXPECT_EQ(run(),
              (Lines{"10 ns: slot 3", "10 ns: message 0, depth 0", "10 ns: slot 2", "10 ns: message 1, depth 1"}));
}

TEST_F(WakeUps, PlannedAtTheStartForTimeZeroCome) {
    script_.start = [](Context& context) {
        send(context, 0, 9);
        context.wake_at(0, SimTime());
    };
    EXPECT_EQ(run(), (Lines{"0 ns: slot 0", "0 ns: message 9, depth 1"}));
}

TEST_F(WakeUps, AtTheEndOfARunDoNotComeInIt) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(99));
        context.wake_at(1, at_ns(100));
    };
    EXPECT_EQ(run(at_ns(100)), (Lines{"99 ns: slot 0"}));
    EXPECT_EQ(report_.end, at_ns(100));
}

TEST_F(WakeUps, OfASlotThatDoesNotExistAreRefused) {
    script_.start = [](Context& context) { context.wake_at(4, at_ns(10)); };
    EXPECT_NE(bug_in([this] { run(); }).find("clock 0 has no wake-up slot 4"), std::string::npos);
}

TEST_F(WakeUps, ThatAreCancelledDoNotSettleWhenTheRunEnds) {
    script_.start = [](Context& context) {
        context.wake_at(0, at_ns(10));
        context.wake_at(1, at_ns(1'000));
    };
    on_wake_ = [](std::uint32_t, Context& context) { context.cancel_wake_up(1); };
    run();
    EXPECT_EQ(report_.end, at_ns(10));
}

TEST_F(WakeUps, WithMessagesMakeLongChainsWithoutDelay) {
    constexpr std::uint64_t kLinks = 100'000;
    script_.start = [](Context& context) { send(context, 0, 0); };
    std::uint64_t depth_of_last = 0;
    script_.handle = [&](const Event& event, Context& context) {
        depth_of_last = event.depth();
        if (event.key < kLinks) send(context, 0, event.key + 1);
    };
    run();
    EXPECT_EQ(depth_of_last, kLinks + 1);
    EXPECT_EQ(report_.end, SimTime());
}

TEST_F(WakeUps, StopARunInWhichMessagesWithoutDelayNeverEnd) {
    script_.start = [](Context& context) { context.wake_at(0, at_ns(7)); };
    script_.wake = [](std::uint32_t, Context& context) { send(context, 0, 0); };
    script_.handle = [](const Event&, Context& context) { send(context, 0, 0); };
    EXPECT_NE(bug_in([this] { run(); }).find("clock 0 sends without delay at 7 ns and never stops"), std::string::npos);
}

TEST_F(WakeUps, StopARunInWhichTheyAreAlwaysPlannedForNow) {
    script_.start = [](Context& context) { context.wake_at(0, at_ns(7)); };
    script_.wake = [](std::uint32_t, Context& context) { context.wake_at(0, context.now()); };
    EXPECT_NE(bug_in([this] { run(); }).find("clock 0 sends without delay at 7 ns and never stops"), std::string::npos);
}

TEST_F(WakeUps, MayNotBeForgedByAMessageOfTheirClass) {
    script_.start = [](Context& context) { context.send(context.self(), at_ns(1), kWakeUp, 0, 0); };
    EXPECT_NE(bug_in([this] { run(); }).find("class 0 belongs to wake-ups"), std::string::npos);
}

}  // namespace
}  // namespace regatta::engine::test
