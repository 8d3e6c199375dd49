#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "regatta/serving/records.hpp"

namespace regatta::results {

/// Who took part in each iteration of a run under `compat: scratchpad`, which steps do not tell: a request is in the
/// batch of its replica from its prefill to the iteration that it ends with, in order of prefills.
class ScratchpadIterations {
public:
    /// `requests` must outlive it.
    explicit ScratchpadIterations(std::span<const serving::RequestRecord> requests);

    /// Steps of a replica come in order of time. Valid until the next call.
    [[nodiscard]] std::span<const serving::RequestRecord* const> participants(const serving::StepRecord& step);
    /// Iterations so far in which some of the batch were left out: the last ones, unless they hold no blocks.
    [[nodiscard]] std::int64_t unclear() const { return unclear_; }

private:
    struct Replica {
        std::vector<const serving::RequestRecord*> served;  ///< in order of their prefills
        std::size_t next = 0;                               ///< not in the batch yet
        std::vector<const serving::RequestRecord*> batch;
    };
    std::map<std::uint32_t, Replica> replicas_;
    std::int64_t unclear_ = 0;
};

}  // namespace regatta::results
