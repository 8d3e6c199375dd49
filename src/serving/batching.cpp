#include "serving/batching.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/speculation.hpp"

namespace regatta::serving {

Batching::Batching(const SchedulerLimits& limits)
    : limits_(limits),
      lookahead_(limits.speculation == nullptr ? 0 : limits.speculation->tokens),
      flight_(static_cast<std::size_t>(limits.pipeline_stages)) {
    REGATTA_CHECK(limits.kv_blocks > 0 && limits.block_tokens > 0, "a replica needs KV blocks");
    if (std::any_of(limits.streams.begin(), limits.streams.end(),
                    [](const StreamTerms& terms) { return !terms.timeout.is_never(); }))
        patience_ = std::make_unique<DeadlineHeap>();
}

/// Vidur takes in what it can never serve, and waits for it forever.
bool Batching::accepts(const Request& request) const {
    if (limits_.is_like_vidur) return true;
    const std::int64_t tokens = std::int64_t{request.prompt_tokens} + request.output_tokens;
    return tokens <= limits_.max_context_tokens && blocks_to_serve(request) <= limits_.kv_blocks;
}

std::int64_t Batching::blocks_to_serve(const Request& request) const {
    return blocks_for(std::int64_t{request.prompt_tokens} + request.output_tokens - 1 + lookahead_);
}

void Batching::enqueue(const Request& request, SimTime received) {
    std::uint32_t index = 0;
    if (free_slots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
        served_.emplace_back();
    } else {
        index = free_slots_.back();
        free_slots_.pop_back();
    }
    const std::int64_t prompt = request.prompt_tokens;
    slots_[index] = Slot{.prompt = prompt,
                         .target = prompt + request.output_tokens,
                         .arrival = request.arrival,
                         .stage = Stage::Waiting};
    served_[index] = ServedRequest{.request = request, .received = received};
    if (waiting_.empty()) least_waiting_ = INT64_MAX;
    least_waiting_ = std::min(least_waiting_, batches_to_come(slots_[index]));
    waiting_.push_back(index);
    if (patience_ != nullptr) patience_->insert(index, client_leaves_at(request) + limits_.gateway_latency);
}

Batching::Batch& Batching::newest() {
    return flight_[(oldest_ + in_flight_ - 1) % flight_.size()];
}

bool Batching::form_batch(SimTime now) {
    REGATTA_CHECK(in_flight_ < flight_.size(), fmt::format("{} batches in flight already", in_flight_));
    Batch& batch = flight_[(oldest_ + in_flight_) % flight_.size()];
    batch.pieces.clear();
    batch.kept_blocks = 0;
    batch.formed = now;
    forming_ = &batch;
    const std::int64_t preempted_before = preemptions_;
    form();
    // The last to run may have had to give way to itself. Vidur goes to sleep then, until something arrives.
    if (batch.pieces.empty() && preemptions_ > preempted_before && !limits_.is_like_vidur) form();
    if (batch.pieces.empty()) {
        least_outside_ = is_whole() ? INT64_MAX : least_to_come_outside();
        return false;
    }
    ++in_flight_;
    note_peak();
    describe(batch);
    find_steady_steps(batch);
    // Who had to give way may fit in again at once, for prompts are looked at before decodes.
    if (preemptions_ > preempted_before) steady_steps_ = 1;
    return true;
}

void Batching::add(std::uint32_t index, std::int64_t tokens) {
    forming_->pieces.push_back({.slot = index, .tokens = static_cast<std::uint32_t>(tokens)});
    slots_[index].is_in_flight = true;
}

std::uint32_t Batching::admit_first(std::int64_t blocks) {
    const std::uint32_t index = waiting_.front();
    waiting_.pop_front();
    slots_[index].stage = Stage::Running;
    served_[index].schedule(forming_->formed);
    slots_[index].admission = admissions_++;
    take_blocks(slots_[index], blocks);
    ++running_;
    return index;
}

void Batching::describe(Batch& batch) {
    chunks_.clear();
    shape_ = {};
    stalled_decodes_ = 0;
    batch.least_to_come = INT64_MAX;
    for (const Piece& piece : batch.pieces) {
        const Slot& slot = slots_[piece.slot];
        batch.least_to_come = std::min(batch.least_to_come, batches_to_come(slot));
        if (slot.is_prefilled()) {
            ++shape_.decodes;
            shape_.decode_context_tokens += slot.done;
            if (slot.last_token != batch.formed) ++stalled_decodes_;
        } else {
            chunks_.push_back({.tokens = piece.tokens, .context_tokens = slot.done});
            if (slot.done + piece.tokens == slot.prompt) ++shape_.samples;
        }
    }
    shape_.tokens_per_decode = 1 + lookahead_;
    shape_.samples += shape_.decode_tokens();
    shape_.prefills = chunks_;
}

/// Of a batch that only decodes, holds everybody and shares the replica with no other: until one of it completes, or
/// blocks might run short: each takes at most one in every block_tokens steps, and wants one to be free.
void Batching::find_steady_steps(const Batch& batch) {
    steady_steps_ = 1;
    least_outside_ = INT64_MAX;
    const bool is_alone = flight_.size() == 1 && is_whole();
    if (!is_whole()) least_outside_ = least_to_come_outside();
    if (!is_alone || !chunks_.empty() || lookahead_ > 0) return;
    steady_steps_ = std::min(batch.least_to_come, steps_before_next_look());
    if (!grows_) return;
    const std::int64_t cycles = std::max<std::int64_t>(free_blocks() - 1, 0) / std::ssize(batch.pieces);
    steady_steps_ = std::min(steady_steps_, cycles * limits_.block_tokens + 1);
}

/// Takes the blocks of so many further steps of decodes.
void Batching::grow(const Batch& batch, std::int64_t steps) {
    if (!grows_) return;
    for (const Piece& piece : batch.pieces) {
        Slot& slot = slots_[piece.slot];
        const std::int64_t more = blocks_for(slot.done + steps) - slot.blocks;
        if (more > 0) take_blocks(slot, more);
    }
}

void Batching::complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) {
    REGATTA_DEBUG_CHECK(in_flight_ > 0 && (steps == 1 || (steps <= steady_steps_ && stalled_decodes_ == 0)),
                        fmt::format("{} steps of {}", steps, steady_steps_));
    Batch& batch = flight_[oldest_];
    if (steps > 1) {
        grow(batch, steps - 1);
        note_peak();
        skipped(steps - 1);
    }
    steady_steps_ -= steps;
    std::size_t left = 0;
    std::int64_t least = INT64_MAX;
    for (const Piece piece : batch.pieces) {
        Slot& slot = slots_[piece.slot];
        slot.is_in_flight = false;
        bool has_token = slot.is_prefilled();
        slot.done += piece.tokens * steps;
        kv_tokens_ += piece.tokens * steps;
        if (has_token) {
            if (lookahead_ > 0) accept_proposals(piece.slot, outcome);
            if (slot.last_token != batch.formed) outcome.resumed_gaps.push_back(end - slot.last_token);
        } else if (slot.done == slot.prompt) {
            has_token = true;
            ++slot.done;
            if (slot.last_token.is_never())
                served_[piece.slot].make_first_token(end);
            else
                outcome.resumed_gaps.push_back(end - slot.last_token);
        }
        if (has_token) slot.last_token = end;
        if (slot.done == slot.target || slot.is_leaving) {
            end_request(batch, piece.slot, end, outcome);
        } else {
            least = std::min(least, batches_to_come(slot));
            batch.pieces[left++] = piece;
        }
    }
    batch.pieces.resize(left);
    batch.least_to_come = least;
    oldest_ = (oldest_ + 1) % flight_.size();
    --in_flight_;
    put_back(batch);
}

/// An answer ends where it ends, whatever was proposed beyond.
void Batching::accept_proposals(std::uint32_t index, StepOutcome& outcome) {
    Slot& slot = slots_[index];
    const ServedRequest& served = served_[index];
    const std::int64_t before = slot.done - 1 - std::int64_t{served.request.prompt_tokens};
    const std::int64_t right =
        limits_.speculation->accepted(served.request.id, std::max(std::int64_t{served.generated}, before));
    const std::int64_t extra = std::min(right, slot.target - slot.done);
    slot.done += extra;
    kv_tokens_ += extra;
    outcome.extra_tokens += extra;
}

/// A prompt that was cut short by a preemption (Vidur's way) is made up for before the answer is counted.
std::int64_t Batching::generated(std::uint32_t index) const {
    const ServedRequest& served = served_[index];
    return std::max(std::int64_t{served.generated}, slots_[index].done - std::int64_t{served.request.prompt_tokens});
}

const ServedRequest& Batching::up_to_date(std::uint32_t index) {
    served_[index].generated = static_cast<std::uint32_t>(generated(index));
    return served_[index];
}

void Batching::put_back(Batch& batch) {
    least_ready_ = ready_.empty() ? batch.least_to_come : std::min(least_ready_, batch.least_to_come);
    for (const Piece& piece : batch.pieces)
        ready_.push_back(piece.slot);
}

void Batching::take_again() {
    for (const std::uint32_t index : ready_)
        add(index, 1);
    ready_.clear();
}

void Batching::keep_batch() {
    Batch& batch = flight_[oldest_];
    batch.pieces.clear();
    forming_ = &batch;
    take_again();
    ++in_flight_;
    grow(batch, 0);
    note_peak();
    skipped(1);
    // All of it had a token at the end of the step before.
    batch.formed = slots_[batch.pieces.front().slot].last_token;
    const std::int64_t left = steady_steps_;
    describe(batch);
    steady_steps_ = left;
}

void Batching::end_request(Batch& batch, std::uint32_t index, SimTime end, StepOutcome& outcome) {
    release(batch, slots_[index].blocks);
    --running_;
    kv_tokens_ -= slots_[index].computed();
    const ServedRequest& served = up_to_date(index);
    if (patience_ == nullptr || end <= client_leaves_at(served.request))
        outcome.finished.push_back(served);
    else
        outcome.timed_out.push_back({served, EndReason::ClientGone});
    free_slot(index);
}

void Batching::release(Batch& /*batch*/, std::int64_t blocks) {
    used_blocks_ -= blocks;
}

void Batching::free_slot(std::uint32_t index) {
    slots_[index].stage = Stage::Free;
    if (patience_ != nullptr) patience_->erase(index);
    free_slots_.push_back(index);
}

/// The request loses its blocks and goes to the head of the queue, to be computed again, answer included. Vidur takes
/// what was computed of an unfinished prompt for the whole prompt, and the rest of it for a part of the answer.
void Batching::preempt(std::uint32_t index) {
    Slot& slot = slots_[index];
    served_[index].generated = static_cast<std::uint32_t>(generated(index));
    served_[index].preempt(forming_->formed);
    kv_tokens_ -= slot.computed();
    slot.prompt = limits_.is_like_vidur ? slot.done : std::max(slot.prompt, slot.done);
    slot.done = 0;
    used_blocks_ -= slot.blocks;
    slot.blocks = 0;
    slot.stage = Stage::Waiting;
    ++preemptions_;
    --running_;
    if (waiting_.empty()) least_waiting_ = INT64_MAX;
    least_waiting_ = std::min(least_waiting_, batches_to_come(slot));
    waiting_.push_front(index);
}

bool Batching::has_later_in_flight(std::uint32_t index) const {
    for (std::size_t i = 0; i < in_flight_; ++i)
        for (const Piece& piece : flight_[(oldest_ + i) % flight_.size()].pieces)
            if (slots_[piece.slot].admission > slots_[index].admission) return true;
    return false;
}

void Batching::sort_by_arrival(std::vector<std::uint32_t>& indices) const {
    const auto is_earlier = [&](std::uint32_t a, std::uint32_t b) { return slots_[a].arrival < slots_[b].arrival; };
    if (!std::is_sorted(indices.begin(), indices.end(), is_earlier))
        std::stable_sort(indices.begin(), indices.end(), is_earlier);
}

/// Vidur's may, with requests waiting: when nobody who waits is let in, and who runs has to give way to itself.
bool Batching::may_fall_asleep() const {
    if (!waiting_.empty()) return true;
    if (!grows_) return false;
    std::int64_t batches = least_outside_;
    for (std::size_t i = 0; i < in_flight_; ++i)
        batches = std::min(batches, soonest_in_flight(i));
    // Before one completes nobody takes more than a block in so many batches, or arrives unnoticed.
    return batches == INT64_MAX || running_ * (batches / limits_.block_tokens + 2) >= free_blocks();
}

ReplicaScheduler::Soonest Batching::soonest_completion() const {
    const std::int64_t in_batch = in_flight_ > 0 ? flight_[oldest_].least_to_come : 1;
    // It is to be seen when that happens, so that the run ends then and not later.
    if (limits_.is_like_vidur && may_fall_asleep()) return {.in_batch = in_batch, .waiting = 0};
    // Who arrives may push out one that decodes, and so make the steps of the others shorter.
    const std::int64_t waiting = waiting_.empty() ? INT64_MAX : least_waiting_;
    return {.in_batch = in_batch, .waiting = std::min(waiting, least_outside_), .arrivals_only_delay = false};
}

SimTime Batching::client_leaves_at(const Request& request) const {
    const SimTime patience = terms_of(request, limits_.streams).timeout;
    return patience.is_never() ? patience : request.arrival + patience;
}

SimTime Batching::soonest_abort() const {
    return patience_ == nullptr ? SimTime::never() : patience_->soonest();
}

/// Those in flight leave with their batch: nothing of them can be stopped.
bool Batching::abort(SimTime now, StepOutcome& outcome) {
    if (patience_ == nullptr || patience_->soonest() > now) return false;
    while (patience_->soonest() <= now) {
        const std::uint32_t index = patience_->first();
        patience_->erase(index);
        Slot& slot = slots_[index];
        if (slot.is_in_flight) {
            slot.is_leaving = true;
            for (Batch& batch : flight_)
                for (const Piece& piece : batch.pieces)
                    if (piece.slot == index) batch.least_to_come = 1;
            continue;
        }
        if (slot.stage == Stage::Waiting) {
            waiting_.erase(std::find(waiting_.begin(), waiting_.end(), index));
        } else {
            forget(index);
            --running_;
            kv_tokens_ -= slot.computed();
        }
        outcome.timed_out.push_back({up_to_date(index), EndReason::ClientGone});
        free_slot(index);
    }
    return true;
}

void Batching::forget(std::uint32_t index) {
    ready_.erase(std::find(ready_.begin(), ready_.end(), index));
    used_blocks_ -= slots_[index].blocks;
}

std::int64_t Batching::kv_blocks_used(std::int64_t steps) const {
    std::int64_t used = used_blocks_;
    if (steps == 0 || !grows_) return used;
    for (const Piece& piece : flight_[oldest_].pieces) {
        const Slot& slot = slots_[piece.slot];
        used += std::max<std::int64_t>(blocks_for(slot.done + steps) - slot.blocks, 0);
    }
    return used;
}

std::int64_t Batching::kv_tokens(std::int64_t steps) const {
    return steps == 0 ? kv_tokens_ : kv_tokens_ + steps * shape_.decodes;
}

void Batching::for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const {
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        if (slots_[index].stage == Stage::Free) continue;
        ServedRequest served = served_[index];
        served.generated = static_cast<std::uint32_t>(generated(index));
        visit(served);
    }
}

void Batching::save(OutArchive& archive) const {
    archive << slots_ << served_ << free_slots_ << waiting_ << ready_ << flight_ << oldest_ << in_flight_
            << used_blocks_ << steady_steps_ << running_ << admissions_ << preemptions_ << peak_blocks_
            << least_outside_ << least_waiting_ << least_ready_ << kv_tokens_;
    if (patience_ != nullptr) patience_->save(archive);
}

void Batching::load(InArchive& archive) {
    const std::size_t stages = flight_.size();
    archive >> slots_ >> served_ >> free_slots_ >> waiting_ >> ready_ >> flight_ >> oldest_ >> in_flight_ >>
        used_blocks_ >> steady_steps_ >> running_ >> admissions_ >> preemptions_ >> peak_blocks_ >> least_outside_ >>
        least_waiting_ >> least_ready_ >> kv_tokens_;
    if (patience_ != nullptr) patience_->load(archive);
    REGATTA_CHECK(flight_.size() == stages && oldest_ < stages && in_flight_ <= stages, "batches in flight");
    for (const Batch& batch : flight_)
        for (const Piece& piece : batch.pieces)
            REGATTA_CHECK(piece.slot < slots_.size(), fmt::format("request {} of {}", piece.slot, slots_.size()));
    if (in_flight_ > 0) describe(newest());
}

}  // namespace regatta::serving
