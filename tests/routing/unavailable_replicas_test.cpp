// Candidates and routers while some of the replicas take no requests.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/random.hpp"

namespace regatta::routing {
namespace {

using serving::Load;

std::vector<std::uint32_t> available_of(const Candidates& candidates) {
    std::vector<std::uint32_t> available;
    for (std::uint32_t candidate = 0; candidate < candidates.replicas(); ++candidate)
        if (candidates.is_available(candidate)) available.push_back(candidate);
    return available;
}

TEST(UnavailableReplicas, AreLeftOutOfWhatIsCounted) {
    KnownFleet fleet({3, 1, 2}, Reports::OnCompletion, true);
    EXPECT_TRUE(fleet.candidates().is_whole());
    for (const std::uint32_t gone : {0u, 3u, 5u})
        fleet.set_available(gone, false);
    const Candidates& candidates = fleet.candidates();
    EXPECT_FALSE(candidates.is_whole());
    EXPECT_EQ(candidates.available(), 3u);
    EXPECT_EQ(candidates.available_in(1), 0u);
    EXPECT_EQ(available_of(candidates), (std::vector<std::uint32_t>{1, 2, 4}));
    EXPECT_EQ(candidates.nth_available(2), 4u);
    EXPECT_EQ(candidates.nth_available_in(0, 1), 2u);
    EXPECT_EQ(candidates.next_available(3), 4u);
    EXPECT_EQ(candidates.next_available(5), 1u);
    EXPECT_EQ(candidates.least(Load::Requests, 3, std::vector<std::uint64_t>{1, 1, 1}), 4u);
}

/// Changes of any kind; the candidates are compared to a plain walk after each.
RC_GTEST_PROP(UnavailableReplicasProperty, AreNeitherCountedNorFound, ()) {
    const auto replicas = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(1U, 9U)));
    const std::vector<std::uint64_t> sizes =
        *rc::gen::container<std::vector<std::uint64_t>>(replicas.size(), rc::gen::inRange(1U, 3U));
    const auto reports = *rc::gen::element(Reports::OnCompletion, Reports::Periodic);
    const Load load = *rc::gen::elementOf(std::vector<Load>(serving::kToldLoads.begin(), serving::kToldLoads.end()));
    KnownFleet fleet(replicas, reports, true);
    const Candidates& candidates = fleet.candidates();
    const std::uint32_t count = candidates.replicas();
    std::list<std::vector<std::uint32_t>> told;  // views borrow it
    std::int64_t tick = 0;
    for (std::uint64_t step = 0; step < 60; ++step) {
        const auto candidate = *rc::gen::inRange(0U, count);
        switch (*rc::gen::inRange(0, 4)) {
            case 0:
                fleet.set_available(candidate, *rc::gen::arbitrary<bool>());
                break;
            case 1:
                if (reports == Reports::OnCompletion) break;
                ++tick;
                for (std::size_t pool = 0; pool < replicas.size(); ++pool) {
                    told.push_back(*rc::gen::container<std::vector<std::uint32_t>>(
                        replicas[pool], rc::gen::inRange<std::uint32_t>(0, 5)));
                    fleet.pool(pool).reported(load, told.back(), SimTime::from_ns(tick));
                }
                break;
            default:
                fleet.dispatched(candidate, request_of(step, *rc::gen::inRange(1U, 50U)), SimTime::from_ns(tick + 1));
        }
        const std::vector<std::uint32_t> available = available_of(candidates);
        RC_ASSERT(candidates.available() == available.size());
        RC_ASSERT(candidates.is_whole() == (available.size() == count));
        if (available.empty()) continue;
        for (std::uint32_t n = 0; n < available.size(); ++n)
            RC_ASSERT(candidates.nth_available(n) == available[n]);
        const auto start = *rc::gen::inRange(0U, count);
        std::uint32_t first = count;
        std::uint32_t least = count;
        Share least_share;
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t at = (start + i) % count;
            if (!candidates.is_available(at)) continue;
            if (first == count) first = at;
            const Share share{.load = candidates.load(load, at), .size = sizes[candidates.place_of(at).pool]};
            if (least < count && !(share < least_share)) continue;
            least = at;
            least_share = share;
        }
        RC_ASSERT(candidates.next_available(start) == first);
        RC_ASSERT(candidates.least(load, start, sizes) == least);
    }
}

TEST(UnavailableReplicas, ComeBackWithTheLoadThatTheyHaveThen) {
    KnownFleet fleet({3}, Reports::OnCompletion, true);
    const std::vector<std::uint64_t> sizes = {1};
    for (const std::uint32_t busy : {1u, 2u, 2u})
        fleet.dispatched(busy);
    fleet.set_available(0, false);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, sizes), 1u);
    fleet.dispatched(0);
    fleet.dispatched(0);
    fleet.completed(2);
    fleet.completed(2);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, sizes), 2u);
    fleet.set_available(2, false);
    fleet.set_available(0, true);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, sizes), 1u);
    fleet.dispatched(1);
    fleet.dispatched(1);
    EXPECT_EQ(fleet.candidates().least(Load::Requests, 0, sizes), 0u);
}

/// Holds for every router but the one that goes where a recorded run went: it looks away, and the gateway takes the
/// next available one.
class EveryRouterBesides : public testing::TestWithParam<RouterCase> {};

TEST_P(EveryRouterBesides, ChoosesAmongTheAvailableOnly) {
    if (GetParam().router == "replay") GTEST_SKIP();
    for (const Reports reports : {Reports::OnCompletion, Reports::Periodic}) {
        KnownFleet fleet({5, 12}, reports, true);
        const auto router =
            make_router(GetParam(), {.pools = {{.replicas = 5, .weight = 3'000'000, .kv_blocks = 4'000},
                                               {.replicas = 12, .weight = 1'000'000, .kv_blocks = 1'000}},
                                     .gateway = 1,
                                     .gateways = 4,
                                     .seed = 5});
        std::set<std::uint32_t> chosen;
        for (std::uint64_t id = 0; id < 3000; ++id) {
            // Every so often one goes or comes; at least one stays.
            const auto flipped =
                static_cast<std::uint32_t>(uniform_below(17, random_bits(1, RandomPurpose::Route, id, 9)));
            const bool is_available = fleet.candidates().is_available(flipped);
            if (id % 5 == 0 && (!is_available || fleet.candidates().available() > 1))
                fleet.set_available(flipped, !is_available);
            const std::uint32_t candidate = fleet.choose(*router, id);
            ASSERT_TRUE(fleet.candidates().is_available(candidate)) << "request " << id << ", replica " << candidate;
            fleet.dispatched(candidate, request_of(id), SimTime::from_ns(1));
            chosen.insert(candidate);
        }
        EXPECT_EQ(chosen.size(), 17u);
    }
}

TEST_P(EveryRouterBesides, ChoosesTheOnlyOneThereIs) {
    if (GetParam().router == "replay") GTEST_SKIP();
    KnownFleet fleet({4, 9}, Reports::OnCompletion, true);
    const auto router = make_router(GetParam(), {.pools = {{.replicas = 4}, {.replicas = 9}}, .seed = 5});
    for (std::uint32_t candidate = 0; candidate < 13; ++candidate)
        fleet.set_available(candidate, candidate == 7);
    for (std::uint64_t id = 0; id < 50; ++id)
        ASSERT_EQ(fleet.choose(*router, id), 7u);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryRouterBesides, testing::ValuesIn(router_cases()),
                         [](const auto& instance) { return instance.param.name(); });

TEST(UnavailableReplicas, LeaveTheOthersEqualChances) {
    for (const char* name : {"random", "power_of_two", "power_of_d"}) {
        SCOPED_TRACE(name);
        KnownFleet fleet({6, 7}, Reports::OnCompletion, true);
        const auto router = make_router(name, {.pools = {{.replicas = 6}, {.replicas = 7}}, .seed = 5});
        for (const std::uint32_t gone : {0u, 3u, 6u, 7u, 12u})
            fleet.set_available(gone, false);
        std::map<std::uint32_t, int> times;
        // Nothing is dispatched: all loads stay equal. With ties the first drawn is taken.
        for (std::uint64_t id = 0; id < 16'000; ++id)
            ++times[fleet.choose(*router, id)];
        EXPECT_EQ(times.size(), 8u);
        // 2000 each: standard deviation 42.
        for (const auto& [candidate, count] : times)
            EXPECT_NEAR(count, 2000, 3.5 * 42) << candidate;
    }
}

TEST(UnavailableReplicas, AreLeftOutOfTheRound) {
    KnownFleet fleet({5}, Reports::OnCompletion, true);
    const auto router = make_router("round_robin", {.pools = {{.replicas = 5}}, .seed = 5});
    fleet.set_available(1, false);
    fleet.set_available(4, false);
    std::vector<std::uint32_t> chosen;
    for (std::uint64_t id = 0; id < 7; ++id)
        chosen.push_back(fleet.choose(*router, id));
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{0, 2, 3, 0, 2, 3, 0}));
}

}  // namespace
}  // namespace regatta::routing
