#include "regatta/serving/registry.hpp"

#include "regatta/serving/replica_scheduler.hpp"
#include "serving/vllm_v1.hpp"

namespace regatta::serving {

StreamTerms terms_of(const Request& request, std::span<const StreamTerms> streams) {
    return request.stream.index() < streams.size() ? streams[request.stream.index()] : StreamTerms{};
}

SchedulerRegistry built_in_schedulers() {
    return SchedulerRegistry({
        {.name = "vllm_v1",
         .sentence = "continuous batching by the rules of vLLM v1: running first, chunked prefill; waiting ones by the "
                     "order that is "
                     "chosen",
         .parameters = vllm_v1_parameters(),
         .make = make_vllm_v1},
    });
}

}  // namespace regatta::serving
