#include "engine/wake_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"

namespace regatta::engine {

void WakeTable::add_member(std::uint32_t slots) {
    REGATTA_CHECK(slots <= kMostSlots && first_slot_.size() < kMostMembers,
                  fmt::format("a domain has at most {} members of at most {} wake-up slots", kMostMembers, kMostSlots));
    REGATTA_CHECK(root_.time.is_never(), "members come before the first wake-up is planned");
    first_slot_.push_back(static_cast<std::uint32_t>(keys_.size()));
    slots_.push_back(slots);
    keys_.resize(keys_.size() + slots);
    std::size_t nodes = keys_.size();
    for (std::size_t level = 0; nodes > kFanOut; ++level) {
        nodes = (nodes + kFanOut - 1) / kFanOut;
        if (level == levels_.size()) levels_.emplace_back();
        levels_[level].resize(nodes);
    }
}

WakeTable::Key WakeTable::least(const std::vector<Key>& keys, std::size_t node) {
    const std::size_t first = node * kFanOut;
    const std::size_t last = std::min(keys.size(), first + kFanOut);
    Key least = keys[first];
    for (std::size_t i = first + 1; i < last; ++i)
        if (keys[i] < least) least = keys[i];
    return least;
}

void WakeTable::settle(std::size_t slot) {
    const Key key = keys_[slot];
    const std::vector<Key>* below = &keys_;
    std::size_t at = slot;
    for (std::vector<Key>& level : levels_) {
        at /= kFanOut;
        Key& node = level[at];
        const Key before = node;
        node = key < before ? key : least(*below, at);
        if (node == before) return;
        below = &level;
    }
    root_ = least(*below, 0);
}

void WakeTable::touch(std::uint32_t member) {
    if (slots_[member] == 0) return;
    const std::size_t last = (first_slot_[member] + slots_[member] - 1) / kFanOut;
    for (std::size_t node = first_slot_[member] / kFanOut; node <= last; ++node)
        if (touched_.empty() || touched_.back() != node) touched_.push_back(node);
}

void WakeTable::settle_touched() {
    if (touched_.empty()) return;
    const std::vector<Key>* below = &keys_;
    for (std::vector<Key>& level : levels_) {
        above_.clear();
        for (const std::size_t node : touched_) {
            const Key key = least(*below, node);
            if (key == level[node]) continue;
            level[node] = key;
            if (above_.empty() || above_.back() != node / kFanOut) above_.push_back(node / kFanOut);
        }
        touched_.swap(above_);
        below = &level;
    }
    touched_.clear();
    root_ = least(*below, 0);
}

}  // namespace regatta::engine
