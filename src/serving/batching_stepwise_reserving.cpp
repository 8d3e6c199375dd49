/// orca, faster_transformer and lightllm as BatchingStepwise walks them.
#include "regatta/base/archive.hpp"
#include "serving/batching_stepwise.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

namespace {

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
