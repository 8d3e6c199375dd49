#include "serving/vllm_v1_stepwise.hpp"

#include <algorithm>
#include <tuple>

#include "regatta/base/archive.hpp"
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

StreamTerms VllmV1Stepwise::stream_of(const Entry& entry) const {
    const std::size_t stream = entry.served.request.stream.index();
    return stream < limits_.streams.size() ? limits_.streams[stream] : StreamTerms{};
}

bool VllmV1Stepwise::has_better_priority(const Entry& a, const Entry& b) const {
    const Request& one = a.served.request;
    const Request& other = b.served.request;
    return std::tuple(stream_of(a).priority, one.arrival, one.id) <
           std::tuple(stream_of(b).priority, other.arrival, other.id);
}

/// Of two that wait, given that the queue holds them as they came, the preempted at its head.
bool VllmV1Stepwise::goes_before(const Entry& a, const Entry& b) const {
    const Request& one = a.served.request;
    const Request& other = b.served.request;
    switch (options_.queue.order) {
        case QueueOrder::Fcfs:
            return false;
        case QueueOrder::Priority:
            return has_better_priority(a, b);
        case QueueOrder::ShortestFirst:
            return std::tuple(one.prompt_tokens, one.arrival, one.id) <
                   std::tuple(other.prompt_tokens, other.arrival, other.id);
    }
    return false;
}

std::size_t VllmV1Stepwise::next_to_give_way() const {
    std::size_t victim = running_.size() - 1;
    if (options_.queue.order != QueueOrder::Priority) return victim;
    for (std::size_t i = 0; i < running_.size(); ++i)
        if (has_better_priority(running_[victim], running_[i])) victim = i;
    return victim;
}

void VllmV1Stepwise::preempt(std::size_t place, SimTime now) {
    Entry entry = running_[place];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(place));
    entry.computed = 0;
    entry.blocks = 0;
    entry.in_step = 0;
    entry.is_decoding = false;
    entry.served.preempt(now);
    ++preemptions_;
    waiting_.push_front(entry);
}

/// Running requests in order of admission, each as far as budget and blocks allow. True when one was preempted.
bool VllmV1Stepwise::schedule_running(std::int64_t& budget, SimTime now) {
    bool has_preempted = false;
    std::size_t place = 0;
    while (place < running_.size() && budget > 0) {
        const std::int64_t tokens = std::min(known_tokens(running_[place]) - running_[place].computed, budget);
        if (take_blocks(running_[place], tokens)) {
            budget -= tokens;
            ++place;
            continue;
        }
        // A victim that had its tokens of this step gives them back; the chunk of the one that wants blocks stays.
        std::int64_t given_back = 0;
        bool is_served = false;
        while (!is_served) {
            const std::size_t victim = next_to_give_way();
            given_back += running_[victim].in_step;
            preempt(victim, now);
            has_preempted = true;
            if (victim == place) break;
            if (victim < place) --place;
            is_served = take_blocks(running_[place], tokens);
        }
        budget += given_back;
        if (!is_served) continue;
        budget -= tokens;
        ++place;
    }
    return has_preempted;
}

bool VllmV1Stepwise::has_room_for_class_of(const Entry& entry) const {
    if (options_.queue.class_limits.empty()) return true;
    const std::uint16_t wanted = stream_of(entry).service_class;
    const auto running = std::count_if(running_.begin(), running_.end(),
                                       [&](const Entry& other) { return stream_of(other).service_class == wanted; });
    return running < options_.queue.class_limits.at(wanted);
}

/// A place in the queue; its length when nobody may be admitted.
std::size_t VllmV1Stepwise::next_to_admit() const {
    std::size_t next = waiting_.size();
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (!has_room_for_class_of(waiting_[i])) continue;
        if (next == waiting_.size() || goes_before(waiting_[i], waiting_[next])) next = i;
    }
    return next;
}

void VllmV1Stepwise::admit(std::int64_t& budget, SimTime now) {
    while (budget > 0 && static_cast<std::int64_t>(running_.size()) < options_.max_running) {
        const std::size_t next = next_to_admit();
        if (next == waiting_.size()) return;
        Entry& head = waiting_[next];
        const std::int64_t tokens = std::min(known_tokens(head), budget);
        if (!take_blocks(head, tokens)) return;
        head.served.schedule(now);
        running_.push_back(head);
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(next));
        budget -= tokens;
    }
}

SimTime VllmV1Stepwise::deadline_of(const Entry& entry) const {
    const bool may_expire = options_.queue.max_waiting && entry.served.scheduled.is_never();
    return may_expire ? entry.served.received + *options_.queue.max_waiting : SimTime::never();
}

SimTime VllmV1Stepwise::soonest_deadline() const {
    SimTime soonest = SimTime::never();
    for (const Entry& entry : waiting_)
        soonest = std::min(soonest, deadline_of(entry));
    return soonest;
}

bool VllmV1Stepwise::expire(SimTime now, StepOutcome& outcome) {
    for (const Entry& entry : waiting_) {
        REGATTA_CHECK(deadline_of(entry) >= now, "a request should have expired before");
        if (deadline_of(entry) == now) outcome.timed_out.push_back({entry.served, EndReason::WaitedTooLong});
    }
    return std::erase_if(waiting_, [&](const Entry& entry) { return deadline_of(entry) == now; }) > 0;
}

SimTime VllmV1Stepwise::client_leaves_at(const Entry& entry) const {
    const SimTime patience = stream_of(entry).timeout;
    return patience.is_never() ? SimTime::never() : entry.served.request.arrival + patience;
}

/// When it is known here.
SimTime VllmV1Stepwise::abort_of(const Entry& entry) const {
    return client_leaves_at(entry) + limits_.gateway_latency;
}

SimTime VllmV1Stepwise::soonest_abort() const {
    SimTime soonest = SimTime::never();
    for (const Entry& entry : running_)
        soonest = std::min(soonest, abort_of(entry));
    for (const Entry& entry : waiting_)
        soonest = std::min(soonest, abort_of(entry));
    return soonest;
}

bool VllmV1Stepwise::abort(SimTime now, StepOutcome& outcome) {
    const auto is_gone = [&](const Entry& entry) { return abort_of(entry) <= now; };
    for (const Entry& entry : running_)
        if (is_gone(entry)) outcome.timed_out.push_back({entry.served, EndReason::ClientGone});
    for (const Entry& entry : waiting_)
        if (is_gone(entry)) outcome.timed_out.push_back({entry.served, EndReason::ClientGone});
    return std::erase_if(running_, is_gone) + std::erase_if(waiting_, is_gone) > 0;
}

bool VllmV1Stepwise::form_batch(SimTime now) {
    for (Entry& entry : running_)
        entry.in_step = 0;
    std::int64_t budget = options_.chunk_tokens;
    if (!schedule_running(budget, now)) admit(budget, now);
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
            entry.served.make_first_token(end);
        else if (!entry.is_decoding)
            outcome.resumed_gaps.push_back(end - entry.last_token);
        entry.is_decoding = true;
        entry.last_token = end;
        ++entry.served.generated;
        if (entry.served.generated < entry.served.request.output_tokens) continue;
        if (end <= client_leaves_at(entry))
            outcome.finished.push_back(entry.served);
        else
            outcome.timed_out.push_back({entry.served, EndReason::ClientGone});
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
