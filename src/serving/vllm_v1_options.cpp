#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "serving/vllm_v1.hpp"
#include "serving/vllm_v1_stepwise.hpp"

namespace regatta::serving {

std::vector<Parameter> vllm_v1_parameters() {
    return {
        {.key = "chunk_tokens",
         .kind = ParameterKind::Count,
         .default_text = "2048",
         .least = 1,
         .most = 1e6,
         .sentence = "token budget of a step: longer prompts are computed in chunks; not below max_running"},
        {.key = "max_running",
         .kind = ParameterKind::Count,
         .default_text = "256",
         .least = 1,
         .most = 65536,
         .sentence = "most sequences in a batch"},
    };
}

std::unique_ptr<ReplicaScheduler> make_vllm_v1(const SchedulerLimits& limits, const Parameters& parameters,
                                               Stepping stepping) {
    const VllmV1Options options{.chunk_tokens = parameters.count("chunk_tokens"),
                                .max_running = parameters.count("max_running")};
    // Each running request gets its token in every step, so the budget must cover them all.
    if (options.chunk_tokens < options.max_running)
        throw InputError(fmt::format("chunk_tokens: {} is less than max_running; expected at least {}",
                                     options.chunk_tokens, options.max_running));
    if (stepping == Stepping::Stepwise) return std::make_unique<VllmV1Stepwise>(limits, options);
    return std::make_unique<VllmV1>(limits, options);
}

}  // namespace regatta::serving
