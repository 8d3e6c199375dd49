#pragma once

#include <cstdint>

#include "regatta/llm/work.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::serving {

/// Counts what the steps of a replica compute and move. In integers: a run counts the same whole as step by step.
///
/// Most runs only decode, and there are many of them: what decodes alone contribute follows from one sum of their
/// contexts and is added once, in finish().
class StepWork {
public:
    /// A run begins whose steps have this shape; decodes grow by a token from step to step, and a run with prefill
    /// chunks has one step.
    void start(const timing::BatchShape& shape, const llm::WorkFacts& facts) {
        has_chunks_ = !shape.prefills.empty();
        if (has_chunks_ || facts.window_tokens > 0 || facts.experts > 0) start_special(shape, facts);
    }
    /// Goes on with a run that `other` began.
    void resume(const StepWork& other) {
        const std::int64_t decode_context = decode_context_;
        *this = other;
        decode_context_ = decode_context;
    }
    /// Adds the first `steps` steps of the run. `context_tokens`: the decodes' context sum at the first of them.
    void add_to(ReplicaRecord& sums, std::int64_t steps, std::int64_t decodes, std::int64_t context_tokens,
                const llm::WorkFacts& facts) {
        decode_context_ += steps * context_tokens + decodes * (steps * (steps - 1) / 2);
        if (has_chunks_ || facts.window_tokens > 0 || facts.experts > 0)
            add_special(sums, steps, decodes, context_tokens, facts);
    }
    /// Completes `sums`, whose decode_tokens are all there.
    void finish(ReplicaRecord& sums) const {
        sums.sequences += sums.decode_tokens;
        sums.samples += sums.decode_tokens;
        sums.attended_tokens += decode_context_;
        // Each decode reads its context and writes its own token, which the context counts.
        sums.moved_kv_tokens += decode_context_;
    }

    /// Of the run.
    [[nodiscard]] std::int64_t prefills() const { return has_chunks_ ? prefills_ : 0; }
    [[nodiscard]] std::int64_t prefill_tokens() const { return has_chunks_ ? prefill_tokens_ : 0; }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& decode_context_& has_chunks_& prefills_& prefill_samples_& prefill_tokens_& attended_;
        archive& window_attended_& moved_kv_& window_moved_kv_& experts_1024_;
    }

private:
    void start_special(const timing::BatchShape& shape, const llm::WorkFacts& facts);
    void add_special(ReplicaRecord& sums, std::int64_t steps, std::int64_t decodes, std::int64_t context_tokens,
                     const llm::WorkFacts& facts) const;

    std::int64_t decode_context_ = 0;  ///< of all decodes so far
    // What follows is of the run, and of its prefill chunks alone unless said otherwise; see ReplicaRecord.
    bool has_chunks_ = false;
    std::int64_t prefills_ = 0;
    std::int64_t prefill_samples_ = 0;
    std::int64_t prefill_tokens_ = 0;
    std::int64_t attended_ = 0;
    std::int64_t window_attended_ = 0;
    std::int64_t moved_kv_ = 0;
    std::int64_t window_moved_kv_ = 0;
    std::int64_t experts_1024_ = 0;  ///< of the whole step
};

}  // namespace regatta::serving
