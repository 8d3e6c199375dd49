#include "control/scratchpad_engines.hpp"

#include "scratchpad_fixture.hpp"

namespace regatta::control {
namespace {

class ScratchpadEngines : public ScratchpadDriver {
protected:
    double run(double until_s = kForever) {
        return run_scratchpad_engines(fleet_, requests_, draws_, watcher_, until_s);
    }
};

using ScratchpadEnginesRules = ScratchpadEngines;

TEST_F(ScratchpadEnginesRules, ARequestStartsAtTheFirstTickOfItsEngine) {
    fleet_.engines = {{0, 1}};
    arrive(2.00004);
    static_cast<void>(run());
    double tick_s = 0;
    while (tick_s < 2.00004)
        tick_s += 1e-4;
    EXPECT_EQ(requests_[0].received_s, tick_s);
    EXPECT_EQ(requests_[0].start_s, tick_s);
    EXPECT_EQ(requests_[0].end_s, tick_s + 1 + 0.5 + 0.5);
}

TEST_F(ScratchpadEnginesRules, ItStopsWhenTheLastIterationHasBegun) {
    fleet_.engines = {{0, 1}};
    arrive(0);
    // The next instant after the last iteration's start is its end, for there is no other clock.
    const double alone_s = run();
    EXPECT_EQ(alone_s, requests_[0].end_s);
    fleet_.engines = {{0, 2}};
    requests_.clear();
    arrive(0);
    draws_ = {};
    // The other engine, idle, ticks.
    const double together_s = run();
    EXPECT_NEAR(together_s, requests_[0].end_s - 0.5, 2e-4);
}

TEST_F(ScratchpadEnginesRules, WhileAllAreBusyArrivalsAreRoutedWhenOneIsDone) {
    fleet_.engines = {{0, 1}};
    arrive(0);
    arrive(0.3);
    static_cast<void>(run());
    EXPECT_EQ(requests_[1].received_s, requests_[0].prefill_end_s);
    EXPECT_EQ(requests_[1].start_s, requests_[0].prefill_end_s);
}

TEST_F(ScratchpadEnginesRules, AnAddedEngineServesFromTheArrivalOn) {
    fleet_.engines = {{1, 1}};
    fleet_.changes = {{5.00001, 0, 1}};
    arrive(0, 1);
    arrive(5.00002, 0);  // routed at the tick at which the engine is added, whose clock is at 0
    static_cast<void>(run());
    EXPECT_EQ(requests_[1].replica, 1U);
    EXPECT_EQ(requests_[1].start_s, 5.00002);
    EXPECT_GT(requests_[1].received_s, 5.00002);
}

TEST_F(ScratchpadEnginesRules, NegativeChangesDoNothing) {
    fleet_.engines = {{0, 2}};
    fleet_.changes = {{0.5, 0, -1}, {0.6, 0, 1}};
    for (int i = 0; i < 20; ++i)
        arrive(0.1 * i);
    static_cast<void>(run());
    EXPECT_EQ(watcher_.engines.size(), 3U);
    for (const auto& request : requests_)
        EXPECT_GT(request.end_s, 0);
}

TEST_F(ScratchpadEnginesRules, WhatNobodyServesIsLostAndTakesAnEngineAway) {
    fleet_.engines = {{0, 2}};
    arrive(0, 1);
    for (int i = 1; i < 9; ++i)
        arrive(0.001 * i);
    static_cast<void>(run());
    EXPECT_TRUE(requests_[0].is_lost);
    EXPECT_EQ(requests_[0].replica, serving::kNoReplica);
    for (std::size_t i = 2; i < requests_.size(); ++i)
        EXPECT_EQ(requests_[i].replica, requests_[1].replica) << i;
}

TEST_F(ScratchpadEnginesRules, ItGivesUpAfter300SecondsWithoutAnEnd) {
    fleet_.engines = {{0, 1}};
    arrive(0);
    arrive(10, 0, 5, 16 * 200);  // never fits
    arrive(20);                  // is prefilled, and never decoded while the other waits
    arrive(1000);                // never comes
    const double end_s = run();
    EXPECT_NEAR(end_s, requests_[0].end_s - 0.5 + 300, 0.6);
    EXPECT_GT(requests_[2].prefill_end_s, 20);
    EXPECT_EQ(requests_[2].generated, 0);
    EXPECT_EQ(requests_[1].start_s, serving::ScratchpadRequest::kNotYet);
    EXPECT_EQ(requests_[3].received_s, serving::ScratchpadRequest::kNotYet);
}

}  // namespace
}  // namespace regatta::control
