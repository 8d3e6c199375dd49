#include "control/scratchpad_nodes.hpp"

#include "scratchpad_fixture.hpp"

namespace regatta::control {
namespace {

class ScratchpadNodesRules : public ScratchpadDriver {
protected:
    void add_node(std::size_t gpus, double loading_s = 0) {
        fleet_.nodes.push_back({.id = static_cast<std::uint32_t>(fleet_.nodes.size() + 1),
                                .gpus = std::vector<std::uint16_t>(gpus, 0),
                                .model = 0,
                                .loading_s = loading_s});
    }
    double run(double until_s = kForever) { return run_scratchpad_nodes(fleet_, requests_, draws_, watcher_, until_s); }
};

TEST_F(ScratchpadNodesRules, RequestsWaitForTheFirstLoad) {
    add_node(1, 8.25);
    arrive(1);
    static_cast<void>(run());
    EXPECT_EQ(requests_[0].received_s, 1);
    EXPECT_EQ(requests_[0].start_s, 8.25);
}

TEST_F(ScratchpadNodesRules, AllThatWaitGoToTheFirstFreeGpu) {
    add_node(3, 5);
    arrive(1);
    arrive(2);
    arrive(6);
    static_cast<void>(run());
    EXPECT_EQ(requests_[0].replica, 0U);
    EXPECT_EQ(requests_[1].replica, 0U);
    EXPECT_EQ(requests_[2].replica, 1U);
    EXPECT_EQ(requests_[1].start_s, requests_[0].prefill_end_s);
}

TEST_F(ScratchpadNodesRules, BusyGpusTakeNobodyIn) {
    add_node(1);
    arrive(0, 0, 10);
    arrive(0.5);
    static_cast<void>(run());
    // Its only GPU is free when the last iteration of the other begins, and starts when that has ended.
    EXPECT_EQ(requests_[1].start_s, requests_[0].end_s);
}

TEST_F(ScratchpadNodesRules, LeastLoadedCountsWhatWasHandedOver) {
    fleet_.router = ScratchpadRouter::LeastLoaded;
    add_node(1);
    add_node(1);
    add_node(1);
    for (const double at_s : {0.0, 0.1, 0.2})
        arrive(at_s, 0, 100);
    static_cast<void>(run());
    EXPECT_NE(requests_[0].node, requests_[1].node);
    EXPECT_NE(requests_[0].node, requests_[2].node);
    EXPECT_NE(requests_[1].node, requests_[2].node);
}

TEST_F(ScratchpadNodesRules, GpuCountPrefersTheNodeWithMostFreeGpus) {
    fleet_.router = ScratchpadRouter::MostGpus;
    add_node(1);
    add_node(3);
    for (const double at_s : {0.1, 0.2})
        arrive(at_s, 0, 100);
    static_cast<void>(run());
    EXPECT_EQ(requests_[0].node, 2U);
    EXPECT_EQ(requests_[1].node, 2U);
}

TEST_F(ScratchpadNodesRules, GpuCountCanPreferTheNodeWithFewest) {
    fleet_.router = ScratchpadRouter::FewestGpus;
    add_node(3);
    add_node(2);
    for (const double at_s : {0.1, 0.2})
        arrive(at_s, 0, 100);
    static_cast<void>(run());
    EXPECT_EQ(requests_[0].node, 2U);
    EXPECT_EQ(requests_[1].node, 2U);
}

TEST_F(ScratchpadNodesRules, AffinityStaysWhileThereIsAFreeGpu) {
    fleet_.router = ScratchpadRouter::Affinity;
    add_node(2);
    add_node(2);
    for (const double at_s : {0.1, 0.2, 0.3})
        arrive(at_s, 0, 100);
    static_cast<void>(run());
    EXPECT_EQ(requests_[1].node, requests_[0].node);
    EXPECT_NE(requests_[2].node, requests_[0].node);
}

TEST_F(ScratchpadNodesRules, AnIdleNodeIsReprovisionedOnceForAModel) {
    add_node(2);
    add_node(2);
    arrive(1, 1);
    arrive(2, 1);
    static_cast<void>(run());
    EXPECT_EQ(requests_[0].node, requests_[1].node);
    EXPECT_EQ(requests_[0].start_s, 21);  // 20 s later
    EXPECT_EQ(watcher_.left.size(), 2U);  // the other node was left alone
    EXPECT_GE(requests_[0].replica, 4U);  // GPUs are numbered anew for each model
}

TEST_F(ScratchpadNodesRules, WhatIsLoadingIsNotIdle) {
    add_node(1, 50);
    arrive(1, 1);
    static_cast<void>(run());
    // At the instant of the load's end routing comes first; nothing follows at which it could begin.
    EXPECT_EQ(requests_[0].received_s, serving::ScratchpadRequest::kNotYet);
}

TEST_F(ScratchpadNodesRules, ARequestThatNeverFitsDoesNotKeepTheRunGoing) {
    add_node(1);
    arrive(0, 0, 2, 16 * 200);
    EXPECT_EQ(run(), 0);
    EXPECT_EQ(requests_[0].start_s, serving::ScratchpadRequest::kNotYet);
}

TEST_F(ScratchpadNodesRules, NothingBeginsAtTheEnd) {
    add_node(1);
    arrive(0, 0, 100);
    EXPECT_EQ(run(3), 3);
    for (const auto& [replica, start_s] : watcher_.starts)
        EXPECT_LT(start_s, 3);
}

}  // namespace
}  // namespace regatta::control
