/// vllm_v1, vllm and sarathi as BatchingStepwise walks them.
#include "regatta/base/archive.hpp"
#include "serving/batching_stepwise.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

namespace {

class VllmV1BatchesStepwise final : public BatchingStepwise {
public:
    VllmV1BatchesStepwise(const SchedulerLimits& limits, const VllmV1Options& options)
        : BatchingStepwise(limits), options_(options) {}
    void save(OutArchive& archive) const override {
        BatchingStepwise::save(archive);
        archive << order_;
    }
    void load(InArchive& archive) override {
        BatchingStepwise::load(archive);
        archive >> order_;
    }

private:
    [[nodiscard]] bool can_serve(const Request& request) const override {
        const std::int64_t tokens = request.prompt_tokens + std::int64_t{request.output_tokens} - 1;
        return whole_blocks(tokens + proposed()) <= limits_.kv_blocks;
    }
    void form(Batch& batch) override {
        std::int64_t budget = options_.chunk_tokens;
        bool is_short = false;
        const std::vector<Key> order = order_;
        for (const Key key : order) {
            if (std::find(ready_.begin(), ready_.end(), key) == ready_.end()) continue;  // in flight, or gone
            const Entry& entry = at(key);
            std::int64_t tokens =
                entry.is_decoding() ? 1 + proposed() : std::min(entry.prompt - entry.computed, budget);
            if (tokens > budget || tokens == 0) continue;
            if (!has_blocks(key, tokens, batch, is_short)) continue;
            std::erase(ready_, key);
            budget -= tokens;
            batch.emplace_back(key, entry.is_decoding() ? 1 : tokens);
        }
        while (!is_short && !waiting_.empty() && budget > 0 && running() < options_.max_running) {
            const Key key = waiting_.front();
            const std::int64_t tokens = std::min(at(key).prompt, budget);
            if (whole_blocks(tokens) > free_blocks()) return;
            admit(key, whole_blocks(tokens));
            order_.push_back(key);
            budget -= tokens;
            batch.emplace_back(key, tokens);
        }
    }
    /// Takes them, from those admitted later if need be; false: it has to wait for one of these that is in flight, or
    /// had to give way itself.
    [[nodiscard]] bool has_blocks(Key key, std::int64_t tokens, const Batch& batch, bool& is_short) {
        const std::int64_t wanted = std::max(at(key).blocks, whole_blocks(at(key).computed + tokens));
        while (wanted - at(key).blocks > free_blocks()) {
            is_short = true;
            Key victim = key;
            for (const Key other : order_)
                if (is_free_to_go(other, batch)) victim = other;
            const auto place = std::find(order_.begin(), order_.end(), key);
            if (victim == key && std::any_of(place, order_.end(), [&](Key later) { return is_in_flight(later); }))
                return false;
            restart(victim);
            std::erase(ready_, victim);
            std::erase(order_, victim);
            if (victim == key) return false;
        }
        at(key).blocks = wanted;
        return true;
    }
    [[nodiscard]] bool is_free_to_go(Key key, const Batch& batch) const {
        const auto is_it = [&](const auto& piece) { return piece.first == key; };
        return std::find(ready_.begin(), ready_.end(), key) != ready_.end() &&
               std::none_of(batch.begin(), batch.end(), is_it);
    }
    void ended(Key key) override { std::erase(order_, key); }
    void left(Key key) override {
        BatchingStepwise::left(key);
        std::erase(order_, key);
    }

    const VllmV1Options options_;
    std::vector<Key> order_;  ///< of admission, of those who run
};

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
        return whole_blocks(tokens + proposed()) + watermark() <= limits_.kv_blocks;
    }
    [[nodiscard]] bool fits(const Entry& entry) const {
        return free_blocks() - whole_blocks(entry.prompt) >= watermark();
    }
    /// A decode, given those behind it, of whom the last gives way first.
    [[nodiscard]] bool place_decode(Key key, Batch& batch) {
        const std::int64_t wanted = std::max(at(key).blocks, whole_blocks(at(key).known() + proposed()));
        while (free_blocks() == 0 || free_blocks() < wanted - at(key).blocks) {
            const Key victim = ready_.empty() ? key : ready_.back();
            if (victim != key) ready_.pop_back();
            restart(victim);
            if (victim == key) return false;
        }
        Entry& entry = at(key);
        entry.blocks = wanted;
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
            left -= at(other).is_decoding() ? 1 + proposed() : tokens;
        return std::min(at(key).prompt - at(key).computed, left);
    }
};

}  // namespace

std::unique_ptr<ReplicaScheduler> make_vllm_v1_batches_stepwise(const SchedulerLimits& limits,
                                                                const VllmV1Options& options) {
    return std::make_unique<VllmV1BatchesStepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_vllm_v0_stepwise(const SchedulerLimits& limits, const PagedOptions& options) {
    return std::make_unique<VllmV0Stepwise>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_sarathi_stepwise(const SchedulerLimits& limits, const PagedOptions& options) {
    return std::make_unique<SarathiStepwise>(limits, options);
}

}  // namespace regatta::serving
