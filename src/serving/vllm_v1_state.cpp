// What VllmV1 holds: visited, called for from memory, saved and loaded.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/vllm_v1.hpp"

namespace regatta::serving {

void VllmV1::for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const {
    for (const Slot& slot : slots_) {
        if (slot.stage == Stage::Free) continue;
        ServedRequest served = slot.served;
        served.generated = static_cast<std::uint32_t>(generated_now(slot));
        visit(served);
    }
}

void VllmV1::prefetch() const {
    // The heap's first line holds the next to end; from its last entry one way leads up through its lines.
    __builtin_prefetch(endings_.data());
    __builtin_prefetch(endings_.data() + endings_.size());
    __builtin_prefetch(endings_.data() + endings_.size() / 2);
    __builtin_prefetch(needing_block_.data());
    __builtin_prefetch(chunks_.data());
    __builtin_prefetch(chunk_slots_.data());
    if (first_free_ != kNone) call_for(first_free_);
    if (waiting_ > 0 && queue_ == nullptr) call_for(first_waiting_);
}

void VllmV1::prefetch_requests() const {
    if (!endings_.empty()) call_for(endings_.front().slot);
    if (!chunk_slots_.empty()) call_for(chunk_slots_.front());
}

void VllmV1::prefetch_saved() const {
    for (std::uint32_t index = 0; index < slots_.size(); ++index)
        call_for(index);
}

/// Beside what waits in queue_ and patience_.
template <class Self, class Archive>
void VllmV1::serialize(Self& self, Archive& archive) {
    serialize_together(archive, self.running_, self.waiting_, self.first_waiting_, self.last_waiting_, self.first_free_,
                       self.free_blocks_, self.peak_blocks_, self.preemptions_, self.step_, self.decodes_,
                       self.decode_tokens_, self.stale_endings_, self.prefilling_, self.soonest_chunk_,
                       self.soonest_waiting_, self.admissions_, self.has_preempted_, self.steady_steps_);
    archive& self.slots_& self.needing_block_& self.endings_& self.chunks_& self.chunk_slots_;
}

void VllmV1::save(OutArchive& archive) const {
    serialize(*this, archive);
    if (queue_ != nullptr) queue_->save(archive);
    if (patience_ != nullptr) {
        patience_->save(archive);
        archive << previous_;
    }
}

void VllmV1::load(InArchive& archive) {
    const std::size_t block_tokens = needing_block_.size();
    serialize(*this, archive);
    if (queue_ != nullptr) queue_->load(archive);
    if (patience_ != nullptr) {
        patience_->load(archive);
        archive >> previous_;
    }
    const bool has_slots =
        std::all_of(chunk_slots_.begin(), chunk_slots_.end(), [&](std::uint32_t slot) { return slot < slots_.size(); });
    REGATTA_CHECK(has_slots && chunks_.size() == chunk_slots_.size() && needing_block_.size() == block_tokens,
                  fmt::format("{} chunks of {} requests", chunks_.size(), slots_.size()));
    describe_step();
}

}  // namespace regatta::serving
