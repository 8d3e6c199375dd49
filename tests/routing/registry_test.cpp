#include "routing/registry.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "make_router.hpp"
#include "regatta/base/errors.hpp"
#include "routing/outstanding_view.hpp"

namespace regatta::routing {
namespace {

/// Holds for every router, known or still to come.
class EveryRouter : public testing::TestWithParam<std::string> {};

/// Routes `requests` to `view` with a steady number outstanding and returns the choices. Every third request ends the
/// oldest one outstanding.
std::vector<std::uint32_t> drive(Router& router, OutstandingView& view, std::uint64_t first, std::uint64_t requests) {
    std::vector<std::uint32_t> chosen;
    std::size_t ended = 0;
    for (std::uint64_t request = first; request < first + requests; ++request) {
        chosen.push_back(router.choose(RequestId(request * 7), view));
        if (chosen.back() >= view.replicas()) return chosen;
        view.dispatched(chosen.back(), SimTime::from_us(static_cast<std::int64_t>(request)));
        if (request % 3 == 2) view.completed(chosen[ended++]);
    }
    return chosen;
}

TEST_P(EveryRouter, ChoosesOnlyReplicasOfThePool) {
    for (const std::uint32_t replicas : {1u, 2u, 3u, 64u, 65u, 1000u}) {
        SCOPED_TRACE(replicas);
        const auto router = make_router(GetParam(), {.replicas = replicas, .gateway = 2, .gateways = 3, .seed = 5});
        OutstandingView view(replicas, Reports::OnCompletion);
        for (const std::uint32_t replica : drive(*router, view, 0, 2000))
            ASSERT_LT(replica, replicas);
    }
}

TEST_P(EveryRouter, ChoosesTheSameForTheSameInputs) {
    const RouterTarget target = {.replicas = 17, .gateway = 1, .gateways = 4, .seed = 5};
    const auto one = make_router(GetParam(), target);
    const auto other = make_router(GetParam(), target);
    OutstandingView one_view(17, Reports::OnCompletion);
    OutstandingView other_view(17, Reports::OnCompletion);
    EXPECT_EQ(drive(*one, one_view, 0, 500), drive(*other, other_view, 0, 500));
}

TEST_P(EveryRouter, UsesAllReplicasInTheEnd) {
    const auto router = make_router(GetParam(), {.replicas = 40, .seed = 5});
    OutstandingView view(40, Reports::OnCompletion);
    const std::vector<std::uint32_t> chosen = drive(*router, view, 0, 2000);
    EXPECT_EQ(std::set<std::uint32_t>(chosen.begin(), chosen.end()).size(), 40u);
}

TEST_P(EveryRouter, GoesOnTheSameWayFromItsSavedState) {
    const RouterTarget target = {.replicas = 23, .gateway = 1, .gateways = 2, .seed = 5};
    const auto router = make_router(GetParam(), target);
    OutstandingView view(23, Reports::OnCompletion);
    OutstandingView other_view(23, Reports::OnCompletion);
    for (const std::uint32_t replica : drive(*router, view, 0, 100))
        other_view.dispatched(replica, SimTime());
    for (std::uint32_t replica = 0; replica < 23; ++replica)
        while (other_view.count(replica) > view.count(replica))
            other_view.completed(replica);
    const auto restored = make_router(GetParam(), target);
    restored->restore(router->state());
    EXPECT_EQ(drive(*router, view, 100, 100), drive(*restored, other_view, 100, 100));
}

TEST_P(EveryRouter, WorksOnPeriodicReportsWhetherOneHasComeOrNot) {
    const auto router = make_router(GetParam(), {.replicas = 5, .seed = 5});
    OutstandingView view(5, Reports::Periodic);
    EXPECT_LT(router->choose(RequestId(1), view), 5u);
    const std::vector<std::uint32_t> report = {3, 1, 4, 1, 5};
    view.reported(report, SimTime::from_ms(1));
    EXPECT_LT(router->choose(RequestId(2), view), 5u);
}

TEST_P(EveryRouter, RefusesAPoolWithoutReplicas) {
    EXPECT_THROW((void)make_router(GetParam(), {.replicas = 0}), BugError);
    EXPECT_THROW((void)make_router(GetParam(), {.replicas = 1, .gateway = 1, .gateways = 1}), BugError);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryRouter, testing::ValuesIn(built_in_routers().names()),
                         [](const auto& instance) { return instance.param; });

TEST(RouterRegistry, HasTheFourRoutersOfTheScenarioReference) {
    EXPECT_EQ(built_in_routers().names(),
              (std::vector<std::string>{"random", "round_robin", "least_outstanding", "power_of_two"}));
}

}  // namespace
}  // namespace regatta::routing
