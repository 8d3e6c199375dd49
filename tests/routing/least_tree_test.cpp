#include "routing/least_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

std::uint32_t walked_least(const std::vector<std::uint64_t>& loads, std::uint32_t start) {
    std::uint32_t best = start;
    for (std::uint32_t i = 0; i < loads.size(); ++i) {
        const auto item = static_cast<std::uint32_t>((start + i) % loads.size());
        if (loads[item] < loads[best]) best = item;
    }
    return best;
}

TEST(LeastTree, TakesTheFirstOfEqualsOnTheWayRound) {
    const LeastTree tree({7, 3, 9, 3, 5});
    EXPECT_EQ(tree.least_from(0), 1U);
    EXPECT_EQ(tree.least_from(1), 1U);
    EXPECT_EQ(tree.least_from(2), 3U);
    EXPECT_EQ(tree.least_from(4), 1U);
}

TEST(LeastTree, HoldsLoadsBeyond32Bits) {
    LeastTree tree({std::uint64_t{1} << 40, (std::uint64_t{1} << 40) + 1});
    EXPECT_EQ(tree.least_from(1), 0U);
    tree.set(0, std::uint64_t{1} << 41);
    EXPECT_EQ(tree.least_from(0), 1U);
}

TEST(LeastTree, RefusesToCompareNothing) {
    EXPECT_THROW(LeastTree({}), BugError);
}

RC_GTEST_PROP(LeastTree, AgreesWithAWalkOverAllItems, ()) {
    const auto items = *rc::gen::inRange<std::size_t>(1, 150);
    const auto loads_below = *rc::gen::element<std::uint64_t>(1, 3, 1000, UINT64_MAX);
    auto loads =
        *rc::gen::container<std::vector<std::uint64_t>>(items, rc::gen::inRange<std::uint64_t>(0, loads_below));
    LeastTree tree(loads);
    for (int step = 0; step < 60; ++step) {
        const auto start = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(items));
        RC_ASSERT(tree.least_from(start) == walked_least(loads, start));
        const auto item = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(items));
        loads[item] = *rc::gen::inRange<std::uint64_t>(0, loads_below);
        tree.set(item, loads[item]);
    }
}

}  // namespace
}  // namespace regatta::routing
