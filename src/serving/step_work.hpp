#pragma once

#include <cstdint>

#include "regatta/llm/work.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::serving {

/// Counts what the steps of a run compute and move. In integers: a run counts the same whole as step by step.
class StepWork {
public:
    /// A run begins whose steps have this shape; decodes grow by a token from step to step, and a run with prefill
    /// chunks has one step.
    void start(const timing::BatchShape& shape, const llm::WorkFacts& facts);
    /// Adds the first `steps` steps of the run. `context_tokens`: the decodes' context sum at the first of them.
    void add_to(ReplicaRecord& sums, std::int64_t steps, std::int64_t decodes, std::int64_t context_tokens,
                const llm::WorkFacts& facts) const;

    [[nodiscard]] std::int64_t prefill_tokens() const { return prefill_tokens_; }
    [[nodiscard]] std::int64_t sequences() const { return sequences_; }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& sequences_& samples_& prefill_tokens_& attended_& window_attended_& kv_& window_kv_& experts_1024_;
    }

private:
    std::int64_t sequences_ = 0;
    std::int64_t samples_ = 0;
    // Of the prefill chunks alone; see ReplicaRecord.
    std::int64_t prefill_tokens_ = 0;
    std::int64_t attended_ = 0;
    std::int64_t window_attended_ = 0;
    std::int64_t kv_ = 0;
    std::int64_t window_kv_ = 0;
    std::int64_t experts_1024_ = 0;  ///< of the whole step
};

}  // namespace regatta::serving
