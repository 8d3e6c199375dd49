// Who leaves before the answer is complete: whoever waited too long, and those whose clients give up.

#include "serving/vllm_v1.hpp"

namespace regatta::serving {

SimTime VllmV1::client_leaves_at(const Request& request) const {
    return request.arrival + terms_of(request, limits_.streams).timeout;
}

/// Of the plain list of those who wait, to which `index` is about to be added.
void VllmV1::link_back(std::uint32_t index, bool at_head) {
    if (index >= previous_.size()) previous_.resize(index + std::size_t{1}, kNone);
    if (waiting_ == 0) return;
    if (at_head)
        previous_[first_waiting_] = index;
    else
        previous_[index] = last_waiting_;
}

/// Takes one who waits out of the queue. What comes before the first of the plain list is never looked at.
void VllmV1::leave_queue(std::uint32_t index) {
    --waiting_;
    if (queue_ != nullptr) {
        queue_->erase(index, slots_[index].served.request);
        return;
    }
    const std::uint32_t next = slots_[index].next;
    (index == first_waiting_ ? first_waiting_ : slots_[previous_[index]].next) = next;
    (index == last_waiting_ ? last_waiting_ : previous_[next]) = previous_[index];
}

bool VllmV1::expire(SimTime now, StepOutcome& outcome) {
    if (queue_ == nullptr) return false;
    bool has_expired = false;
    while (const auto index = queue_->take_expired(now)) {
        outcome.timed_out.push_back({slots_[*index].served, EndReason::WaitedTooLong});
        --waiting_;
        if (patience_ != nullptr) patience_->erase(*index);
        free_slot(*index);
        has_expired = true;
    }
    return has_expired;
}

bool VllmV1::abort(SimTime now, StepOutcome& outcome) {
    if (patience_ == nullptr || patience_->soonest() > now) return false;
    while (patience_->soonest() <= now)
        take_out(patience_->first(), outcome);
    return true;
}

/// A complete answer is an answer only while somebody waits for it.
void VllmV1::end_by_patience(std::uint32_t index, SimTime end, StepOutcome& outcome) {
    const ServedRequest& served = slots_[index].served;
    patience_->erase(index);
    if (end > client_leaves_at(served.request))
        outcome.timed_out.push_back({served, EndReason::ClientGone});
    else
        outcome.finished.push_back(served);
}

/// Ends a request wherever it is. At a step boundary nothing of it is under way.
void VllmV1::take_out(std::uint32_t index, StepOutcome& outcome) {
    Slot& slot = slots_[index];
    if (slot.stage == Stage::Waiting) {
        leave_queue(index);
    } else {
        if (slot.stage == Stage::Decoding) {
            stop_decoding(slot);
            ++stale_endings_;
        }
        if (index == prefilling_) prefilling_ = kNone;
        free_blocks_ += blocks_for(slot.computed);
        --running_;
        if (queue_ != nullptr) queue_->stopped_running(slot.served.request);
    }
    outcome.timed_out.push_back({slot.served, EndReason::ClientGone});
    patience_->erase(index);
    free_slot(index);
}

}  // namespace regatta::serving
