#include "serving/speculation.hpp"

#include <numeric>

#include "regatta/base/random.hpp"

namespace regatta::serving {

std::int64_t Speculation::accepted(RequestId request, std::int64_t generated) const {
    const double drawn =
        uniform_open(seed, RandomPurpose::Acceptance, request.value(), static_cast<std::uint64_t>(generated));
    std::int64_t right = 0;
    while (right < tokens && drawn < reach[static_cast<std::size_t>(right)])
        ++right;
    return right;
}

double Speculation::tokens_per_step() const {
    return std::accumulate(reach.begin(), reach.end(), 1.0);
}

std::vector<double> reach_of_chances(const std::vector<double>& chances, std::int64_t tokens) {
    std::vector<double> reach;
    double all = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tokens); ++i) {
        all *= chances.size() == 1 ? chances.front() : chances.at(i);
        reach.push_back(all);
    }
    return reach;
}

std::vector<double> reach_of_counts(const std::vector<double>& weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> reach;
    double left = sum;
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
        left -= weights[i];
        reach.push_back(left / sum);
    }
    return reach;
}

void tell_extra_tokens(StepOutcome& outcome, ReplicaRecord& sums, RecordSink& sink) {
    const std::int64_t extra = outcome.extra_tokens;
    outcome.extra_tokens = 0;
    sums.decode_tokens += extra;
    sums.sequences -= extra;  // one is counted for each token of a decode in the end
    sink.inter_token_gaps(PoolId(static_cast<std::uint16_t>(sums.pool)), SimTime(), extra, SimTime());
}

}  // namespace regatta::serving
