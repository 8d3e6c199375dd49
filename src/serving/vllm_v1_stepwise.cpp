#include "serving/vllm_v1_stepwise.hpp"

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/vector.hpp>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

/// Tokens of the prompt and of the answer so far: what has to be in the KV cache before the next one can be sampled.
std::int64_t VllmV1Stepwise::known_tokens(const Entry& entry) {
    return entry.served.request.prompt_tokens + entry.served.generated;
}

std::int64_t VllmV1Stepwise::free_blocks() const {
    std::int64_t used = 0;
    for (const Entry& entry : running_)
        used += entry.blocks;
    return limits_.kv_blocks - used;
}

bool VllmV1Stepwise::accepts(const Request& request) const {
    const std::int64_t tokens = std::int64_t{request.prompt_tokens} + request.output_tokens;
    return tokens <= limits_.max_context_tokens && tokens - 1 <= limits_.kv_blocks * limits_.block_tokens;
}

void VllmV1Stepwise::enqueue(const Request& request, SimTime received) {
    waiting_.push_back(Entry{.served = ServedRequest{.request = request, .received = received}});
}

bool VllmV1Stepwise::take_blocks(Entry& entry, std::int64_t tokens) {
    const std::int64_t wanted = entry.computed + tokens;
    std::int64_t blocks = entry.blocks;
    while (blocks * limits_.block_tokens < wanted)
        ++blocks;
    if (blocks - entry.blocks > free_blocks()) return false;
    entry.blocks = blocks;
    entry.in_step = tokens;
    return true;
}

void VllmV1Stepwise::preempt_last() {
    Entry entry = std::move(running_.back());
    running_.pop_back();
    entry.computed = 0;
    entry.blocks = 0;
    entry.in_step = 0;
    entry.is_decoding = false;
    ++entry.served.preemptions;
    ++preemptions_;
    waiting_.push_front(std::move(entry));
}

/// Running requests in order of admission, each as far as budget and blocks allow. True when one was preempted.
bool VllmV1Stepwise::schedule_running(std::int64_t& budget) {
    bool has_preempted = false;
    for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
        const std::int64_t tokens = std::min(known_tokens(running_[i]) - running_[i].computed, budget);
        while (i < running_.size() && !take_blocks(running_[i], tokens)) {
            preempt_last();
            has_preempted = true;
        }
        if (i < running_.size()) budget -= tokens;
    }
    return has_preempted;
}

void VllmV1Stepwise::admit(std::int64_t& budget, SimTime now) {
    while (!waiting_.empty() && budget > 0 && static_cast<std::int64_t>(running_.size()) < options_.max_running) {
        Entry& head = waiting_.front();
        const std::int64_t tokens = std::min(known_tokens(head), budget);
        if (!take_blocks(head, tokens)) return;
        if (head.served.scheduled.is_never()) head.served.scheduled = now;
        running_.push_back(std::move(head));
        waiting_.pop_front();
        budget -= tokens;
    }
}

bool VllmV1Stepwise::form_batch(SimTime now) {
    for (Entry& entry : running_)
        entry.in_step = 0;
    std::int64_t budget = options_.chunk_tokens;
    if (!schedule_running(budget)) admit(budget, now);
    peak_blocks_ = std::max(peak_blocks_, limits_.kv_blocks - free_blocks());
    describe_step();
    steps_left_ = 1;
    return shape_.decodes > 0 || !chunks_.empty();
}

void VllmV1Stepwise::describe_step() {
    chunks_.clear();
    shape_ = {};
    for (const Entry& entry : running_) {
        if (entry.in_step == 0) continue;
        const bool completes = entry.computed + entry.in_step == known_tokens(entry);
        if (entry.is_decoding) {
            ++shape_.decodes;
            shape_.decode_context_tokens += entry.computed + 1;
        } else {
            chunks_.push_back({.tokens = entry.in_step, .context_tokens = entry.computed});
        }
        if (completes) ++shape_.samples;
    }
    shape_.prefills = chunks_;
}

void VllmV1Stepwise::complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) {
    REGATTA_CHECK(steps == 1, "the stepwise scheduler goes step by step");
    steps_left_ = 0;
    for (Entry& entry : running_) {
        if (entry.in_step == 0) continue;
        entry.computed += entry.in_step;
        entry.in_step = 0;
        if (entry.computed < known_tokens(entry)) continue;
        if (entry.served.first_token.is_never())
            entry.served.first_token = end;
        else if (!entry.is_decoding)
            outcome.resumed_gaps.push_back(end - entry.last_token);
        entry.is_decoding = true;
        entry.last_token = end;
        ++entry.served.generated;
        if (entry.served.generated == entry.served.request.output_tokens) outcome.finished.push_back(entry.served);
    }
    std::erase_if(running_,
                  [](const Entry& entry) { return entry.served.generated == entry.served.request.output_tokens; });
}

void VllmV1Stepwise::keep_batch() {
    throw BugError("the stepwise scheduler forms a batch for every step");
}

QueueState VllmV1Stepwise::queue_state() const {
    return {static_cast<std::int64_t>(waiting_.size()), static_cast<std::int64_t>(running_.size())};
}

std::int64_t VllmV1Stepwise::kv_blocks_used(std::int64_t /*steps*/) const {
    return limits_.kv_blocks - free_blocks();
}

std::int64_t VllmV1Stepwise::kv_tokens(std::int64_t /*steps*/) const {
    std::int64_t tokens = 0;
    for (const Entry& entry : running_)
        tokens += entry.computed;
    return tokens;
}

void VllmV1Stepwise::for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const {
    for (const Entry& entry : running_)
        visit(entry.served);
    for (const Entry& entry : waiting_)
        visit(entry.served);
}

void VllmV1Stepwise::save(OutArchive& archive) const {
    archive << waiting_ << running_ << steps_left_ << peak_blocks_ << preemptions_;
}

void VllmV1Stepwise::load(InArchive& archive) {
    archive >> waiting_ >> running_ >> steps_left_ >> peak_blocks_ >> preemptions_;
    describe_step();
}

}  // namespace regatta::serving
