// A router and a replica scheduler of one's own, in one file. The program is `regatta` with two more policies: every
// command knows them, a scenario names them like the built-in ones. docs/guide/writing-a-policy.md goes through it.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"
#include "regatta/program.hpp"
#include "regatta/routing/candidates.hpp"
#include "regatta/routing/router.hpp"
#include "regatta/serving/replica_scheduler.hpp"

namespace {

using namespace regatta;

/// Sends the requests of a stream to its home, a replica that follows from the stream and the seed, as a cache of
/// prompts would like it; to the least loaded one when the home has more than `slack` requests more than that.
class HomeRouter final : public routing::Router {
public:
    HomeRouter(const routing::RouterTarget& target, const Parameters& parameters)
        : seed_(target.seed),
          slack_(static_cast<std::uint64_t>(parameters.count("slack"))),
          sizes_(target.pools.size(), 1) {}

    std::uint32_t choose(const Request& request, const routing::Candidates& candidates) override {
        // Addressed by what it is for, not drawn in turn: the same home whichever gateway and rank asks.
        const std::uint64_t bits = random_bits(seed_, RandomPurpose::Route, request.stream.value(), 0);
        const auto home = static_cast<std::uint32_t>(uniform_below(candidates.replicas(), bits));
        const std::uint32_t least = candidates.least(serving::Load::Requests, home, sizes_);
        const std::uint64_t most = candidates.load(serving::Load::Requests, least) + slack_;
        return candidates.load(serving::Load::Requests, home) > most ? least : home;
    }
    serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }

private:
    std::uint64_t seed_;
    std::uint64_t slack_;
    std::vector<std::uint64_t> sizes_;  ///< what loads of each pool are measured by: all alike
};

/// Static batching, as engines had it before continuous batching: a batch is formed when the one before has ended, its
/// prompts are computed in one step, and nobody joins until its longest answer is complete.
class StaticBatching final : public serving::ReplicaScheduler {
public:
    StaticBatching(const serving::SchedulerLimits& limits, const Parameters& parameters, serving::Stepping stepping)
        : limits_(limits), most_(parameters.count("batch")), is_stepwise_(stepping == serving::Stepping::Stepwise) {
        for (const serving::StreamTerms& terms : limits.streams)
            if (!terms.timeout.is_never())
                throw InputError("batch: clients that give up (timeout) are not modelled by static_batching");
    }

    bool accepts(const Request& request) const override {
        return tokens_of(request) <= limits_.max_context_tokens && blocks_of(request) <= limits_.kv_blocks;
    }
    void enqueue(const Request& request, SimTime received) override {
        waiting_.push_back({.request = request, .received = received});
    }
    bool arrival_may_join(const Request& /*request*/) const override { return running_.empty(); }

    bool form_batch(SimTime now) override {
        if (running_.empty()) admit(now);
        describe();
        return !running_.empty();
    }
    const timing::BatchShape& shape() const override { return shape_; }

    /// Only lengths change until the first answer is complete: those steps may be done in one go.
    std::int64_t steady_steps() const override {
        if (running_.empty()) return 0;
        return is_stepwise_ || is_prefill() ? 1 : steps_to_next_end();
    }
    void complete_steps(std::int64_t steps, SimTime end, serving::StepOutcome& outcome) override {
        for (serving::ServedRequest& served : running_) {
            if (served.generated == 0) served.first_token = end;
            served.generated += steps;
            if (is_complete(served)) outcome.finished.push_back(served);
        }
        for (const serving::ServedRequest& served : running_)
            if (is_complete(served)) used_blocks_ -= blocks_of(served.request);
        std::erase_if(running_, is_complete);
        describe();
    }
    void keep_batch() override { describe(); }
    Soonest soonest_completion() const override {
        return {.in_batch = running_.empty() ? 1 : steps_to_next_end(), .waiting = waiting_.empty() ? INT64_MAX : 1};
    }

    bool has_deadlines() const override { return false; }
    SimTime soonest_abort() const override { return SimTime::never(); }
    bool abort(SimTime /*now*/, serving::StepOutcome& /*outcome*/) override { return false; }

    serving::QueueState queue_state() const override {
        return {.waiting = static_cast<std::int64_t>(waiting_.size()),
                .running = static_cast<std::int64_t>(running_.size())};
    }
    std::int64_t kv_blocks_used(std::int64_t /*steps*/) const override { return used_blocks_; }
    std::int64_t kv_tokens(std::int64_t steps) const override {
        std::int64_t tokens = 0;
        for (const serving::ServedRequest& served : running_)
            if (served.generated > 0) tokens += served.request.prompt_tokens + served.generated - 1 + steps;
        return tokens;
    }
    std::int64_t kv_blocks_peak() const override { return peak_blocks_; }
    std::int64_t preemptions() const override { return 0; }
    void for_each_unfinished(const std::function<void(const serving::ServedRequest&)>& visit) const override {
        for (const serving::ServedRequest& served : running_)
            visit(served);
        for (const serving::ServedRequest& served : waiting_)
            visit(served);
    }

    void save(OutArchive& archive) const override { archive << waiting_ << running_ << used_blocks_ << peak_blocks_; }
    void load(InArchive& archive) override {
        archive >> waiting_ >> running_ >> used_blocks_ >> peak_blocks_;
        describe();
    }

private:
    static std::int64_t tokens_of(const Request& request) {
        return std::int64_t{request.prompt_tokens} + request.output_tokens;
    }
    /// Of the whole request: static batching reserves them all, so that nobody has to give way.
    std::int64_t blocks_of(const Request& request) const {
        return (tokens_of(request) + limits_.block_tokens - 1) / limits_.block_tokens;
    }
    static bool is_complete(const serving::ServedRequest& served) {
        return served.generated == served.request.output_tokens;
    }
    /// All prompts of a batch are computed in its first step.
    bool is_prefill() const { return running_.front().generated == 0; }
    std::int64_t steps_to_next_end() const {
        std::int64_t steps = INT64_MAX;
        for (const serving::ServedRequest& served : running_)
            steps = std::min(steps, std::int64_t{served.request.output_tokens} - served.generated);
        return steps;
    }
    void admit(SimTime now) {
        while (!waiting_.empty() && static_cast<std::int64_t>(running_.size()) < most_ &&
               used_blocks_ + blocks_of(waiting_.front().request) <= limits_.kv_blocks) {
            running_.push_back(waiting_.front());
            running_.back().scheduled = now;
            used_blocks_ += blocks_of(waiting_.front().request);
            waiting_.pop_front();
        }
        peak_blocks_ = std::max(peak_blocks_, used_blocks_);
    }
    void describe() {
        chunks_.clear();
        shape_ = {};
        shape_.samples = static_cast<std::int64_t>(running_.size());
        for (const serving::ServedRequest& served : running_) {
            if (served.generated == 0) {
                chunks_.push_back({.tokens = served.request.prompt_tokens});
            } else {
                ++shape_.decodes;
                shape_.decode_context_tokens += served.request.prompt_tokens + served.generated;
            }
        }
        shape_.prefills = chunks_;
    }

    serving::SchedulerLimits limits_;
    std::int64_t most_;
    bool is_stepwise_;
    std::deque<serving::ServedRequest> waiting_;
    std::vector<serving::ServedRequest> running_;
    std::int64_t used_blocks_ = 0;
    std::int64_t peak_blocks_ = 0;
    timing::BatchShape shape_;
    std::vector<timing::PrefillChunk> chunks_;
};

}  // namespace

int main(int argument_count, char** arguments) {
    scenario::Registries policies;
    policies.routers.add({.name = "home",
                          .sentence = "the stream's home replica, unless it has too much more to do than the least",
                          .parameters = {{.key = "slack",
                                          .kind = ParameterKind::Count,
                                          .default_text = "4",
                                          .least = 0,
                                          .most = 1e6,
                                          .sentence = "requests that the home may have more than the least loaded"}},
                          .make = [](const routing::RouterTarget& target,
                                     const Parameters& parameters) -> std::unique_ptr<routing::Router> {
                              return std::make_unique<HomeRouter>(target, parameters);
                          }});
    policies.schedulers.add({.name = "static_batching",
                             .sentence = "a batch runs until its longest answer is complete; nobody joins it",
                             .parameters = {{.key = "batch",
                                             .kind = ParameterKind::Count,
                                             .default_text = "32",
                                             .least = 1,
                                             .most = 65536,
                                             .sentence = "most requests of a batch"}},
                             .make = [](const serving::SchedulerLimits& limits, const Parameters& parameters,
                                        serving::Stepping stepping) -> std::unique_ptr<serving::ReplicaScheduler> {
                                 return std::make_unique<StaticBatching>(limits, parameters, stepping);
                             }});
    return run_program(argument_count, arguments, policies);
}
