#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "regatta/serving/registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "serving/deadline_heap.hpp"

namespace regatta::serving {

/// What the schedulers that Vidur models have in common: a queue of those who wait, a list of those who hold KV blocks
/// and are ready for the next batch, and the batches in flight, at most one for each stage of a pipeline. A request in
/// flight is in no other batch. Policies say what goes into a batch.
/// Source of the rules: vidur/scheduler/replica_scheduler/ of microsoft/vidur 7d47513.
///
/// A batch costs time in proportion to its requests when it is formed and when a run of it ends, not for each step in
/// between: while it only decodes and holds all there are, its composition stays until one completes, blocks run short,
/// or the policy would look at its queue again.
class Batching : public ReplicaScheduler {
public:
    [[nodiscard]] bool accepts(const Request& request) const override;
    void enqueue(const Request& request, SimTime received) override;
    [[nodiscard]] bool form_batch(SimTime now) final;
    [[nodiscard]] const timing::BatchShape& shape() const final { return shape_; }
    [[nodiscard]] std::int64_t steady_steps() const final { return steady_steps_; }
    void complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) final;
    [[nodiscard]] Soonest soonest_completion() const final;
    [[nodiscard]] std::int64_t soonest_in_flight(std::size_t batch) const final {
        return flight_[(oldest_ + batch) % flight_.size()].least_to_come;
    }
    [[nodiscard]] bool has_deadlines() const final { return patience_ != nullptr; }
    [[nodiscard]] SimTime soonest_abort() const final;
    [[nodiscard]] bool abort(SimTime now, StepOutcome& outcome) final;
    void keep_batch() final;
    [[nodiscard]] QueueState queue_state() const final {
        return {static_cast<std::int64_t>(waiting_.size()), running_};
    }
    [[nodiscard]] std::int64_t kv_blocks_used(std::int64_t steps) const final;
    [[nodiscard]] std::int64_t kv_tokens(std::int64_t steps) const final;
    [[nodiscard]] std::int64_t kv_blocks_peak() const final { return peak_blocks_; }
    [[nodiscard]] std::int64_t preemptions() const final { return preemptions_; }
    void for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const final;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

protected:
    enum class Stage : std::uint8_t { Free, Waiting, Running };
    /// What each step looks at of a request, in one cache line; the rest is in `served_`.
    struct alignas(64) Slot {
        std::int64_t prompt = 0;  ///< tokens to compute before the next one is sampled: with the answer, if preempted
        std::int64_t target = 0;  ///< prompt and answer
        /// Tokens computed, and once the prompt is computed also the newest, which is not: above `prompt` from then on.
        std::int64_t done = 0;
        std::int64_t blocks = 0;
        SimTime last_token = SimTime::never();
        SimTime arrival;              ///< at the gateway
        std::uint64_t admission = 0;  ///< of a running one: counts up over the run, so that it gives their order
        Stage stage = Stage::Free;
        bool is_in_flight = false;
        bool is_leaving = false;  ///< its client has given up, and it leaves with the batch that it is in

        [[nodiscard]] bool is_prefilled() const { return done > prompt; }
        /// Tokens with keys and values in the cache.
        [[nodiscard]] std::int64_t computed() const { return is_prefilled() ? done - 1 : done; }
        [[nodiscard]] std::int64_t tokens_to_come() const { return target - std::max(done, prompt); }
        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& prompt& target& done& blocks& last_token& arrival& admission& stage& is_in_flight& is_leaving;
        }
    };
    static_assert(sizeof(Slot) == 64);
    struct Piece {
        std::uint32_t slot = 0;
        std::uint32_t tokens = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& slot& tokens;
        }
    };
    struct Batch {
        std::vector<Piece> pieces;
        SimTime formed;
        std::int64_t kept_blocks = 0;            ///< of requests that ended while others of their batch go on
        std::int64_t least_to_come = INT64_MAX;  ///< batches until one in it may complete

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& pieces& formed& kept_blocks& least_to_come;
        }
    };

    explicit Batching(const SchedulerLimits& limits);

    /// Adds to the batch being formed what goes into it, and takes its blocks.
    virtual void form() = 0;
    /// All steps of the batch that has ended have been counted; what is left of it goes on.
    virtual void put_back(Batch& batch);
    /// The batch that put_back got, once more: all there is.
    virtual void take_again();
    /// Nobody who could be in the next batch is outside of the one just formed.
    [[nodiscard]] virtual bool is_whole() const { return ready_.empty(); }
    /// For how many steps the policy leaves its queue alone, given that no blocks become free.
    [[nodiscard]] virtual std::int64_t steps_before_next_look() const { return INT64_MAX; }
    /// So many formings of the same batch were skipped.
    virtual void skipped(std::int64_t /*steps*/) {}
    /// Blocks that a request needs to be served at all, and to get back in after a preemption.
    [[nodiscard]] virtual std::int64_t blocks_to_serve(const Request& request) const;
    /// Blocks of one that has ended; the batch it was in goes on or not.
    virtual void release(Batch& batch, std::int64_t blocks);
    /// The fewest batches until one may complete of those who run but are not in the batch just formed.
    [[nodiscard]] virtual std::int64_t least_to_come_outside() const { return least_ready_; }
    /// A request that runs and is not in flight leaves.
    virtual void forget(std::uint32_t index);

    void add(std::uint32_t index, std::int64_t tokens);
    [[nodiscard]] std::int64_t batch_size() const { return std::ssize(forming_->pieces); }
    /// The first of those who wait comes in and gets its blocks.
    std::uint32_t admit_first(std::int64_t blocks);
    [[nodiscard]] Slot& slot(std::uint32_t index) { return slots_[index]; }
    [[nodiscard]] const Slot& slot(std::uint32_t index) const { return slots_[index]; }
    [[nodiscard]] std::int64_t blocks_for(std::int64_t tokens) const {
        return (tokens + limits_.block_tokens - 1) / limits_.block_tokens;
    }
    [[nodiscard]] std::int64_t free_blocks() const { return limits_.kv_blocks - used_blocks_; }
    void take_blocks(Slot& slot, std::int64_t blocks) {
        slot.blocks += blocks;
        used_blocks_ += blocks;
    }
    [[nodiscard]] bool was_preempted(std::uint32_t index) const { return served_[index].preemptions > 0; }
    /// Before it is looked at.
    void call_for(std::uint32_t index) const { __builtin_prefetch(&slots_[index], 1); }
    void preempt(std::uint32_t index);
    /// Somebody admitted after this one is in a batch of another stage.
    [[nodiscard]] bool has_later_in_flight(std::uint32_t index) const;
    void sort_by_arrival(std::vector<std::uint32_t>& indices) const;
    [[nodiscard]] std::int64_t running() const { return running_; }
    /// In how many batches it may be complete.
    [[nodiscard]] std::int64_t batches_to_come(const Slot& slot) const {
        if (slot.is_leaving) return 1;
        const std::int64_t tokens = slot.tokens_to_come();
        if (lookahead_ == 0) return tokens;
        // The batch that completes the prompt brings one token.
        return slot.is_prefilled() ? (tokens + lookahead_) / (1 + lookahead_)
                                   : 1 + (tokens - 1 + lookahead_) / (1 + lookahead_);
    }
    /// Blocks that a decode must have for its next batch, proposed tokens included.
    [[nodiscard]] std::int64_t blocks_of_decode(const Slot& slot) const { return blocks_for(slot.done + lookahead_); }

    const SchedulerLimits limits_;
    std::deque<std::uint32_t> waiting_;
    std::vector<std::uint32_t> ready_;  ///< hold blocks and are in no batch, in the order in which they came back
    Batch* forming_ = nullptr;
    std::int64_t used_blocks_ = 0;
    const std::int64_t lookahead_;  ///< tokens proposed to each decode
    bool grows_ = true;             ///< blocks follow the tokens; else they are reserved

private:
    void describe(Batch& batch);
    void find_steady_steps(const Batch& batch);
    void grow(const Batch& batch, std::int64_t steps);
    [[nodiscard]] bool may_fall_asleep() const;
    void accept_proposals(std::uint32_t index, StepOutcome& outcome);
    [[nodiscard]] const ServedRequest& up_to_date(std::uint32_t index);
    [[nodiscard]] std::int64_t generated(std::uint32_t index) const;
    void end_request(Batch& batch, std::uint32_t index, SimTime end, StepOutcome& outcome);
    void free_slot(std::uint32_t index);
    void note_peak() { peak_blocks_ = std::max(peak_blocks_, used_blocks_); }
    [[nodiscard]] Batch& newest();
    [[nodiscard]] SimTime client_leaves_at(const Request& request) const;

    std::vector<Slot> slots_;
    std::vector<ServedRequest> served_;  ///< by slot; tokens generated are up to date only once it is told
    std::vector<std::uint32_t> free_slots_;
    std::vector<Batch> flight_;  ///< as many as there are stages: a ring
    std::size_t oldest_ = 0;
    std::size_t in_flight_ = 0;
    timing::BatchShape shape_;
    std::vector<timing::PrefillChunk> chunks_;
    std::int64_t steady_steps_ = 0;
    std::int64_t running_ = 0;
    std::uint64_t admissions_ = 0;
    std::int64_t preemptions_ = 0;
    std::int64_t peak_blocks_ = 0;
    std::int64_t least_outside_ = INT64_MAX;  ///< batches to come of one outside of the newest
    std::int64_t least_ready_ = INT64_MAX;    ///< of those in ready_, or less
    std::int64_t kv_tokens_ = 0;
    std::int64_t least_waiting_ = INT64_MAX;  ///< of all who have waited since last nobody did
    /// When word comes that the client of a request has given up; null where none does.
    std::unique_ptr<DeadlineHeap> patience_;
};

}  // namespace regatta::serving
