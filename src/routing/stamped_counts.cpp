#include "routing/stamped_counts.hpp"

#include <utility>

namespace regatta::routing {

void StampedCounts::clear() {
    used_ = 0;
    if (++stamp_ != 0) return;
    // All stamps have been given out once: none of them may be taken for a new one.
    slots_.assign(slots_.size(), Slot());
    stamp_ = 1;
}

void StampedCounts::grow() {
    std::vector<Slot> before(2 * slots_.size());
    before.swap(slots_);
    --shift_;
    for (const Slot& slot : before)
        if (slot.stamp == stamp_) slots_[place_of(slot.key)] = slot;
}

}  // namespace regatta::routing
