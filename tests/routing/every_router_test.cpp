#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

/// Holds for every router, known or still to come: the registry says which there are.
class EveryRouter : public testing::TestWithParam<RouterCase> {
protected:
    [[nodiscard]] static std::unique_ptr<Router> make(const RouterTarget& target) {
        return make_router(GetParam(), target);
    }
};

/// Two pools that differ in everything.
RouterTarget two_pools(std::uint32_t few, std::uint32_t many) {
    return {.pools = {{.replicas = few, .weight = 3'000'000, .kv_blocks = 4'000},
                      {.replicas = many, .weight = 1'000'000, .kv_blocks = 1'000}},
            .gateway = 1,
            .gateways = 4,
            .seed = 5};
}

/// Routes `requests` with a steady number outstanding and returns the choices. Every third request ends the oldest one
/// outstanding.
std::vector<std::uint32_t> drive(Router& router, KnownFleet& fleet, std::uint64_t first, std::uint64_t requests) {
    std::vector<std::uint32_t> chosen;
    std::size_t ended = 0;
    const auto request = [&](std::size_t index) {
        return request_of((first + index) * 7, static_cast<std::uint32_t>(1 + (first + index) * 37 % 900));
    };
    for (std::size_t index = 0; index < requests; ++index) {
        chosen.push_back(router.choose(request(index), fleet.candidates()));
        if (chosen.back() >= fleet.candidates().replicas()) return chosen;
        fleet.dispatched(chosen.back(), request(index), SimTime::from_us(static_cast<std::int64_t>(index)));
        if (index % 3 != 2) continue;
        fleet.completed(chosen[ended], request(ended), static_cast<std::uint32_t>(index % 50),
                        SimTime::from_us(static_cast<std::int64_t>(ended)));
        ++ended;
    }
    return chosen;
}

TEST_P(EveryRouter, ChoosesOnlyAmongTheCandidates) {
    for (const std::uint32_t replicas : {1u, 2u, 3u, 64u, 65u, 1000u}) {
        SCOPED_TRACE(replicas);
        const auto router = make({.pools = {{.replicas = replicas}}, .gateway = 2, .gateways = 3, .seed = 5});
        KnownFleet fleet({replicas});
        for (const std::uint32_t replica : drive(*router, fleet, 0, 2000))
            ASSERT_LT(replica, replicas);
        const auto of_two = make(two_pools(replicas, 7));
        KnownFleet two({replicas, 7});
        for (const std::uint32_t replica : drive(*of_two, two, 0, 2000))
            ASSERT_LT(replica, replicas + 7);
    }
}

TEST_P(EveryRouter, ChoosesTheSameForTheSameInputs) {
    const auto one = make(two_pools(5, 12));
    const auto other = make(two_pools(5, 12));
    KnownFleet one_fleet({5, 12});
    KnownFleet other_fleet({5, 12});
    EXPECT_EQ(drive(*one, one_fleet, 0, 500), drive(*other, other_fleet, 0, 500));
}

TEST_P(EveryRouter, UsesAllReplicasInTheEnd) {
    const auto router = make(two_pools(10, 30));
    KnownFleet fleet({10, 30});
    const std::vector<std::uint32_t> chosen = drive(*router, fleet, 0, 4000);
    EXPECT_EQ(std::set<std::uint32_t>(chosen.begin(), chosen.end()).size(), 40u);
}

template <class State>
ByteBlock saved(const State& state) {
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        out << state;
    }
    return bytes;
}

template <class State>
void load(const ByteBlock& bytes, State& state) {
    InArchive in(bytes);
    in >> state;
}

TEST_P(EveryRouter, GoesOnTheSameWayFromItsSavedState) {
    for (const Reports reports : {Reports::OnCompletion, Reports::Periodic}) {
        const auto router = make(two_pools(9, 14));
        const auto restored = make(two_pools(9, 14));
        KnownFleet fleet({9, 14}, reports);
        KnownFleet other({9, 14}, reports);
        for (std::uint64_t id = 0; id < 100; ++id)
            fleet.dispatched(fleet.choose(*router, id), request_of(id), SimTime::from_us(1));
        restored->restore(router->state());
        for (std::size_t pool = 0; pool < 2; ++pool)
            load(saved(fleet.pool(pool)), other.pool(pool));
        for (std::uint64_t id = 100; id < 200; ++id) {
            const std::uint32_t chosen = fleet.choose(*router, id);
            ASSERT_EQ(other.choose(*restored, id), chosen);
            fleet.dispatched(chosen, request_of(id), SimTime::from_us(2));
            other.dispatched(chosen, request_of(id), SimTime::from_us(2));
        }
    }
}

TEST_P(EveryRouter, WorksOnPeriodicReportsWhetherOneHasComeOrNot) {
    const auto router = make({.pools = {{.replicas = 5}}, .seed = 5});
    KnownFleet fleet({5}, Reports::Periodic);
    EXPECT_LT(fleet.choose(*router, 1), 5u);
    const std::vector<std::uint32_t> report = {3, 1, 4, 1, 5};
    for (const serving::Load load : serving::kToldLoads)
        fleet.pool(0).reported(load, report, SimTime::from_ms(1));
    EXPECT_LT(fleet.choose(*router, 2), 5u);
}

TEST_P(EveryRouter, AsksForNoLoadThatItDidNotNameBeforehand) {
    // A view that keeps only what was named: any other question is an error.
    const auto router = make({.pools = {{.replicas = 5}}, .seed = 5});
    for (const Reports reports : {Reports::OnCompletion, Reports::Periodic}) {
        PoolView view({.replicas = 5, .loads = router->looks_at(), .reports = reports});
        const Candidates candidates(std::vector<PoolView*>{&view});
        for (std::uint64_t id = 0; id < 20; ++id)
            view.dispatched(router->choose(request_of(id), candidates), request_of(id), SimTime());
    }
}

TEST_P(EveryRouter, DoesNotWalkOverAllReplicasForEachRequest) {
    // These do: no view keeps sums of nodes, or free blocks in their order. The guide says so.
    for (const char* walks : {"least_loaded", "best_fit", "gpu_count", "model_affinity"})
        if (GetParam().name().starts_with(walks)) GTEST_SKIP() << walks << " looks at every replica";
    // A hundred times the replicas must not take a hundred times as long: a router that walks takes more than ten times
    // as long even where memory is slow, one that does not about twice.
    const auto seconds = [](std::uint32_t replicas) {
        const auto router = make({.pools = {{.replicas = replicas}, {.replicas = replicas}}, .seed = 5});
        KnownFleet fleet({replicas, replicas}, Reports::Periodic);
        std::vector<std::uint32_t> report;
        for (std::uint32_t replica = 0; replica < replicas; ++replica)
            report.push_back(replica * 7919U % 1009U);
        for (std::size_t pool = 0; pool < 2; ++pool)
            for (const serving::Load load : serving::kToldLoads)
                fleet.pool(pool).reported(load, report, SimTime::from_ns(1));
        const auto route = [&](std::uint64_t from, std::uint64_t to) {
            for (std::uint64_t id = from; id < to; ++id)
                fleet.dispatched(fleet.choose(*router, id), request_of(id), SimTime::from_ns(2));
        };
        route(0, 500);  // what is made once, from all replicas
        double best = 1e9;
        for (std::uint64_t round = 1; round <= 5; ++round) {
            const auto start = std::chrono::steady_clock::now();
            route(round * 1000, round * 1000 + 1000);
            best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        return best;
    };
    const double few = seconds(500);
    const double many = seconds(50'000);
    EXPECT_LT(many, 10 * few) << few << " s for 1,000 choices among 1,000 replicas, " << many << " s among 100,000";
}

TEST_P(EveryRouter, RefusesAPoolWithoutReplicas) {
    EXPECT_THROW((void)make({.pools = {{.replicas = 0}}}), BugError);
    EXPECT_THROW((void)make({.pools = {}}), BugError);
    EXPECT_THROW((void)make({.pools = {{.replicas = 1}}, .gateway = 1, .gateways = 1}), BugError);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryRouter, testing::ValuesIn(router_cases()),
                         [](const auto& instance) { return instance.param.name(); });

TEST(BuiltInRouters, TakeOnePoolCutInTwoForOne) {
    // What pools of equal replicas are called must not matter.
    for (const char* name :
         {"random", "round_robin", "least_outstanding", "least_tokens", "least_kv", "power_of_two", "power_of_d"}) {
        SCOPED_TRACE(name);
        const auto whole = make_router(name, {.pools = {{.replicas = 40}}, .seed = 5});
        const auto parts = make_router(name, {.pools = {{.replicas = 13}, {.replicas = 27}}, .seed = 5});
        KnownFleet whole_fleet({40});
        KnownFleet parts_fleet({13, 27});
        EXPECT_EQ(drive(*whole, whole_fleet, 0, 1000), drive(*parts, parts_fleet, 0, 1000));
    }
}

TEST(RouterRegistry, HasTheRoutersOfTheScenarioReference) {
    EXPECT_EQ(built_in_routers().names(),
              (std::vector<std::string>{"random", "round_robin", "least_outstanding", "least_tokens", "least_kv",
                                        "least_loaded", "best_fit", "gpu_count", "model_affinity", "lor", "replay",
                                        "power_of_two", "power_of_d"}));
}

}  // namespace
}  // namespace regatta::routing
