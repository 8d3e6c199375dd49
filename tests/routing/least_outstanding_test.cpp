#include "routing/least_outstanding.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "routing/outstanding_view.hpp"

namespace regatta::routing {
namespace {

TEST(LeastOutstandingRouter, RotatesAmongTies) {
    LeastOutstandingRouter router({.replicas = 4, .gateway = 1, .gateways = 2});
    OutstandingView view(4, Reports::OnCompletion);
    std::vector<std::uint32_t> chosen;
    for (std::uint64_t request = 0; request < 5; ++request) {
        const std::uint32_t replica = router.choose(RequestId(request), view);
        chosen.push_back(replica);
        view.dispatched(replica, SimTime());
        view.completed(replica);  // at once: all four stay tied
    }
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{2, 3, 0, 1, 2}));
}

TEST(LeastOutstandingRouter, HerdsOntoTheReplicasThatAStaleReportShowsIdle) {
    LeastOutstandingRouter router({.replicas = 4});
    OutstandingView view(4, Reports::Periodic);
    const std::vector<std::uint32_t> report = {9, 9, 0, 9};
    view.reported(report, SimTime::from_ms(100));
    for (std::uint64_t request = 0; request < 9; ++request) {
        SCOPED_TRACE(request);
        const std::uint32_t replica = router.choose(RequestId(request), view);
        EXPECT_EQ(replica, 2u);
        view.dispatched(replica, SimTime::from_ms(101));
    }
    EXPECT_EQ(view.count(2), 9u);
}

RC_GTEST_PROP(LeastOutstandingRouter, AlwaysChoosesAMinimum, (const std::vector<std::uint8_t>& wanted)) {
    RC_PRE(!wanted.empty());
    const auto replicas = static_cast<std::uint32_t>(wanted.size());
    OutstandingView view(replicas, Reports::OnCompletion);
    LeastOutstandingRouter router({.replicas = replicas});
    for (std::uint32_t replica = 0; replica < replicas; ++replica)
        for (int i = 0; i < wanted[replica] % 4; ++i)
            view.dispatched(replica, SimTime());
    for (std::uint64_t request = 0; request < 20; ++request) {
        const std::uint32_t chosen = router.choose(RequestId(request), view);
        for (std::uint32_t replica = 0; replica < replicas; ++replica)
            RC_ASSERT(view.count(chosen) <= view.count(replica));
        view.dispatched(chosen, SimTime());
    }
}

}  // namespace
}  // namespace regatta::routing
