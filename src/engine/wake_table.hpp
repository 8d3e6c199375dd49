#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::engine {

/// The planned wake-ups of a domain's members, at most one in each slot, with the first of them always at hand: a tree
/// of least keys, 16 to a node, over the slots in the order of their members. Planning anew or calling off costs a walk
/// up the tree that ends where nothing changes; what is due comes out in the order of the members.
///
/// The order among wake-ups is that of the engine: time, depth of zero-delay sends, slot, member.
class WakeTable {
public:
    /// When and in which order; all that a slot holds.
    struct Key {
        SimTime time = SimTime::never();
        std::uint64_t rank = 0;  ///< among keys of one instant: depth, slot, member

        friend bool operator==(const Key&, const Key&) = default;
        friend bool operator<(const Key& a, const Key& b) {
            return a.time != b.time ? a.time < b.time : a.rank < b.rank;
        }
    };

    /// Adds the slots of the next member, empty.
    void add_member(std::uint32_t slots);

    [[nodiscard]] bool is_planned(std::uint32_t member, std::uint32_t slot) const {
        return !keys_[first_slot_[member] + slot].time.is_never();
    }
    [[nodiscard]] const Key& planned(std::uint32_t member, std::uint32_t slot) const {
        return keys_[first_slot_[member] + slot];
    }
    /// Plans the slot for `at`, which may be never.
    void plan(std::uint32_t member, std::uint32_t slot, SimTime at, std::uint32_t depth) {
        note(member, slot, at, depth);
        settle(first_slot_[member] + slot);
    }

    /// The first wake-up; its time is never when there is none.
    [[nodiscard]] const Key& first() const { return root_; }
    [[nodiscard]] static std::uint32_t member_of(const Key& key) {
        return static_cast<std::uint32_t>(key.rank & kMostMembers);
    }
    [[nodiscard]] static std::uint32_t slot_of(const Key& key) {
        return static_cast<std::uint32_t>(key.rank >> kMemberBits & kMostSlots);
    }
    [[nodiscard]] static std::uint32_t depth_of(const Key& key) {
        return static_cast<std::uint32_t>(key.rank >> (kMemberBits + kSlotBits));
    }

    /// Calls `take(member)` for each member with a wake-up before `end`, by member, once for each such slot.
    template <class Take>
    void for_each_due(SimTime end, Take&& take) const {
        if (root_.time >= end || keys_.empty()) return;
        visit_due(levels_.size(), 0, end, take);
    }

    // Of one member at a time, while it is being visited, members ascending: changes that reach the tree, and so
    // first(), only with settle_touched.
    /// The member's first wake-up.
    [[nodiscard]] Key first_of(std::uint32_t member) const {
        const Key* slots = keys_.data() + first_slot_[member];
        Key first;
        for (std::uint32_t slot = 0; slot < slots_[member]; ++slot)
            if (slots[slot] < first) first = slots[slot];
        return first;
    }
    void note(std::uint32_t member, std::uint32_t slot, SimTime at, std::uint32_t depth) {
        keys_[first_slot_[member] + slot] = {.time = at,
                                             .rank = at.is_never() ? 0
                                                                   : std::uint64_t{depth} << (kMemberBits + kSlotBits) |
                                                                         std::uint64_t{slot} << kMemberBits | member};
    }
    /// The visit is over.
    void touch(std::uint32_t member);
    /// Carries the changes of all visits since the last call up the tree: once for each node, not for each change.
    void settle_touched();

private:
    static constexpr std::size_t kFanOut = 16;
    static constexpr unsigned kMemberBits = 28;
    static constexpr unsigned kSlotBits = 16;
    static constexpr std::uint64_t kMostMembers = (std::uint64_t{1} << kMemberBits) - 1;
    static constexpr std::uint64_t kMostSlots = (std::uint64_t{1} << kSlotBits) - 1;

    /// Carries a changed key up as far as it matters.
    void settle(std::size_t slot);
    [[nodiscard]] static Key least(const std::vector<Key>& keys, std::size_t node);

    template <class Take>
    void visit_due(std::size_t level, std::size_t node, SimTime end, Take& take) const {
        const std::vector<Key>& below = level == 0 ? keys_ : levels_[level - 1];
        const std::size_t last = std::min(below.size(), (node + 1) * kFanOut);
        for (std::size_t i = node * kFanOut; i < last; ++i) {
            if (below[i].time >= end) continue;
            if (level == 0)
                take(member_of(below[i]));
            else
                visit_due(level - 1, i, end, take);
        }
    }

    std::vector<std::uint32_t> first_slot_;  ///< by member
    std::vector<std::uint32_t> slots_;       ///< by member
    std::vector<Key> keys_;                  ///< by slot, members one after the other
    std::vector<std::vector<Key>> levels_;   ///< of each 16 keys of the level below the least; the last has one node
    Key root_;
    std::vector<std::size_t> touched_;  ///< nodes above the changed keys, ascending
    std::vector<std::size_t> above_;    ///< scratch
};

}  // namespace regatta::engine
