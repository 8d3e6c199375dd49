#include "serving/batching_stepwise.hpp"

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>
#include <cmath>
#include <utility>

#include "regatta/base/errors.hpp"

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
    ++entry.served.preemptions;
    ++preemptions_;
    waiting_.push_front(key);
}

void BatchingStepwise::by_arrival(std::deque<Key>& keys) const {
    std::stable_sort(keys.begin(), keys.end(),
                     [&](Key a, Key b) { return at(a).served.request.arrival < at(b).served.request.arrival; });
}

bool BatchingStepwise::form_batch(SimTime now) {
    Batch batch;
    const std::int64_t before = preemptions_;
    form(batch);
    if (batch.empty() && preemptions_ > before && !limits_.is_like_vidur) form(batch);
    peak_blocks_ = std::max(peak_blocks_, batch.empty() ? 0 : limits_.kv_blocks - free_blocks());
    steps_left_ = 1;
    if (batch.empty()) return false;
    for (const auto& [key, tokens] : batch)
        if (at(key).served.scheduled.is_never()) at(key).served.scheduled = now;
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
        } else {
            chunks_.push_back({.tokens = tokens, .context_tokens = entry.computed});
        }
        if (entry.computed + tokens >= entry.prompt) ++shape_.samples;
    }
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
        entry.computed += tokens;
        if (entry.computed >= entry.prompt) {
            ++entry.tokens;
            if (entry.served.first_token.is_never()) entry.served.first_token = end;
            const bool has_gap = was_decoding ? entry.last_token != flight.formed : !entry.last_token.is_never();
            if (has_gap) outcome.resumed_gaps.push_back(end - entry.last_token);
            entry.last_token = end;
            const std::int64_t beyond = entry.known() - std::int64_t{entry.served.request.prompt_tokens};
            if (beyond > entry.served.generated) entry.served.generated = beyond;
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

namespace {

class PagedStepwise : public BatchingStepwise {
protected:
    PagedStepwise(const SchedulerLimits& limits, const PagedOptions& options)
        : BatchingStepwise(limits), options_(options) {}

    [[nodiscard]] std::int64_t watermark() const {
        return static_cast<std::int64_t>(std::floor(options_.watermark * static_cast<double>(limits_.kv_blocks)));
    }
    [[nodiscard]] std::int64_t sequences_per_batch() const { return options_.max_running / limits_.pipeline_stages; }
    [[nodiscard]] bool can_serve(const Request& request) const override {
        const std::int64_t tokens = request.prompt_tokens + std::int64_t{request.output_tokens} - 1;
        return whole_blocks(tokens) + watermark() <= limits_.kv_blocks;
    }
    [[nodiscard]] bool fits(const Entry& entry) const {
        return free_blocks() - whole_blocks(entry.prompt) >= watermark();
    }
    /// A decode, given those behind it, of whom the last gives way first.
    [[nodiscard]] bool place_decode(Key key, Batch& batch) {
        while (free_blocks() == 0) {
            const Key victim = ready_.empty() ? key : ready_.back();
            if (victim != key) ready_.pop_back();
            restart(victim);
            if (victim == key) return false;
        }
        Entry& entry = at(key);
        entry.blocks = std::max(entry.blocks, whole_blocks(entry.known()));
        batch.emplace_back(key, 1);
        return true;
    }

    const PagedOptions options_;
};

class VllmV0Stepwise final : public PagedStepwise {
public:
    VllmV0Stepwise(const SchedulerLimits& limits, const PagedOptions& options) : PagedStepwise(limits, options) {}

private:
    [[nodiscard]] bool can_serve(const Request& request) const override {
        return PagedStepwise::can_serve(request) && request.prompt_tokens <= options_.max_batch_tokens;
    }
    void form(Batch& batch) override {
        while (!waiting_.empty() && may_come_in(batch)) {
            const Key key = waiting_.front();
            admit(key, whole_blocks(at(key).prompt));
            batch.emplace_back(key, at(key).prompt);
        }
        if (!batch.empty()) return;
        by_arrival(ready_);
        while (!ready_.empty() && std::ssize(batch) < sequences_per_batch()) {
            const Key key = ready_.front();
            ready_.pop_front();
            static_cast<void>(place_decode(key, batch));
        }
    }
    [[nodiscard]] bool may_come_in(const Batch& batch) const {
        const Entry& head = at(waiting_.front());
        std::int64_t longest = head.prompt;
        for (const auto& [key, tokens] : batch)
            longest = std::max(longest, tokens);
        const bool is_too_wide = longest * (std::ssize(batch) + 1) > options_.max_batch_tokens;
        const bool is_excused = batch.empty() && head.served.preemptions > 0 && !limits_.is_like_vidur;
        return fits(head) && (!is_too_wide || is_excused) && running() < options_.max_running &&
               std::ssize(batch) < sequences_per_batch();
    }
};

class SarathiStepwise final : public PagedStepwise {
public:
    SarathiStepwise(const SchedulerLimits& limits, const PagedOptions& options) : PagedStepwise(limits, options) {}

private:
    void form(Batch& batch) override {
        std::deque<Key> prompts;
        while (!ready_.empty() && std::ssize(batch) < sequences_per_batch()) {
            const Key key = ready_.front();
            ready_.pop_front();
            if (at(key).is_decoding())
                static_cast<void>(place_decode(key, batch));
            else
                prompts.push_back(key);
        }
        std::deque<Key> behind;
        for (const Key key : prompts) {
            const std::int64_t tokens = next_piece(key, batch);
            if (tokens > 0)
                batch.emplace_back(key, tokens);
            else
                behind.push_back(key);
        }
        behind.insert(behind.end(), ready_.begin(), ready_.end());
        by_arrival(behind);
        ready_ = behind;
        while (!waiting_.empty()) {
            const Key key = waiting_.front();
            const std::int64_t tokens = next_piece(key, batch);
            if (running() >= options_.max_running || std::ssize(batch) >= sequences_per_batch() || !fits(at(key)) ||
                tokens <= 0)
                return;
            admit(key, whole_blocks(at(key).prompt));
            batch.emplace_back(key, tokens);
        }
    }
    [[nodiscard]] std::int64_t next_piece(Key key, const Batch& batch) const {
        std::int64_t left = options_.chunk_tokens;
        for (const auto& [other, tokens] : batch)
            left -= tokens;
        return std::min(at(key).prompt - at(key).computed, left);
    }
};

class ReservingStepwise : public BatchingStepwise {
protected:
    ReservingStepwise(const SchedulerLimits& limits, const ReservingOptions& options)
        : BatchingStepwise(limits), reserve_(reserve_of(limits, options)) {}
    [[nodiscard]] bool can_serve(const Request& /*request*/) const override {
        return reserve_.blocks <= limits_.kv_blocks;
    }
    void let_in(Batch& batch) {
        while (!waiting_.empty() && std::ssize(batch) < reserve_.batch_cap && free_blocks() >= reserve_.blocks) {
            const Key key = waiting_.front();
            admit(key, reserve_.blocks);
            batch.emplace_back(key, at(key).prompt);
        }
    }
    const Reserve reserve_;
};

class OrcaStepwise final : public ReservingStepwise {
public:
    OrcaStepwise(const SchedulerLimits& limits, const ReservingOptions& options) : ReservingStepwise(limits, options) {}

private:
    void form(Batch& batch) override {
        for (; !ready_.empty() && std::ssize(batch) < reserve_.batch_cap; ready_.pop_front())
            batch.emplace_back(ready_.front(), 1);
        let_in(batch);
    }
};

/// Groups by the request that was first in them, whoever is left.
class FasterTransformerStepwise final : public ReservingStepwise {
public:
    FasterTransformerStepwise(const SchedulerLimits& limits, const ReservingOptions& options)
        : ReservingStepwise(limits, options) {}
    void save(OutArchive& archive) const override {
        BatchingStepwise::save(archive);
        archive << groups_ << order_ << group_of_;
    }
    void load(InArchive& archive) override {
        BatchingStepwise::load(archive);
        archive >> groups_ >> order_ >> group_of_;
    }

private:
    struct Group {
        std::vector<Key> members;  ///< not ended
        std::int64_t kept = 0;     ///< blocks of those that have

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& members& kept;
        }
    };
    void form(Batch& batch) override {
        if (order_.empty()) {
            let_in(batch);
            if (batch.empty()) return;
            Group& group = groups_[batch.front().first];
            for (const auto& [key, tokens] : batch) {
                group.members.push_back(key);
                group_of_[key] = batch.front().first;
            }
            return;
        }
        Group& group = groups_.at(order_.front());
        order_.pop_front();
        if (limits_.is_like_vidur) group.kept = 0;  // never given back
        for (const Key key : group.members)
            batch.emplace_back(key, 1);
    }
    void ended(Key key) override {
        Group& group = groups_.at(group_of_.at(key));
        group.kept += at(key).blocks;
        kept_blocks_ += at(key).blocks;
        std::erase(group.members, key);
    }
    void go_on(const Batch& left, const Batch& whole) override {
        const Key name = group_of_.at(whole.front().first);
        if (left.empty())
            dissolve(name);
        else
            order_.push_back(name);
    }
    void left(Key key) override {
        const Key name = group_of_.at(key);
        ended(key);
        if (!groups_.at(name).members.empty()) return;
        std::erase(order_, name);
        dissolve(name);
    }
    void dissolve(Key name) {
        kept_blocks_ -= groups_.at(name).kept;
        groups_.erase(name);
    }

    std::map<Key, Group> groups_;
    std::deque<Key> order_;  ///< of groups between two steps
    std::map<Key, Key> group_of_;
};

class LightLlmStepwise final : public BatchingStepwise {
public:
    LightLlmStepwise(const SchedulerLimits& limits, const LightLlmOptions& options)
        : BatchingStepwise(limits), options_(options) {}
    void save(OutArchive& archive) const override {
        BatchingStepwise::save(archive);
        archive << iterations_;
    }
    void load(InArchive& archive) override {
        BatchingStepwise::load(archive);
        archive >> iterations_;
    }

private:
    [[nodiscard]] bool can_serve(const Request& request) const override {
        const std::int64_t in_the_end =
            request.prompt_tokens + std::max<std::int64_t>(1, std::int64_t{request.output_tokens} - 1);
        return in_the_end < limits_.kv_blocks && request.prompt_tokens <= options_.max_batch_tokens;
    }
    void form(Batch& batch) override {
        if (ready_.empty()) {
            prompts(batch);
            if (!batch.empty()) iterations_ = 0;
            return;
        }
        if (iterations_ >= options_.max_waiting_iterations) {
            iterations_ = 0;
            prompts(batch);
            if (!batch.empty()) return;
        }
        REGATTA_CHECK(free_blocks() >= std::ssize(ready_), "memory has run out");
        ++iterations_;
        for (const Key key : ready_) {
            ++at(key).blocks;
            batch.emplace_back(key, 1);
        }
        ready_.clear();
    }
    void prompts(Batch& batch) {
        std::int64_t tokens = 0;
        while (!waiting_.empty()) {
            const Key key = waiting_.front();
            tokens += at(key).prompt;
            if (tokens > options_.max_batch_tokens || running() == options_.max_running || !fits(batch)) return;
            admit(key, at(key).prompt);
            batch.emplace_back(key, at(key).prompt);
        }
    }
    /// With the head of the queue; those of the batch hold their first token, too.
    [[nodiscard]] bool fits(const Batch& batch) const {
        std::vector<std::pair<std::int64_t, std::int64_t>> left_and_held;
        for (const Key key : ready_)
            left_and_held.emplace_back(std::max<std::int64_t>(at(key).target - at(key).known() - 1, 0),
                                       at(key).known());
        const auto add = [&](Key key) {
            const Entry& entry = at(key);
            left_and_held.emplace_back(std::max<std::int64_t>(entry.target - entry.prompt - 2, 0), entry.prompt + 1);
        };
        for (const auto& [key, tokens] : batch)
            add(key);
        add(waiting_.front());
        std::sort(left_and_held.rbegin(), left_and_held.rend());
        std::int64_t held = 0;
        for (std::size_t i = 0; i < left_and_held.size(); ++i) {
            held += left_and_held[i].second;
            if (left_and_held[i].first * static_cast<std::int64_t>(i + 1) + held >= limits_.kv_blocks) return false;
        }
        return true;
    }

    const LightLlmOptions options_;
    std::int64_t iterations_ = 0;
};

}  // namespace

std::unique_ptr<ReplicaScheduler> make_vllm_v0_stepwise(const SchedulerLimits& limits, const PagedOptions& options) {
    return std::make_unique<VllmV0Stepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_sarathi_stepwise(const SchedulerLimits& limits, const PagedOptions& options) {
    return std::make_unique<SarathiStepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_orca_stepwise(const SchedulerLimits& limits, const ReservingOptions& options) {
    return std::make_unique<OrcaStepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_faster_transformer_stepwise(const SchedulerLimits& limits,
                                                                   const ReservingOptions& options) {
    return std::make_unique<FasterTransformerStepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_lightllm_stepwise(const SchedulerLimits& limits,
                                                         const LightLlmOptions& options) {
    return std::make_unique<LightLlmStepwise>(limits, options);
}

}  // namespace regatta::serving
