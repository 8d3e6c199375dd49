#include "regatta/serving/registry.hpp"

#include "regatta/serving/replica_scheduler.hpp"
#include "serving/lightllm.hpp"
#include "serving/paged_batching.hpp"
#include "serving/reserving.hpp"
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
        {.name = "vllm",
         .sentence = "vLLM's first scheduler (v0): batches of whole prompts, which go first, or of decodes",
         .parameters = vllm_v0_parameters(),
         .make = make_vllm_v0},
        {.name = "sarathi",
         .sentence = "Sarathi-Serve: batches of decodes, filled up with pieces of prompts",
         .parameters = sarathi_parameters(),
         .make = make_sarathi},
        {.name = "orca",
         .sentence = "Orca: decodes and whole prompts together; KV memory of the longest sequence is reserved for each",
         .parameters = reserving_parameters(),
         .make = make_orca},
        {.name = "lightllm",
         .sentence = "LightLLM: KV memory by the token, prompts let in only when all answers are sure to fit",
         .parameters = lightllm_parameters(),
         .make = make_lightllm},
        {.name = "faster_transformer",
         .sentence = "FasterTransformer: a batch stays together until its last answer is complete",
         .parameters = reserving_parameters(),
         .make = make_faster_transformer},
    });
}

}  // namespace regatta::serving
