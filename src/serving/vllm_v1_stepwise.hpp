#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "serving/vllm_v1.hpp"

namespace regatta::serving {

/// The rules of VllmV1 by walking every request in every step: no sums, no heap, no shared code. It is the truth that
/// VllmV1 is held to.
class VllmV1Stepwise final : public ReplicaScheduler {
public:
    VllmV1Stepwise(const SchedulerLimits& limits, const VllmV1Options& options) : limits_(limits), options_(options) {}

    [[nodiscard]] bool accepts(const Request& request) const override;
    void enqueue(const Request& request, SimTime received) override;
    [[nodiscard]] bool arrival_may_join(const Request& /*request*/) const override { return true; }
    [[nodiscard]] bool form_batch(SimTime now) override;
    [[nodiscard]] const timing::BatchShape& shape() const override { return shape_; }
    [[nodiscard]] std::int64_t steady_steps() const override { return steps_left_; }
    void complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) override;
    [[nodiscard]] bool has_deadlines() const override { return true; }
    [[nodiscard]] SimTime soonest_deadline() const override;
    [[nodiscard]] SimTime soonest_abort() const override;
    [[nodiscard]] bool abort(SimTime now, StepOutcome& outcome) override;
    [[nodiscard]] bool expire(SimTime now, StepOutcome& outcome) override;
    void keep_batch() override;
    [[nodiscard]] QueueState queue_state() const override;
    [[nodiscard]] std::int64_t kv_blocks_used(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_tokens(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_blocks_peak() const override { return peak_blocks_; }
    [[nodiscard]] std::int64_t preemptions() const override { return preemptions_; }
    void for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    struct Entry {
        ServedRequest served;
        std::int64_t computed = 0;  ///< tokens with KV
        std::int64_t blocks = 0;
        std::int64_t in_step = 0;  ///< tokens computed by the step being formed or carried out
        SimTime last_token = SimTime::never();
        bool is_decoding = false;  ///< has all of what is known computed, but for its newest token

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& served& computed& blocks& in_step& last_token& is_decoding;
        }
    };

    [[nodiscard]] static std::int64_t known_tokens(const Entry& entry);
    [[nodiscard]] std::int64_t free_blocks() const;
    [[nodiscard]] bool take_blocks(Entry& entry, std::int64_t tokens);
    [[nodiscard]] bool schedule_running(std::int64_t& budget, SimTime now);
    void admit(std::int64_t& budget, SimTime now);
    void preempt(std::size_t place, SimTime now);
    [[nodiscard]] StreamTerms stream_of(const Entry& entry) const;
    [[nodiscard]] bool has_better_priority(const Entry& a, const Entry& b) const;
    [[nodiscard]] bool goes_before(const Entry& a, const Entry& b) const;
    [[nodiscard]] std::size_t next_to_give_way() const;
    [[nodiscard]] bool has_room_for_class_of(const Entry& entry) const;
    [[nodiscard]] std::size_t next_to_admit() const;
    [[nodiscard]] SimTime deadline_of(const Entry& entry) const;
    [[nodiscard]] SimTime client_leaves_at(const Entry& entry) const;
    [[nodiscard]] SimTime abort_of(const Entry& entry) const;
    void describe_step();

    SchedulerLimits limits_;
    VllmV1Options options_;
    std::deque<Entry> waiting_;
    std::vector<Entry> running_;
    std::vector<timing::PrefillChunk> chunks_;
    timing::BatchShape shape_;
    std::int64_t steps_left_ = 0;  ///< 1 from forming a batch until its step is complete
    std::int64_t peak_blocks_ = 0;
    std::int64_t preemptions_ = 0;
};

}  // namespace regatta::serving
