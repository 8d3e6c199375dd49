#include "workload/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

constexpr std::size_t kMostStretches = 100'000;

}  // namespace

std::uint32_t LengthCounts::quantile(double fraction) const {
    std::uint64_t count = 0;
    for (const auto& [tokens, occurrences] : counts_)
        count += occurrences;
    const double wanted = std::ceil(fraction * static_cast<double>(count));
    std::uint64_t reached = 0;
    for (const auto& [tokens, occurrences] : counts_) {
        reached += occurrences;
        if (static_cast<double>(reached) >= wanted) return tokens;
    }
    return most();
}

void RequestMix::add(const Request& request) {
    const double prompt = request.prompt_tokens;
    const double output = request.output_tokens;
    ++requests;
    prompt_tokens += prompt;
    output_tokens += output;
    prompt_tokens_squared += prompt * prompt;
    prompt_times_output += prompt * output;
    output_tokens_squared += output * output;
}

RequestMix RequestMix::part(double fraction) const {
    return {.requests = static_cast<std::uint64_t>(std::llround(static_cast<double>(requests) * fraction)),
            .prompt_tokens = prompt_tokens * fraction,
            .output_tokens = output_tokens * fraction,
            .prompt_tokens_squared = prompt_tokens_squared * fraction,
            .prompt_times_output = prompt_times_output * fraction,
            .output_tokens_squared = output_tokens_squared * fraction};
}

RequestMix& RequestMix::operator+=(const RequestMix& other) {
    requests += other.requests;
    prompt_tokens += other.prompt_tokens;
    output_tokens += other.output_tokens;
    prompt_tokens_squared += other.prompt_tokens_squared;
    prompt_times_output += other.prompt_times_output;
    output_tokens_squared += other.output_tokens_squared;
    return *this;
}

void StreamSurvey::add(const Request& request) {
    const auto stretch = static_cast<std::size_t>(request.arrival.ns() / every_.ns());
    if (stretch >= kMostStretches)
        throw InputError(
            fmt::format("a request arrives after {:g} s: more than {} stretches of {:g} s; expected longer "
                        "ones (--every)",
                        request.arrival.seconds(), kMostStretches, every_.seconds()));
    if (stretch >= per_stretch_.size()) per_stretch_.resize(stretch + 1, 0);
    ++per_stretch_[stretch];
    mix_.add(request);
    prompts_.add(request.prompt_tokens);
    outputs_.add(request.output_tokens);
    first_arrival_ = std::min(first_arrival_, request.arrival);
    last_arrival_ = std::max(last_arrival_, request.arrival);
}

}  // namespace regatta::workload
