#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "serving/batching.hpp"
#include "serving/lightllm.hpp"
#include "serving/paged_batching.hpp"
#include "serving/reserving.hpp"
#include "serving/vllm_v1.hpp"

namespace regatta::serving {

/// The rules of the schedulers after Vidur's by walking every request in every step: each batch is formed anew, every
/// sum is added up when it is asked for, and nothing is shared with the classes that run. It is the truth that they are
/// held to.
class BatchingStepwise : public ReplicaScheduler {
public:
    [[nodiscard]] bool accepts(const Request& request) const override;
    void enqueue(const Request& request, SimTime received) override;
    [[nodiscard]] bool arrival_may_join(const Request& /*request*/) const override { return true; }
    [[nodiscard]] bool form_batch(SimTime now) override;
    [[nodiscard]] const timing::BatchShape& shape() const override { return shape_; }
    [[nodiscard]] std::int64_t steady_steps() const override { return steps_left_; }
    void complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) override;
    [[nodiscard]] bool has_deadlines() const override { return true; }
    [[nodiscard]] SimTime soonest_abort() const override;
    [[nodiscard]] bool abort(SimTime now, StepOutcome& outcome) override;
    void keep_batch() override;
    [[nodiscard]] QueueState queue_state() const override;
    [[nodiscard]] std::int64_t kv_blocks_used(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_tokens(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_blocks_peak() const override { return peak_blocks_; }
    [[nodiscard]] std::int64_t preemptions() const override { return preemptions_; }
    void for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

protected:
    explicit BatchingStepwise(const SchedulerLimits& limits) : limits_(limits) {}

    using Key = std::uint64_t;  ///< of a request: counts up in the order of enqueue()
    struct Entry {
        ServedRequest served;
        std::int64_t prompt = 0;    ///< to be computed before a token comes
        std::int64_t computed = 0;  ///< tokens with KV
        std::int64_t tokens = 0;    ///< produced since the prompt was last computed
        std::int64_t target = 0;    ///< prompt and answer, as first asked for
        std::int64_t blocks = 0;
        SimTime last_token = SimTime::never();
        bool has_blocks = false;  ///< runs

        [[nodiscard]] bool is_decoding() const { return tokens > 0; }
        [[nodiscard]] std::int64_t known() const { return computed + (is_decoding() ? 1 : 0); }
        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& served& prompt& computed& tokens& target& blocks& last_token& has_blocks;
        }
    };
    /// Tokens by request, in the order of the batch.
    using Batch = std::vector<std::pair<Key, std::int64_t>>;

    virtual void form(Batch& batch) = 0;
    [[nodiscard]] virtual bool can_serve(const Request& request) const = 0;
    virtual void go_on(const Batch& left, const Batch& whole);
    virtual void ended(Key key);
    virtual void left(Key key);

    [[nodiscard]] std::int64_t free_blocks() const;
    [[nodiscard]] std::int64_t running() const;
    [[nodiscard]] std::int64_t proposed() const;  ///< tokens to each decode
    [[nodiscard]] bool is_in_flight(Key key) const;
    void restart(Key key);
    void admit(Key key, std::int64_t blocks);
    [[nodiscard]] std::int64_t whole_blocks(std::int64_t tokens) const;
    void by_arrival(std::deque<Key>& keys) const;
    [[nodiscard]] Entry& at(Key key) { return entries_.at(key); }
    [[nodiscard]] const Entry& at(Key key) const { return entries_.at(key); }

    const SchedulerLimits limits_;
    std::deque<Key> waiting_;
    std::deque<Key> ready_;
    std::int64_t kept_blocks_ = 0;  ///< of requests that have ended

private:
    void describe(const Batch& batch);
    [[nodiscard]] SimTime client_leaves_at(const Entry& entry) const;
    [[nodiscard]] SimTime abort_of(const Entry& entry) const;

    struct Flight {
        SimTime formed;
        Batch batch;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& formed& batch;
        }
    };
    std::map<Key, Entry> entries_;
    std::deque<Flight> flights_;
    Key next_key_ = 0;
    timing::BatchShape shape_;
    std::vector<timing::PrefillChunk> chunks_;
    std::int64_t steps_left_ = 0;
    std::int64_t peak_blocks_ = 0;
    std::int64_t preemptions_ = 0;
    SimTime now_;  ///< of the batch that is being formed
};

[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_vllm_v1_batches_stepwise(const SchedulerLimits& limits,
                                                                              const VllmV1Options& options);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_vllm_v0_stepwise(const SchedulerLimits& limits,
                                                                      const PagedOptions& options);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_sarathi_stepwise(const SchedulerLimits& limits,
                                                                      const PagedOptions& options);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_orca_stepwise(const SchedulerLimits& limits,
                                                                   const ReservingOptions& options);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_faster_transformer_stepwise(const SchedulerLimits& limits,
                                                                                 const ReservingOptions& options);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_lightllm_stepwise(const SchedulerLimits& limits,
                                                                       const LightLlmOptions& options);

}  // namespace regatta::serving
