#include "engine/wake_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace regatta::engine::test {
namespace {

SimTime at_ns(std::int64_t ns) {
    return SimTime::from_ns(ns);
}

/// The table beside a map that must say the same.
class TableAndOracle {
public:
    explicit TableAndOracle(const std::vector<std::uint32_t>& slots) : slots_(slots) {
        for (const std::uint32_t count : slots)
            table_.add_member(count);
    }

    void plan(std::uint32_t member, std::uint32_t slot, SimTime at, std::uint32_t depth) {
        table_.plan(member, slot, at, depth);
        remember(member, slot, at, depth);
        check();
    }
    /// Changes slots of some members as visits do, and carries the changes up afterwards.
    void visit(const std::vector<std::uint32_t>& ascending_members) {
        for (const std::uint32_t member : ascending_members) {
            for (std::uint32_t slot = 0; slot < slots_[member]; ++slot) {
                if (*rc::gen::inRange(0, 3) == 0) continue;
                const SimTime at = arbitrary_time();
                table_.note(member, slot, at, 0);
                remember(member, slot, at, 0);
            }
            table_.touch(member);
        }
        table_.settle_touched();
        check();
    }

    static SimTime arbitrary_time() {
        return *rc::gen::inRange(0, 3) == 0 ? SimTime::never() : at_ns(*rc::gen::inRange<std::int64_t>(0, 50));
    }

private:
    using Order = std::tuple<SimTime, std::uint32_t, std::uint32_t, std::uint32_t>;  ///< time, depth, slot, member

    void remember(std::uint32_t member, std::uint32_t slot, SimTime at, std::uint32_t depth) {
        if (at.is_never())
            planned_.erase({member, slot});
        else
            planned_[{member, slot}] = {at, depth, slot, member};
    }

    void check() {
        check_first();
        const SimTime end = at_ns(*rc::gen::inRange<std::int64_t>(0, 60));
        std::vector<std::uint32_t> due;
        table_.for_each_due(end, [&](std::uint32_t member) { due.push_back(member); });
        std::vector<std::uint32_t> expected;
        for (const auto& [place, order] : planned_)
            if (std::get<0>(order) < end) expected.push_back(place.first);
        RC_ASSERT(due == expected);
    }

    void check_first() {
        if (planned_.empty()) {
            RC_ASSERT(table_.first().time.is_never());
            return;
        }
        const Order first = std::min_element(planned_.begin(), planned_.end(), [](const auto& a, const auto& b) {
                                return a.second < b.second;
                            })->second;
        const WakeTable::Key& key = table_.first();
        RC_ASSERT(first ==
                  Order(key.time, WakeTable::depth_of(key), WakeTable::slot_of(key), WakeTable::member_of(key)));
        RC_ASSERT(table_.first_of(WakeTable::member_of(key)) == key);
    }

    std::vector<std::uint32_t> slots_;
    WakeTable table_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Order> planned_;  ///< by member and slot
};

RC_GTEST_PROP(WakeTable, KnowsTheFirstWakeUpAndWhoeverIsDue, ()) {
    // Up to three levels of the tree, members without slots among the others.
    const auto members = *rc::gen::inRange<std::size_t>(1, 150);
    const auto slots = *rc::gen::container<std::vector<std::uint32_t>>(members, rc::gen::inRange<std::uint32_t>(0, 5));
    TableAndOracle both(slots);
    for (int step = *rc::gen::inRange(1, 40); step > 0; --step) {
        std::vector<std::uint32_t> some;
        for (std::uint32_t member = 0; member < members; ++member)
            if (*rc::gen::inRange(0, 10) == 0) some.push_back(member);
        const auto member = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(members));
        if (slots[member] > 0 && *rc::gen::inRange(0, 2) == 0)
            both.plan(member, *rc::gen::inRange<std::uint32_t>(0, slots[member]), TableAndOracle::arbitrary_time(),
                      *rc::gen::inRange<std::uint32_t>(0, 3));
        else
            both.visit(some);
    }
}

TEST(WakeTable, WithoutMembersHasNothing) {
    const WakeTable table;
    EXPECT_TRUE(table.first().time.is_never());
    table.for_each_due(SimTime::never(), [](std::uint32_t member) { ADD_FAILURE() << member; });
}

}  // namespace
}  // namespace regatta::engine::test
