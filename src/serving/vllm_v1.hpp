#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/serving/registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "serving/deadline_heap.hpp"
#include "serving/ordered_queue.hpp"

namespace regatta::serving {

struct VllmV1Options {
    std::int64_t chunk_tokens = 2048;  ///< token budget of a step
    std::int64_t max_running = 256;    ///< sequences
    QueueRules queue = {};
};

[[nodiscard]] std::vector<Parameter> vllm_v1_parameters();
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_vllm_v1(const SchedulerLimits& limits,
                                                             const Parameters& parameters, Stepping stepping);

/// The rules of vLLM's v1 scheduler, with every sum kept incrementally.
///
/// A step has a budget of `chunk_tokens`. Running requests come first, in order of admission, then waiting ones, first
/// come first served; a prompt that exceeds what is left of the budget is computed in chunks. KV blocks are taken as
/// tokens are computed. When they run out, the most recently admitted running request loses its blocks, will be
/// recomputed (prompt and answer so far), and returns to the head of the queue; in such a step nothing is admitted.
/// By priority, waiting requests go in by (priority, arrival at the gateway), the preempted among them, and the running
/// one with the largest of these gives way. In one point this is not vLLM: where the request that wants a block gives
/// way itself, vLLM leaves those admitted after it without a token in this step; here they get theirs.
/// Source: vllm/v1/core/sched/scheduler.py, Scheduler.schedule(), vLLM 0.8 to 0.11; request_queue.py.
/// Shortest first, limits by class and the longest wait are not vLLM's. The scheduler knows a prompt's length, never
/// that of the answer; the preempted keeps its place by its prompt, and the most recently admitted gives way. A class
/// at its limit is passed over; a request that waits for KV blocks is not. Who was not in a batch within max_waiting
/// ends unless a batch that is formed at this very instant takes it; who was preempted waits as long as it takes.
/// Whose client has given up is aborted between two steps, as in vLLM: EngineCore looks at its input there.
///
/// Invariants that make O(1) steps possible: chunk_tokens >= max_running, so each decode gets its token in every step;
/// at most one running request is in the middle of its prompt, and it is the last one admitted (it took all the
/// budget). `step_` counts steps; a decode that joined at step j with c tokens computed has c + step_ - j of them,
/// takes a new block at steps congruent to j - c modulo the block size, and ends at a step known when it joins.
class VllmV1 final : public ReplicaScheduler {
public:
    VllmV1(const SchedulerLimits& limits, const VllmV1Options& options);

    [[nodiscard]] bool accepts(const Request& request) const override;
    void enqueue(const Request& request, SimTime received) override;
    [[nodiscard]] bool arrival_may_join(const Request& request) const override;
    [[nodiscard]] bool form_batch(SimTime now) override;
    [[nodiscard]] const timing::BatchShape& shape() const override { return shape_; }
    [[nodiscard]] std::int64_t steady_steps() const override { return steady_steps_; }
    [[nodiscard]] Soonest soonest_completion() const override;
    void complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) override;
    [[nodiscard]] bool has_deadlines() const override {
        return options_.queue.max_waiting.has_value() || patience_ != nullptr;
    }
    [[nodiscard]] SimTime soonest_deadline() const override {
        return queue_ != nullptr ? queue_->deadline() : SimTime::never();
    }
    [[nodiscard]] bool expire(SimTime now, StepOutcome& outcome) override;
    [[nodiscard]] SimTime soonest_abort() const override {
        return patience_ != nullptr ? patience_->soonest() : SimTime::never();
    }
    [[nodiscard]] bool abort(SimTime now, StepOutcome& outcome) override;
    void keep_batch() override;
    [[nodiscard]] QueueState queue_state() const override { return {waiting_, running_}; }
    [[nodiscard]] std::int64_t kv_blocks_used(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_tokens(std::int64_t steps) const override;
    [[nodiscard]] std::int64_t kv_blocks_peak() const override { return peak_blocks_; }
    [[nodiscard]] std::int64_t preemptions() const override { return preemptions_; }
    void for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;
    void prefetch() const override;
    void prefetch_requests() const override;
    void prefetch_saved() const override;

private:
    enum class Stage : std::uint8_t { Free, Waiting, Prefilling, Decoding };
    /// A request on this replica, in two cache lines.
    struct alignas(64) Slot {
        static constexpr bool kGoesTogether = true;

        ServedRequest served;
        std::int64_t computed = 0;  ///< tokens with KV: of a prefill now, of a decode when it joined
        /// Of a decode: the step at which it joined. Of a preempted request that has produced tokens: when the last one
        /// was there [ns]. It is never both.
        std::int64_t since = 0;
        std::uint64_t admission = 0;  ///< of a running one: counts up over the run, so that it gives their order
        std::uint32_t next = kNone;   ///< in the waiting queue, or among the free slots
        Stage stage = Stage::Free;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& next& stage;
            if (stage != Stage::Free) archive& served& computed& since& admission;
        }
    };
    static_assert(sizeof(Slot) == 128);
    /// A decode's last step. Kept in a heap; entries of preempted requests stay until they surface.
    struct Ending {
        static constexpr bool kGoesAsBlock = true;

        std::int64_t step = 0;
        std::uint32_t slot = 0;
        std::uint32_t admission = 0;  ///< its low half: enough to know an entry whose request has left its slot

        friend bool operator>(const Ending& a, const Ending& b) { return a.step > b.step; }
    };
    static constexpr std::uint32_t kNone = 0xffffffff;

    template <class Self, class Archive>
    static void serialize(Self& self, Archive& archive);
    void call_for(std::uint32_t index) const {
        __builtin_prefetch(&slots_[index], 1);
        __builtin_prefetch(&slots_[index].since, 1);
    }
    [[nodiscard]] std::int64_t blocks_for(std::int64_t tokens) const;
    [[nodiscard]] std::int32_t& needing_at(std::int64_t step) { return needing_block_[residue(step)]; }
    [[nodiscard]] std::int64_t blocks_needed(std::int64_t from_step, std::int64_t steps) const;
    [[nodiscard]] std::int64_t computed_now(const Slot& slot) const;
    [[nodiscard]] std::int64_t generated_now(const Slot& slot) const;

    void give_blocks_in_order(SimTime now);
    void continue_prefill(std::int64_t& budget, SimTime now);
    [[nodiscard]] bool make_room_for_prefill(std::int64_t blocks, SimTime now);
    void admit(std::int64_t& budget, SimTime now);
    void add_chunk(std::uint32_t index, std::int64_t tokens);
    void preempt(std::uint32_t index, SimTime now, bool has_block_of_step);
    [[nodiscard]] bool gives_way_before(std::uint32_t a, std::uint32_t b) const;
    void describe_step();
    [[nodiscard]] std::int64_t find_steady_steps();

    void complete_chunks(SimTime end, StepOutcome& outcome);
    void start_decoding(std::uint32_t index);
    void stop_decoding(Slot& slot);
    void finish(std::uint32_t index, SimTime end, StepOutcome& outcome);
    void end_by_patience(std::uint32_t index, SimTime end, StepOutcome& outcome);
    void take_out(std::uint32_t index, StepOutcome& outcome);
    [[nodiscard]] SimTime client_leaves_at(const Request& request) const;
    void drop_stale_endings();
    void note_peak();

    [[nodiscard]] static std::int64_t tokens_to_come(const Slot& slot) {
        return std::int64_t{slot.served.request.output_tokens} - slot.served.generated;
    }
    void push_waiting(std::uint32_t index, bool at_head);
    void link_back(std::uint32_t index, bool at_head);
    void leave_queue(std::uint32_t index);
    [[nodiscard]] std::uint32_t first_waiting() const;
    void admit_first();
    void free_slot(std::uint32_t index);
    [[nodiscard]] std::size_t residue(std::int64_t step) const;
    [[nodiscard]] std::vector<std::uint32_t> running_in_order() const;

    // What each visit touches comes first and together; of the vectors, mostly the first lines of what they point to.
    std::int64_t step_ = 0;
    std::int64_t free_blocks_ = 0;
    std::int64_t decodes_ = 0;
    std::int64_t decode_tokens_ = 0;  ///< tokens in KV of all decodes
    std::int64_t steady_steps_ = 0;
    std::int64_t peak_blocks_ = 0;
    std::int64_t residue_mask_ = -1;            ///< block size - 1 where it is a power of two, else -1
    std::int64_t soonest_chunk_ = INT64_MAX;    ///< least number of tokens that a request of `chunks_` has to come
    std::int64_t soonest_waiting_ = INT64_MAX;  ///< likewise of all that have waited since last nobody did
    std::uint32_t running_ = 0;
    std::uint32_t waiting_ = 0;
    std::uint32_t first_waiting_ = kNone;
    std::uint32_t last_waiting_ = kNone;
    std::uint32_t first_free_ = kNone;
    std::uint32_t prefilling_ = kNone;     ///< the one request in the middle of its prompt
    std::uint32_t stale_endings_ = 0;      ///< entries of `endings_` that mean nothing any more
    bool has_preempted_ = false;           ///< in the step being formed
    std::unique_ptr<OrderedQueue> queue_;  ///< of those who wait; null where the plain list through the slots will do
    /// When word comes that the client of a request has given up; null where none does.
    std::unique_ptr<DeadlineHeap> patience_;
    std::vector<Slot> slots_;
    std::vector<Ending> endings_;
    std::vector<std::int32_t> needing_block_;  ///< decodes by step (modulo the block size) at which they need a block
    std::vector<timing::PrefillChunk> chunks_;
    std::vector<std::uint32_t> chunk_slots_;
    timing::BatchShape shape_;
    std::uint64_t admissions_ = 0;
    SchedulerLimits limits_;
    VllmV1Options options_;
    std::int64_t preemptions_ = 0;
    /// By slot, who waits before it in the plain list, so that one can leave it; kept beside patience_ only.
    std::vector<std::uint32_t> previous_;
};

}  // namespace regatta::serving
