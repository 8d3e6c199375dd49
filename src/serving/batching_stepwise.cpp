#include "serving/batching_stepwise.hpp"

#include <algorithm>
#include <boost/serialization/utility.hpp>
#include <cmath>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/speculation.hpp"

namespace regatta::serving {

bool BatchingStepwise::accepts(const Request& request) const {
    if (limits_.is_like_vidur) return true;
    return request.prompt_tokens + std::int64_t{request.output_tokens} <= limits_.max_context_tokens &&
           can_serve(request);
}

void BatchingStepwise::enqueue(const Request& request, SimTime received) {
    const Key key = next_key_++;
    entries_[key] = Entry{.served = ServedRequest{.request = request, .received = received},
                          .prompt = request.prompt_tokens,
                          .target = request.prompt_tokens + std::int64_t{request.output_tokens}};
    waiting_.push_back(key);
}

std::int64_t BatchingStepwise::free_blocks() const {
    std::int64_t used = kept_blocks_;
    for (const auto& [key, entry] : entries_)
        used += entry.blocks;
    return limits_.kv_blocks - used;
}

std::int64_t BatchingStepwise::running() const {
    return std::count_if(entries_.begin(), entries_.end(), [](const auto& pair) { return pair.second.has_blocks; });
}

std::int64_t BatchingStepwise::whole_blocks(std::int64_t tokens) const {
    return tokens / limits_.block_tokens + (tokens % limits_.block_tokens > 0 ? 1 : 0);
}

std::int64_t BatchingStepwise::proposed() const {
    return limits_.speculation == nullptr ? 0 : limits_.speculation->tokens;
}

void BatchingStepwise::admit(Key key, std::int64_t blocks) {
    REGATTA_CHECK(waiting_.front() == key, "only the first of the queue comes in");
    waiting_.pop_front();
    at(key).blocks = blocks;
    at(key).has_blocks = true;
}

void BatchingStepwise::restart(Key key) {
    Entry& entry = at(key);
    if (entry.is_decoding() || limits_.is_like_vidur) entry.prompt = entry.known();
    entry.computed = 0;
    entry.tokens = 0;
    entry.blocks = 0;
    entry.has_blocks = false;
    entry.served.preempt(now_);
    ++preemptions_;
    waiting_.push_front(key);
}

void BatchingStepwise::by_arrival(std::deque<Key>& keys) const {
    std::stable_sort(keys.begin(), keys.end(),
                     [&](Key a, Key b) { return at(a).served.request.arrival < at(b).served.request.arrival; });
}

bool BatchingStepwise::form_batch(SimTime now) {
    Batch batch;
    now_ = now;
    const std::int64_t before = preemptions_;
    form(batch);
    if (batch.empty() && preemptions_ > before && !limits_.is_like_vidur) form(batch);
    peak_blocks_ = std::max(peak_blocks_, batch.empty() ? 0 : limits_.kv_blocks - free_blocks());
    steps_left_ = 1;
    if (batch.empty()) return false;
    for (const auto& [key, tokens] : batch)
        at(key).served.schedule(now);
    flights_.push_back({now, batch});
    describe(batch);
    return true;
}

void BatchingStepwise::describe(const Batch& batch) {
    chunks_.clear();
    shape_ = {};
    stalled_decodes_ = 0;
    for (const auto& [key, tokens] : batch) {
        const Entry& entry = at(key);
        if (entry.is_decoding()) {
            ++shape_.decodes;
            shape_.decode_context_tokens += entry.computed + 1;
            stalled_decodes_ += entry.last_token == flights_.back().formed ? 0 : 1;
            shape_.samples += proposed();
        } else {
            chunks_.push_back({.tokens = tokens, .context_tokens = entry.computed});
        }
        if (entry.computed + tokens >= entry.prompt) ++shape_.samples;
    }
    shape_.tokens_per_decode = 1 + proposed();
    shape_.prefills = chunks_;
}

void BatchingStepwise::complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) {
    REGATTA_CHECK(steps == 1, "the stepwise scheduler goes step by step");
    steps_left_ = 0;
    const Flight flight = flights_.front();
    flights_.pop_front();
    Batch left;
    for (const auto& [key, tokens] : flight.batch) {
        Entry& entry = at(key);
        const bool was_decoding = entry.is_decoding();
        entry.computed += was_decoding ? 1 : tokens;
        if (was_decoding && proposed() > 0) {
            std::int64_t right = limits_.speculation->accepted(entry.served.request.id, entry.served.generated);
            for (; right > 0 && entry.computed + 1 < entry.target; --right) {
                ++entry.computed;
                ++outcome.extra_tokens;
            }
        }
        if (entry.computed >= entry.prompt) {
            ++entry.tokens;
            if (entry.served.first_token.is_never()) entry.served.make_first_token(end);
            const bool has_gap = was_decoding ? entry.last_token != flight.formed : !entry.last_token.is_never();
            if (has_gap) outcome.resumed_gaps.push_back(end - entry.last_token);
            entry.last_token = end;
            const std::int64_t beyond = entry.known() - std::int64_t{entry.served.request.prompt_tokens};
            if (beyond > entry.served.generated) entry.served.generated = static_cast<std::uint32_t>(beyond);
        }
        const bool is_done = entry.is_decoding() && entry.known() == entry.target;
        if (!is_done) {
            left.emplace_back(key, 1);
            continue;
        }
        if (end <= client_leaves_at(entry))
            outcome.finished.push_back(entry.served);
        else
            outcome.timed_out.push_back({entry.served, EndReason::ClientGone});
        ended(key);
        entries_.erase(key);
    }
    go_on(left, flight.batch);
}

void BatchingStepwise::go_on(const Batch& left, const Batch& /*whole*/) {
    for (const auto& [key, tokens] : left)
        ready_.push_back(key);
}

void BatchingStepwise::ended(Key /*key*/) {}

void BatchingStepwise::left(Key key) {
    std::erase(ready_, key);
}

SimTime BatchingStepwise::client_leaves_at(const Entry& entry) const {
    const std::size_t stream = entry.served.request.stream.index();
    if (stream >= limits_.streams.size() || limits_.streams[stream].timeout.is_never()) return SimTime::never();
    return entry.served.request.arrival + limits_.streams[stream].timeout;
}

SimTime BatchingStepwise::abort_of(const Entry& entry) const {
    const SimTime leaves = client_leaves_at(entry);
    return leaves.is_never() ? leaves : leaves + limits_.gateway_latency;
}

bool BatchingStepwise::is_in_flight(Key key) const {
    for (const Flight& flight : flights_)
        for (const auto& [other, tokens] : flight.batch)
            if (other == key) return true;
    return false;
}

SimTime BatchingStepwise::soonest_abort() const {
    SimTime soonest = SimTime::never();
    for (const auto& [key, entry] : entries_)
        soonest = std::min(soonest, abort_of(entry));
    return soonest;
}

bool BatchingStepwise::abort(SimTime now, StepOutcome& outcome) {
    std::vector<Key> gone;
    for (const auto& [key, entry] : entries_)
        if (abort_of(entry) <= now && !is_in_flight(key)) gone.push_back(key);
    for (const Key key : gone) {
        outcome.timed_out.push_back({at(key).served, EndReason::ClientGone});
        if (at(key).has_blocks)
            left(key);
        else
            std::erase(waiting_, key);
        entries_.erase(key);
    }
    return !gone.empty();
}

void BatchingStepwise::keep_batch() {
    throw BugError("the stepwise scheduler forms a batch for every step");
}

QueueState BatchingStepwise::queue_state() const {
    return {static_cast<std::int64_t>(waiting_.size()), running()};
}

std::int64_t BatchingStepwise::kv_blocks_used(std::int64_t /*steps*/) const {
    return limits_.kv_blocks - free_blocks();
}

std::int64_t BatchingStepwise::kv_tokens(std::int64_t /*steps*/) const {
    std::int64_t tokens = 0;
    for (const auto& [key, entry] : entries_)
        tokens += entry.has_blocks ? entry.computed : 0;
    return tokens;
}

void BatchingStepwise::for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const {
    for (const auto& [key, entry] : entries_)
        visit(entry.served);
}

void BatchingStepwise::save(OutArchive& archive) const {
    archive << entries_ << waiting_ << ready_ << flights_ << next_key_ << kept_blocks_ << steps_left_ << peak_blocks_
            << preemptions_;
}

void BatchingStepwise::load(InArchive& archive) {
    archive >> entries_ >> waiting_ >> ready_ >> flights_ >> next_key_ >> kept_blocks_ >> steps_left_ >> peak_blocks_ >>
        preemptions_;
    if (!flights_.empty()) describe(flights_.back().batch);
}

}  // namespace regatta::serving
