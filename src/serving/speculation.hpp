#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/serving/replica_scheduler.hpp"

namespace regatta::serving {

/// Speculative decoding: in each step every decode gets `tokens` proposals, checks them all, and keeps those before the
/// first wrong one and a token of its own.
/// Source: Leviathan, Kalman, Matias, "Fast Inference from Transformers via Speculative Decoding", arXiv:2211.17192.
struct Speculation {
    std::int64_t tokens = 0;  ///< proposed for each decode and step
    /// Element i: the probability that more than i proposals are right. Does not rise; as many elements as proposals.
    std::vector<double> reach;
    std::uint64_t seed = 0;

    /// Proposals that are right for a request with so many tokens of its answer: the same whoever asks, and whenever.
    [[nodiscard]] std::int64_t accepted(RequestId request, std::int64_t generated) const;
    /// Tokens that a step brings a decode on average.
    [[nodiscard]] double tokens_per_step() const;
};

/// `chances`: that a proposal is right if all before it are, one for all positions or one for each.
[[nodiscard]] std::vector<double> reach_of_chances(const std::vector<double>& chances, std::int64_t tokens);
/// `weights`: how often 0, 1, ... proposals are right; need not add up to 1.
[[nodiscard]] std::vector<double> reach_of_counts(const std::vector<double>& weights);

/// Counts the tokens beyond one for each decode, which come with no gap before them, and clears them.
void tell_extra_tokens(StepOutcome& outcome, ReplicaRecord& sums, RecordSink& sink);

}  // namespace regatta::serving
