#pragma once

#include <cstdint>
#include <string>

#include "scenario/scenario.hpp"
#include "workload/survey.hpp"

namespace regatta::scenario {

/// What a pool can carry of a mix of requests when it is never short of work: docs/model/offered-load.md.
struct PoolCapacity {
    double requests_per_s = 0;
    double prompt_tokens_per_s = 0;
    double output_tokens_per_s = 0;
    /// Of the best batch, on each replica.
    std::int64_t decodes = 0;
    std::int64_t prefill_tokens = 0;
    double step_s = 0;  ///< of a pipeline, its slowest stage's
    std::string bound;  ///< what keeps the batch from growing: "chunk_tokens", "max_running" or "KV cache"
};

/// `mix` has at least one request.
[[nodiscard]] PoolCapacity capacity_of(const Pool& pool, const workload::RequestMix& mix);

}  // namespace regatta::scenario
