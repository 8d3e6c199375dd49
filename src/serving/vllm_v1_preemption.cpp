// Who gets the last KV blocks, and who gives way.

#include <algorithm>

#include "serving/vllm_v1.hpp"

namespace regatta::serving {

bool VllmV1::gives_way_before(std::uint32_t a, std::uint32_t b) const {
    if (options_.queue.order == QueueOrder::Priority)
        return queue_->key_of(slots_[a].served.request) > queue_->key_of(slots_[b].served.request);
    return slots_[a].admission > slots_[b].admission;
}

std::vector<std::uint32_t> VllmV1::running_in_order() const {
    std::vector<std::uint32_t> order;
    order.reserve(running_);
    for (std::uint32_t index = 0; index < slots_.size(); ++index)
        if (slots_[index].stage == Stage::Prefilling || slots_[index].stage == Stage::Decoding) order.push_back(index);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return slots_[a].admission < slots_[b].admission; });
    return order;
}

/// Blocks do not suffice for all decodes: gives them in order of admission, taking from those who have to give way.
void VllmV1::give_blocks_in_order(SimTime now) {
    const std::vector<std::uint32_t> order = running_in_order();
    std::vector<std::uint32_t> victims = order;  // from the back
    std::sort(victims.begin(), victims.end(), [&](std::uint32_t a, std::uint32_t b) { return gives_way_before(b, a); });
    for (const std::uint32_t index : order) {
        const Slot& slot = slots_[index];
        if (slot.stage != Stage::Decoding || computed_now(slot) % limits_.block_tokens != 0) continue;
        while (free_blocks_ == 0 && slot.stage == Stage::Decoding) {
            const std::uint32_t victim = victims.back();
            victims.pop_back();
            preempt(victim, now, slots_[victim].admission < slot.admission);
        }
        if (slot.stage == Stage::Decoding) --free_blocks_;
    }
}

/// Takes from those who have to give way until so many blocks are free for the one in the middle of its prompt; false
/// when that is itself.
bool VllmV1::make_room_for_prefill(std::int64_t blocks, SimTime now) {
    const std::uint32_t index = prefilling_;
    while (blocks > free_blocks_) {
        std::uint32_t victim = index;  // the most recently admitted is itself
        if (options_.queue.order == QueueOrder::Priority)
            for (const std::uint32_t other : running_in_order())
                if (gives_way_before(other, victim)) victim = other;
        preempt(victim, now, true);
        if (victim == index) return false;
    }
    return true;
}

/// `has_block_of_step`: if it is a decode, it has already got what it needs in the step that is being formed.
void VllmV1::preempt(std::uint32_t index, SimTime now, bool has_block_of_step) {
    Slot& slot = slots_[index];
    std::int64_t covered_tokens = slot.computed;
    if (slot.stage == Stage::Decoding) {
        stop_decoding(slot);
        slot.since = now.ns();  // every decode produced a token at the end of the step before
        covered_tokens = slot.computed + (has_block_of_step ? 1 : 0);
        ++stale_endings_;
    } else {
        prefilling_ = kNone;
    }
    free_blocks_ += blocks_for(covered_tokens);
    slot.computed = 0;
    slot.served.preempt(now);
    ++preemptions_;
    --running_;
    if (queue_ != nullptr) queue_->stopped_running(slot.served.request);
    push_waiting(index, true);
    has_preempted_ = true;
}

}  // namespace regatta::serving
