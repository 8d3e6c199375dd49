#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::workload {

/// How often each length occurred: memory follows the number of different lengths.
class LengthCounts {
public:
    void add(std::uint32_t tokens) { ++counts_[tokens]; }
    /// The shortest length that at least `fraction` of all do not exceed; 0 when there are none.
    [[nodiscard]] std::uint32_t quantile(double fraction) const;
    [[nodiscard]] std::uint32_t most() const { return counts_.empty() ? 0 : counts_.rbegin()->first; }

private:
    std::map<std::uint32_t, std::uint64_t> counts_;
};

/// What a fleet's capacity depends on, as sums over requests.
struct RequestMix {
    std::uint64_t requests = 0;
    double prompt_tokens = 0;
    double output_tokens = 0;
    double prompt_tokens_squared = 0;
    double prompt_times_output = 0;
    double output_tokens_squared = 0;

    void add(const Request& request);
    RequestMix& operator+=(const RequestMix& other);
    /// Every so many of these requests, of the same mix: all of them for a fraction of 1.
    [[nodiscard]] RequestMix part(double fraction) const;
    [[nodiscard]] double mean_prompt() const { return prompt_tokens / static_cast<double>(requests); }
    [[nodiscard]] double mean_output() const { return output_tokens / static_cast<double>(requests); }
};

/// The requests of one stream, looked at one by one in order of arrival.
class StreamSurvey {
public:
    /// Requests are counted per stretch of `every`, from 0 on.
    explicit StreamSurvey(SimTime every) : every_(every) {}

    /// Throws InputError when there are more stretches than anybody could read.
    void add(const Request& request);

    [[nodiscard]] const RequestMix& mix() const { return mix_; }
    [[nodiscard]] const LengthCounts& prompts() const { return prompts_; }
    [[nodiscard]] const LengthCounts& outputs() const { return outputs_; }
    [[nodiscard]] SimTime first_arrival() const { return first_arrival_; }
    [[nodiscard]] SimTime last_arrival() const { return last_arrival_; }
    /// Requests in [i every, (i + 1) every); up to the last one that has any.
    [[nodiscard]] const std::vector<std::uint64_t>& per_stretch() const { return per_stretch_; }

private:
    SimTime every_;
    RequestMix mix_;
    LengthCounts prompts_;
    LengthCounts outputs_;
    SimTime first_arrival_ = SimTime::never();
    SimTime last_arrival_;
    std::vector<std::uint64_t> per_stretch_;
};

}  // namespace regatta::workload
