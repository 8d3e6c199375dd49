#include "serving/deadline_heap.hpp"

#include <fmt/format.h>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::serving {

void DeadlineHeap::put(std::size_t place, const Entry& entry) {
    entries_[place] = entry;
    places_[entry.slot] = static_cast<std::uint32_t>(place);
}

/// Puts `entry` at the vacant `place` or nearer to the top.
void DeadlineHeap::rise(std::size_t place, const Entry& entry) {
    while (place > 0) {
        const std::size_t parent = (place - 1) / 2;
        if (entries_[parent] <= entry) break;
        put(place, entries_[parent]);
        place = parent;
    }
    put(place, entry);
}

/// Puts `entry` at the vacant `place` or further from the top.
void DeadlineHeap::sink(std::size_t place, const Entry& entry) {
    while (true) {
        std::size_t child = 2 * place + 1;
        if (child >= entries_.size()) break;
        if (child + 1 < entries_.size() && entries_[child + 1] < entries_[child]) ++child;
        if (entry <= entries_[child]) break;
        put(place, entries_[child]);
        place = child;
    }
    put(place, entry);
}

void DeadlineHeap::insert(std::uint32_t slot, SimTime at) {
    if (slot >= places_.size()) places_.resize(slot + std::size_t{1}, kNowhere);
    REGATTA_CHECK(places_[slot] == kNowhere, fmt::format("slot {} has a deadline already", slot));
    entries_.emplace_back();
    rise(entries_.size() - 1, {.at = at, .slot = slot});
}

void DeadlineHeap::erase(std::uint32_t slot) {
    if (slot >= places_.size() || places_[slot] == kNowhere) return;
    const std::size_t place = places_[slot];
    places_[slot] = kNowhere;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (place == entries_.size()) return;
    // What takes the place comes from elsewhere in the heap: it may belong on either side.
    if (place > 0 && last < entries_[(place - 1) / 2])
        rise(place, last);
    else
        sink(place, last);
}

void DeadlineHeap::save(OutArchive& archive) const {
    archive << entries_ << places_;
}

void DeadlineHeap::load(InArchive& archive) {
    archive >> entries_ >> places_;
}

}  // namespace regatta::serving
