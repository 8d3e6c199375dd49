#include "serving/registry.hpp"

#include "serving/replica_scheduler.hpp"
#include "serving/vllm_v1.hpp"

namespace regatta::serving {

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
