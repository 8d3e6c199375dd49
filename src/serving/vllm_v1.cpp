#include "serving/vllm_v1.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "regatta/base/errors.hpp"

namespace regatta::serving {
namespace {

// What most replicas hold; more may come.
constexpr std::size_t kFewRequests = 32;
constexpr std::size_t kFewChunks = 4;

}  // namespace

VllmV1::VllmV1(const SchedulerLimits& limits, const VllmV1Options& options)
    : free_blocks_(limits.kv_blocks),
      needing_block_(static_cast<std::size_t>(limits.block_tokens), 0),
      limits_(limits),
      options_(options) {
    REGATTA_CHECK(limits.kv_blocks > 0 && limits.block_tokens > 0, "a replica needs KV blocks");
    if ((limits.block_tokens & (limits.block_tokens - 1)) == 0) residue_mask_ = limits.block_tokens - 1;
    REGATTA_CHECK(
        options.chunk_tokens >= options.max_running && options.max_running > 0,
        fmt::format("chunk_tokens {} must not be below max_running {}", options.chunk_tokens, options.max_running));
    if (std::any_of(limits.streams.begin(), limits.streams.end(),
                    [](const StreamTerms& terms) { return !terms.timeout.is_never(); }))
        patience_ = std::make_unique<DeadlineHeap>();
    // Beside each other and beside the scheduler in memory: each page that a visit touches has to be found.
    endings_.reserve(kFewRequests);
    chunks_.reserve(kFewChunks);
    chunk_slots_.reserve(kFewChunks);
    if (!options.queue.is_plain()) queue_ = std::make_unique<OrderedQueue>(options.queue, limits.streams);
}

std::int64_t VllmV1::blocks_for(std::int64_t tokens) const {
    return (tokens + limits_.block_tokens - 1) / limits_.block_tokens;
}

std::size_t VllmV1::residue(std::int64_t step) const {
    if (residue_mask_ >= 0) return static_cast<std::size_t>(step & residue_mask_);
    return static_cast<std::size_t>(((step % limits_.block_tokens) + limits_.block_tokens) % limits_.block_tokens);
}

/// Blocks that the decodes take at steps from_step, ..., from_step + steps - 1: each takes one in every block_tokens.
std::int64_t VllmV1::blocks_needed(std::int64_t from_step, std::int64_t steps) const {
    std::int64_t needed = steps / limits_.block_tokens * decodes_;
    std::size_t at = residue(from_step);
    for (std::int64_t left = steps % limits_.block_tokens; left > 0; --left) {
        needed += needing_block_[at];
        if (++at == needing_block_.size()) at = 0;
    }
    return needed;
}

std::int64_t VllmV1::computed_now(const Slot& slot) const {
    return slot.stage == Stage::Decoding ? slot.computed + step_ - slot.since : slot.computed;
}

std::int64_t VllmV1::generated_now(const Slot& slot) const {
    return slot.stage == Stage::Decoding ? slot.served.generated + step_ - slot.since : slot.served.generated;
}

bool VllmV1::accepts(const Request& request) const {
    const std::int64_t tokens = std::int64_t{request.prompt_tokens} + request.output_tokens;
    // The last token produced is never fed back, so it takes no KV.
    return tokens <= limits_.max_context_tokens && blocks_for(tokens - 1) <= limits_.kv_blocks;
}

void VllmV1::enqueue(const Request& request, SimTime received) {
    std::uint32_t index = first_free_;
    if (index == kNone) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        first_free_ = slots_[index].next;
    }
    Slot& slot = slots_[index];
    slot.served = ServedRequest{.request = request, .received = received};
    slot.computed = 0;
    push_waiting(index, false);
    if (patience_ == nullptr) return;
    if (const SimTime leaves_at = client_leaves_at(request); !leaves_at.is_never())
        patience_->insert(index, leaves_at + limits_.gateway_latency);
}

void VllmV1::push_waiting(std::uint32_t index, bool at_head) {
    Slot& slot = slots_[index];
    slot.stage = Stage::Waiting;
    if (queue_ != nullptr) {
        queue_->push(index, slot.served);
    } else {
        if (patience_ != nullptr) link_back(index, at_head);
        slot.next = at_head ? first_waiting_ : kNone;
        if (at_head)
            first_waiting_ = index;
        else
            (waiting_ == 0 ? first_waiting_ : slots_[last_waiting_].next) = index;
        if (!at_head || waiting_ == 0) last_waiting_ = index;
    }
    soonest_waiting_ = std::min(waiting_ == 0 ? INT64_MAX : soonest_waiting_, tokens_to_come(slot));
    ++waiting_;
}

/// The next to be admitted; kNone when nobody may be.
std::uint32_t VllmV1::first_waiting() const {
    if (waiting_ == 0) return kNone;
    return queue_ != nullptr ? queue_->first().value_or(kNone) : first_waiting_;
}

void VllmV1::admit_first() {
    if (queue_ != nullptr)
        queue_->admit_first();
    else
        first_waiting_ = slots_[first_waiting_].next;
    --waiting_;
    ++running_;
}

bool VllmV1::arrival_may_join(const Request& request) const {
    // Behind a waiting request it has to wait; the head itself stays blocked while the composition holds.
    const bool is_next = queue_ != nullptr ? queue_->would_be_first(request) : waiting_ == 0;
    return is_next && running_ < options_.max_running;
}

bool VllmV1::form_batch(SimTime now) {
    chunks_.clear();
    chunk_slots_.clear();
    soonest_chunk_ = INT64_MAX;
    has_preempted_ = false;
    const std::int64_t needed = decodes_ == 0 ? 0 : needing_at(step_);
    if (needed <= free_blocks_)
        free_blocks_ -= needed;
    else
        give_blocks_in_order(now);
    std::int64_t budget = options_.chunk_tokens - decodes_;
    if (prefilling_ != kNone) continue_prefill(budget, now);
    if (!has_preempted_) admit(budget, now);
    note_peak();
    describe_step();
    if (decodes_ == 0 && chunks_.empty()) return false;
    steady_steps_ = find_steady_steps();
    return true;
}

inline void VllmV1::add_chunk(std::uint32_t index, std::int64_t tokens) {
    chunks_.push_back({.tokens = tokens, .context_tokens = slots_[index].computed});
    chunk_slots_.push_back(index);
    soonest_chunk_ = std::min(soonest_chunk_, tokens_to_come(slots_[index]));
}

void VllmV1::continue_prefill(std::int64_t& budget, SimTime now) {
    const Slot& slot = slots_[prefilling_];
    const std::int64_t wanted = slot.served.request.prompt_tokens + slot.served.generated - slot.computed;
    const std::int64_t tokens = std::min(wanted, budget);
    const std::int64_t blocks = blocks_for(slot.computed + tokens) - blocks_for(slot.computed);
    if (blocks > free_blocks_ && !make_room_for_prefill(blocks, now)) return;
    free_blocks_ -= blocks;
    add_chunk(prefilling_, tokens);
    budget -= tokens;
}

void VllmV1::admit(std::int64_t& budget, SimTime now) {
    while (waiting_ > 0 && budget > 0 && running_ < options_.max_running) {
        const std::uint32_t index = first_waiting();
        if (index == kNone) return;
        Slot& slot = slots_[index];
        const std::int64_t wanted = slot.served.request.prompt_tokens + slot.served.generated;
        const std::int64_t tokens = std::min(wanted, budget);
        const std::int64_t blocks = blocks_for(tokens);
        if (blocks > free_blocks_) return;
        free_blocks_ -= blocks;
        admit_first();
        slot.stage = Stage::Prefilling;
        slot.admission = ++admissions_;
        slot.served.schedule(now);
        if (tokens < wanted) prefilling_ = index;
        add_chunk(index, tokens);
        budget -= tokens;
    }
}

void VllmV1::describe_step() {
    shape_.decodes = decodes_;
    shape_.decode_context_tokens = decode_tokens_ + decodes_;
    shape_.prefills = chunks_;
    shape_.samples = decodes_;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        const Slot& slot = slots_[chunk_slots_[i]];
        if (slot.computed + chunks_[i].tokens == slot.served.request.prompt_tokens + slot.served.generated)
            ++shape_.samples;
    }
}

std::int64_t VllmV1::find_steady_steps() {
    if (!chunks_.empty()) return 1;
    // After a preemption the head of the queue has not been looked at: it may fit in the next step.
    if (has_preempted_ && waiting_ > 0) return 1;
    drop_stale_endings();
    const std::int64_t until_ending = endings_.front().step - step_;
    // The first step has its blocks. Each decode takes at most one in block_tokens further steps.
    if (blocks_for(until_ending) * decodes_ <= free_blocks_) return until_ending;
    const std::int64_t cycles = free_blocks_ / decodes_;
    std::int64_t steps = 1 + cycles * limits_.block_tokens;
    std::int64_t left = free_blocks_ - cycles * decodes_;
    while (steps < until_ending) {
        left -= needing_at(step_ + steps);
        if (left < 0) break;
        ++steps;
    }
    return std::min(steps, until_ending);
}

void VllmV1::complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) {
    REGATTA_DEBUG_CHECK(steps >= 1 && steps <= steady_steps_, fmt::format("{} of {}", steps, steady_steps_));
    if (steps > 1) free_blocks_ -= blocks_needed(step_ + 1, steps - 1);
    REGATTA_DEBUG_CHECK(free_blocks_ >= 0, fmt::format("{} free blocks", free_blocks_));
    note_peak();
    step_ += steps;
    steady_steps_ -= steps;
    decode_tokens_ += decodes_ * steps;
    // Decodes that end now, before those that only now start to decode: these end later.
    for (drop_stale_endings(); !endings_.empty() && endings_.front().step == step_; drop_stale_endings()) {
        const std::uint32_t index = endings_.front().slot;
        std::pop_heap(endings_.begin(), endings_.end(), std::greater<>());
        endings_.pop_back();
        stop_decoding(slots_[index]);
        finish(index, end, outcome);
    }
    complete_chunks(end, outcome);
}

void VllmV1::complete_chunks(SimTime end, StepOutcome& outcome) {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        const std::uint32_t index = chunk_slots_[i];
        Slot& slot = slots_[index];
        slot.computed += chunks_[i].tokens;
        if (slot.computed < slot.served.request.prompt_tokens + slot.served.generated) continue;
        if (index == prefilling_) prefilling_ = kNone;
        if (slot.served.first_token.is_never())
            slot.served.make_first_token(end);
        else
            outcome.resumed_gaps.push_back(end - SimTime::from_ns(slot.since));
        ++slot.served.generated;
        if (slot.served.generated == slot.served.request.output_tokens)
            finish(index, end, outcome);
        else
            start_decoding(index);
    }
    chunks_.clear();
    chunk_slots_.clear();
    soonest_chunk_ = INT64_MAX;
}

ReplicaScheduler::Soonest VllmV1::soonest_completion() const {
    // A request gets at most a token in each step, and one that waits its first in the step after the present ones.
    Soonest soonest{.in_batch = soonest_chunk_,
                    .waiting = waiting_ > 0 ? soonest_waiting_ : INT64_MAX,
                    .arrivals_only_delay = options_.queue.order != QueueOrder::Priority};
    // The most recently admitted give way first when blocks run out, and a run of steps ends before they do. By
    // priority it may be any: then the others' steps become shorter.
    if (!endings_.empty()) soonest.in_batch = std::min(soonest.in_batch, endings_.front().step - step_);
    if (prefilling_ != kNone) soonest.in_batch = std::min(soonest.in_batch, tokens_to_come(slots_[prefilling_]));
    soonest.in_batch = std::max<std::int64_t>(soonest.in_batch, 1);
    return soonest;
}

void VllmV1::keep_batch() {
    free_blocks_ -= needing_at(step_);
    note_peak();
    describe_step();
}

void VllmV1::start_decoding(std::uint32_t index) {
    Slot& slot = slots_[index];
    slot.stage = Stage::Decoding;
    slot.since = step_;
    ++decodes_;
    decode_tokens_ += slot.computed;
    ++needing_at(step_ - slot.computed);
    endings_.push_back({.step = step_ + slot.served.request.output_tokens - slot.served.generated,
                        .slot = index,
                        .admission = static_cast<std::uint32_t>(slot.admission)});
    std::push_heap(endings_.begin(), endings_.end(), std::greater<>());
}

/// Takes a decode out of the sums and brings what its slot says up to date.
void VllmV1::stop_decoding(Slot& slot) {
    --needing_at(slot.since - slot.computed);
    slot.served.generated = static_cast<std::uint32_t>(generated_now(slot));
    slot.computed = computed_now(slot);
    --decodes_;
    decode_tokens_ -= slot.computed;
    slot.stage = Stage::Prefilling;
}

void VllmV1::finish(std::uint32_t index, SimTime end, StepOutcome& outcome) {
    Slot& slot = slots_[index];
    free_blocks_ += blocks_for(slot.computed);
    --running_;
    if (queue_ != nullptr) queue_->stopped_running(slot.served.request);
    if (patience_ != nullptr) [[unlikely]]
        end_by_patience(index, end, outcome);
    else
        outcome.finished.push_back(slot.served);
    free_slot(index);
}

void VllmV1::free_slot(std::uint32_t index) {
    slots_[index].stage = Stage::Free;
    slots_[index].next = first_free_;
    first_free_ = index;
}

void VllmV1::drop_stale_endings() {
    while (stale_endings_ > 0 && !endings_.empty()) {
        const Slot& slot = slots_[endings_.front().slot];
        if (slot.stage == Stage::Decoding && static_cast<std::uint32_t>(slot.admission) == endings_.front().admission)
            return;
        std::pop_heap(endings_.begin(), endings_.end(), std::greater<>());
        endings_.pop_back();
        --stale_endings_;
    }
}

void VllmV1::note_peak() {
    peak_blocks_ = std::max(peak_blocks_, limits_.kv_blocks - free_blocks_);
}

std::int64_t VllmV1::kv_blocks_used(std::int64_t steps) const {
    return limits_.kv_blocks - free_blocks_ + (steps > 0 ? blocks_needed(step_ + 1, steps) : 0);
}

std::int64_t VllmV1::kv_tokens(std::int64_t steps) const {
    std::int64_t tokens = decode_tokens_ + steps * decodes_;
    // Of prompts that are partly computed, one goes on after this step; others may be completed by it.
    bool is_in_batch = prefilling_ == kNone;
    for (const std::uint32_t index : chunk_slots_) {
        tokens += slots_[index].computed;
        is_in_batch = is_in_batch || index == prefilling_;
    }
    return is_in_batch ? tokens : tokens + slots_[prefilling_].computed;
}

}  // namespace regatta::serving
