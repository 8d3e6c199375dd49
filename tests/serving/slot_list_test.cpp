#include "serving/slot_list.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace regatta::serving {
namespace {

std::vector<std::uint32_t> content(const SlotList& list) {
    std::vector<std::uint32_t> slots;
    for (std::uint32_t slot = list.front(); slot != SlotList::kNone; slot = list.after(slot))
        slots.push_back(slot);
    return slots;
}

TEST(SlotList, StartsEmpty) {
    const SlotList list;
    EXPECT_TRUE(list.is_empty());
    EXPECT_EQ(list.size(), 0);
    EXPECT_EQ(list.front(), SlotList::kNone);
    EXPECT_EQ(list.back(), SlotList::kNone);
}

TEST(SlotList, KeepsTheOrderOfBothEnds) {
    SlotList list;
    list.push_back(4);
    list.push_back(0);
    list.push_front(9);
    EXPECT_EQ(content(list), (std::vector<std::uint32_t>{9, 4, 0}));
    EXPECT_EQ(list.back(), 0u);
    EXPECT_EQ(list.size(), 3);
}

TEST(SlotList, GivesUpTheFirstTheLastAndOneBetween) {
    SlotList list;
    for (std::uint32_t slot = 0; slot < 5; ++slot)
        list.push_back(slot);
    list.remove(2);
    list.remove(0);
    list.remove(4);
    EXPECT_EQ(content(list), (std::vector<std::uint32_t>{1, 3}));
    list.remove(1);
    list.remove(3);
    EXPECT_TRUE(list.is_empty());
    EXPECT_EQ(list.back(), SlotList::kNone);
}

TEST(SlotList, DoesAsADequeDoes) {
    EXPECT_TRUE(rc::check("a slot list does as a deque does", [] {
        SlotList list;
        std::deque<std::uint32_t> expected;
        const auto moves = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60));
        for (const int move : moves) {
            const auto slot = static_cast<std::uint32_t>(move / 2);
            const auto place = std::find(expected.begin(), expected.end(), slot);
            if (place != expected.end()) {
                list.remove(slot);
                expected.erase(place);
            } else if (move % 2 == 0) {
                list.push_back(slot);
                expected.push_back(slot);
            } else {
                list.push_front(slot);
                expected.push_front(slot);
            }
            RC_ASSERT(content(list) == std::vector<std::uint32_t>(expected.begin(), expected.end()));
            RC_ASSERT(list.size() == static_cast<std::int64_t>(expected.size()));
            RC_ASSERT(list.back() == (expected.empty() ? SlotList::kNone : expected.back()));
        }
    }));
}

}  // namespace
}  // namespace regatta::serving
