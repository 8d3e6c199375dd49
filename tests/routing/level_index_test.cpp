#include "routing/level_index.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

/// The same answer by walking all items.
std::uint32_t walked_lowest_from(const std::vector<std::uint32_t>& levels, std::uint32_t start) {
    const std::uint32_t lowest = *std::min_element(levels.begin(), levels.end());
    const auto size = static_cast<std::uint32_t>(levels.size());
    for (std::uint32_t i = 0; i < size; ++i)
        if (levels[(start + i) % size] == lowest) return (start + i) % size;
    return size;
}

TEST(LevelIndex, WrapsRoundToTheFirstOfTheLowestLevel) {
    LevelIndex index(100);
    for (std::uint32_t item = 0; item < 100; ++item)
        index.insert(item, item == 3 || item == 70 ? 1 : 2);
    EXPECT_EQ(index.lowest_from(0), 3u);
    EXPECT_EQ(index.lowest_from(3), 3u);
    EXPECT_EQ(index.lowest_from(4), 70u);
    EXPECT_EQ(index.lowest_from(71), 3u);
}

TEST(LevelIndex, FindsTheNextLevelWhenTheLowestIsEmptied) {
    LevelIndex index(2);
    index.insert(0, 0);
    index.insert(1, 4'000'000'000);
    index.move(0, 0, 4'000'000'001);
    EXPECT_EQ(index.lowest_from(0), 1u);
    index.move(1, 4'000'000'000, 0);
    EXPECT_EQ(index.lowest_from(0), 1u);
}

TEST(LevelIndex, HasNoLowestItemWithoutItems) {
    const LevelIndex index(500);
    EXPECT_THROW((void)index.lowest_from(0), BugError);
}

TEST(LevelIndex, RefusesToMoveAnItemFromALevelItIsNotOn) {
    LevelIndex index(2);
    index.insert(0, 5);
    index.insert(1, 6);
    EXPECT_THROW(index.move(0, 6, 7), BugError);
    EXPECT_THROW(index.move(0, 4, 7), BugError);
}

RC_GTEST_PROP(LevelIndex, AgreesWithAWalkOverAllItems, ()) {
    // Sizes around one word, one tier and three tiers.
    const auto size = *rc::gen::element<std::uint32_t>(1, 2, 63, 64, 65, 200, 4096, 4097, 5000);
    const auto highest = *rc::gen::inRange<std::uint32_t>(1, 6);
    LevelIndex index(size);
    std::vector<std::uint32_t> levels(size, 0);
    for (std::uint32_t item = 0; item < size; ++item)
        index.insert(item, 0);
    const auto item = rc::gen::inRange<std::uint32_t>(0, size);
    const auto moves = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint32_t>>>(
        rc::gen::pair(item, rc::gen::inRange<std::uint32_t>(0, highest + 1)));
    for (const auto& [moved, level] : moves) {
        index.move(moved, levels[moved], level);
        levels[moved] = level;
        const std::uint32_t start = *item;
        RC_ASSERT(index.lowest_from(start) == walked_lowest_from(levels, start));
    }
    // Most items leave the lowest level: the search has to cross empty words of every tier.
    const std::uint32_t keep = *item;
    for (std::uint32_t i = 0; i < size; ++i) {
        if (i == keep) continue;
        index.move(i, levels[i], highest + 1);
        levels[i] = highest + 1;
    }
    const std::uint32_t start = *item;
    RC_ASSERT(index.lowest_from(start) == walked_lowest_from(levels, start));
}

}  // namespace
}  // namespace regatta::routing
