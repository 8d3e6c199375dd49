#include "serving/vllm_v1_batches.hpp"

#include <algorithm>

namespace regatta::serving {

void VllmV1Batches::form() {
    budget_ = options_.chunk_tokens;
    is_short_of_blocks_ = false;
    add_running();
    if (!is_short_of_blocks_) admit();
}

/// In order of admission, each as far as budget and blocks allow. One whose blocks are with somebody admitted later,
/// but in flight, waits for that one to come back and give way: else two in different stages could drive each other out
/// forever.
void VllmV1Batches::add_running() {
    std::sort(ready_.begin(), ready_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return slot(a).admission < slot(b).admission; });
    std::size_t kept = 0;
    for (std::size_t next = 0; next < ready_.size();) {
        const std::uint32_t index = ready_[next++];
        const Slot& one = slot(index);
        const std::int64_t computed = one.is_prefilled() ? one.done - 1 : one.done;
        const std::int64_t wanted = one.is_prefilled() ? 1 + lookahead_ : one.prompt - one.done;
        const std::int64_t tokens = one.is_prefilled() && wanted > budget_ ? 0 : std::min(wanted, budget_);
        if (tokens == 0) {
            ready_[kept++] = index;
            continue;
        }
        const std::int64_t more = std::max<std::int64_t>(blocks_for(computed + tokens) - one.blocks, 0);
        while (free_blocks() < more && ready_.size() > next) {
            preempt(ready_.back());
            ready_.pop_back();
            is_short_of_blocks_ = true;
        }
        if (free_blocks() < more) {
            is_short_of_blocks_ = true;
            if (has_later_in_flight(index))
                ready_[kept++] = index;
            else
                preempt(index);
            continue;
        }
        take_blocks(slot(index), more);
        budget_ -= tokens;
        add(index, one.is_prefilled() ? 1 : tokens);
    }
    ready_.resize(kept);
}

void VllmV1Batches::admit() {
    while (!waiting_.empty() && budget_ > 0 && running() < options_.max_running) {
        const std::int64_t tokens = std::min(slot(waiting_.front()).prompt, budget_);
        const std::int64_t blocks = blocks_for(tokens);
        if (blocks > free_blocks()) return;
        budget_ -= tokens;
        add(admit_first(blocks), tokens);
    }
}

}  // namespace regatta::serving
