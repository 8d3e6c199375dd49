#include "routing/availability.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <vector>

#include "regatta/base/errors.hpp"
#include "serving/phase.hpp"

namespace regatta::routing {
namespace {

using serving::board_value;
using serving::Phase;

TEST(Availability, KnowsWhoTakesRequestsFromTheStart) {
    const Availability available({false, true, true, false, true});
    EXPECT_EQ(available.replicas(), 5u);
    EXPECT_EQ(available.count(), 3u);
    EXPECT_FALSE(available.is_whole());
    EXPECT_TRUE(available.has(1));
    EXPECT_FALSE(available.has(3));
    EXPECT_EQ(available.nth(2), 4u);
    EXPECT_EQ(available.next(3), 4u);
    EXPECT_EQ(Availability({false, true}).next(0), 1u);
    EXPECT_EQ(Availability({true, false}).next(1), 0u);
    EXPECT_TRUE(Availability({true, true}).is_whole());
}

TEST(Availability, HasNoMoreThanThereAre) {
    const Availability available({false, true});
    EXPECT_THROW((void)available.nth(1), BugError);
}

TEST(Availability, ReadsABoardOfPhases) {
    // 0: never told, as at the start.
    Availability available({true, true, false, false, true});
    const std::vector<std::uint32_t> phases = {0, board_value(Phase::Draining), 0, board_value(Phase::Ready),
                                               board_value(Phase::Down)};
    available.told(phases, SimTime::from_s(1));
    std::vector<bool> has;
    for (std::uint32_t replica = 0; replica < 5; ++replica)
        has.push_back(available.has(replica));
    EXPECT_EQ(has, (std::vector<bool>{true, false, false, true, false}));
}

TEST(Availability, ReadsABoardOncePerInstant) {
    Availability available({true, true});
    const std::vector<std::uint32_t> phases = {board_value(Phase::Off), 0};
    available.told(phases, SimTime());
    const std::uint64_t version = available.version();
    available.told(std::vector<std::uint32_t>{0, 0}, SimTime());
    EXPECT_FALSE(available.has(0));
    EXPECT_EQ(available.version(), version);
    available.told(phases, SimTime::from_s(1));
    EXPECT_EQ(available.version(), version) << "nothing has changed";
    available.told(std::vector<std::uint32_t>{0, 0}, SimTime::from_s(2));
    EXPECT_TRUE(available.has(0));
    EXPECT_GT(available.version(), version);
}

RC_GTEST_PROP(AvailabilityProperty, IsAsAPlainSet, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 300);
    const auto at_start = *rc::gen::container<std::vector<bool>>(size, rc::gen::arbitrary<bool>());
    Availability available(at_start);
    std::set<std::uint32_t> members;
    for (std::uint32_t replica = 0; replica < size; ++replica)
        if (at_start[replica]) members.insert(replica);
    const auto changes = *rc::gen::container<std::vector<std::pair<std::uint32_t, bool>>>(rc::gen::pair(
        rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(size)), rc::gen::arbitrary<bool>()));
    for (const auto& [replica, takes_requests] : changes) {
        available.set(replica, takes_requests);
        takes_requests ? static_cast<void>(members.insert(replica)) : static_cast<void>(members.erase(replica));
    }
    RC_ASSERT(available.count() == members.size());
    RC_ASSERT(available.is_whole() == (members.size() == size));
    std::uint32_t n = 0;
    for (const std::uint32_t member : members)
        RC_ASSERT(available.nth(n++) == member);
    for (std::uint32_t replica = 0; replica < size; ++replica) {
        RC_ASSERT(available.has(replica) == (members.count(replica) > 0));
        if (members.empty()) continue;
        const auto from = members.lower_bound(replica);
        RC_ASSERT(available.next(replica) == (from == members.end() ? *members.begin() : *from));
    }
}

}  // namespace
}  // namespace regatta::routing
