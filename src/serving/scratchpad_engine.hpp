#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regatta/serving/records.hpp"

namespace regatta::serving {

/// A request as the Scratchpad simulator follows it: times are double seconds there, kNotYet where it did not get.
struct ScratchpadRequest {
    static constexpr double kNotYet = -1;

    std::uint64_t line = 0;  ///< of the trace: its number
    double arrival_s = 0;
    std::int64_t prompt_tokens = 1;
    std::int64_t output_tokens = 1;
    std::uint16_t model = 0;
    std::uint16_t stream = 0;

    std::int64_t generated = 0;  ///< tokens of the iterations begun so far: what decisions go by
    std::int64_t blocks = 0;     ///< of the KV cache, held
    double received_s = kNotYet;
    double start_s = kNotYet;  ///< of its prefill
    double prefill_end_s = kNotYet;
    double end_s = kNotYet;
    double last_token_s = kNotYet;       ///< end of the last iteration that it took part in: kept by who records
    std::int64_t produced = 0;           ///< tokens that were there before the run ended: likewise
    std::uint32_t replica = kNoReplica;  ///< where it is, or was last
    std::uint32_t node = 0;              ///< index
    bool is_lost = false;                ///< nobody will serve it
};

/// Durations of iterations [s].
class ScratchpadTimes {
public:
    virtual ~ScratchpadTimes() = default;
    /// Of a prompt alone.
    [[nodiscard]] virtual double prefill_s(std::int64_t prompt_tokens) const = 0;
    /// Of a batch of `sequences`, as if each had a context of so many tokens.
    [[nodiscard]] virtual double decode_s(std::int64_t context_tokens, std::int64_t sequences) const = 0;
};

/// What a step of an engine did. Spans hold until its next step.
struct ScratchpadIteration {
    enum class Kind { None, Prefill, Decode };

    Kind kind = Kind::None;  ///< None: there was nothing to do, or no room to do it
    double asked_s = 0;      ///< when the engine was asked: what that simulator's own trace shows
    double start_s = 0;
    double end_s = 0;
    std::int64_t used_blocks = 0;   ///< before what is finished gives back its own
    std::int64_t blocks_after = 0;  ///< and then
    // Tokens of requests in the batch, likewise.
    std::int64_t cached_tokens = 0;
    std::int64_t tokens_after = 0;
    // What its duration is that of: a prompt, or a batch of so many with so long a context.
    std::int64_t priced_tokens = 0;
    std::int64_t priced_sequences = 1;
    std::span<ScratchpadRequest* const> participants = {};
    std::span<ScratchpadRequest* const> finished = {};  ///< decode only: of the participants
};

/// One engine of the Scratchpad simulator (commit cad53ea) with its queue, batch and KV blocks, as they are: one prompt
/// at a time and before all decodes; decodes all together, priced by the longest; KV blocks by what is generated,
/// prompts left out; what finishes leaves when its last iteration begins. docs/guide/coming-from-scratchpad.md lists
/// what is odd about it.
///
/// Requests belong to the caller and must stay where they are while the engine has them.
class ScratchpadEngine {
public:
    static constexpr std::int64_t kBlockTokens = 16;

    /// `times` must outlive the engine. `max_blocks` 0: nothing ever fits.
    ScratchpadEngine(const ScratchpadTimes& times, std::int64_t max_blocks) : times_(&times), max_blocks_(max_blocks) {}

    void add(ScratchpadRequest& request) {
        waiting_.push_back(&request);
        is_stuck_ = false;
    }
    /// Does one thing at `now_s` >= the end of the iteration before.
    ScratchpadIteration step(double now_s);

    /// Another step would do nothing, however much later, unless something is added.
    [[nodiscard]] bool is_at_rest() const { return is_stuck_ || (waiting_.empty() && running_.empty()); }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    [[nodiscard]] std::size_t running() const { return running_.size(); }
    [[nodiscard]] std::int64_t used_blocks() const { return used_blocks_; }
    [[nodiscard]] std::int64_t max_blocks() const { return max_blocks_; }
    /// Everything that is here leaves it unfinished: first what runs, then what waits.
    [[nodiscard]] std::vector<ScratchpadRequest*> give_up();

private:
    [[nodiscard]] bool has_room(const ScratchpadRequest& request) const;
    void allocate(ScratchpadRequest& request);
    void release(ScratchpadRequest& request);
    ScratchpadIteration prefill(std::size_t place, double now_s);
    ScratchpadIteration decode(double now_s);

    const ScratchpadTimes* times_;
    std::int64_t max_blocks_;
    std::int64_t used_blocks_ = 0;
    std::int64_t cached_tokens_ = 0;
    bool is_stuck_ = false;
    std::vector<ScratchpadRequest*> waiting_;  ///< first come first
    std::vector<ScratchpadRequest*> running_;  ///< in the order of their prefills
    std::vector<ScratchpadRequest*> participants_;
    std::vector<ScratchpadRequest*> finished_;
};

}  // namespace regatta::serving
