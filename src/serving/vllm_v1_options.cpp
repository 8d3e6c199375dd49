#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "serving/vllm_v1.hpp"
#include "serving/vllm_v1_stepwise.hpp"

namespace regatta::serving {

namespace {

QueueOrder order_named(const std::string& name) {
    if (name == "priority") return QueueOrder::Priority;
    return name == "shortest_first" ? QueueOrder::ShortestFirst : QueueOrder::Fcfs;
}

/// By class; empty when none is limited.
std::vector<std::int64_t> limits_by_class(const std::vector<std::pair<std::string, std::int64_t>>& given,
                                          std::span<const std::string> classes) {
    std::vector<std::int64_t> limits;
    for (const auto& [name, limit] : given) {
        const auto found = std::find(classes.begin(), classes.end(), name);
        if (found == classes.end()) {
            std::string known;
            for (const std::string& one : classes)
                known += (known.empty() ? "" : ", ") + one;
            throw InputError(fmt::format("class_limits: no stream has the class \"{}\"; allowed: {}{}", name, known,
                                         did_you_mean(name, {classes.begin(), classes.end()})));
        }
        limits.resize(classes.size(), INT64_MAX);
        limits[static_cast<std::size_t>(found - classes.begin())] = limit;
    }
    return limits;
}

}  // namespace

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
        {.key = "order",
         .kind = ParameterKind::Word,
         .default_text = "fcfs",
         .choices = {"fcfs", "priority", "shortest_first"},
         .sentence = "who waits goes in by arrival, by the stream's priority (smaller first, who then also gives way "
                     "last), or by the length of the prompt"},
        {.key = "max_waiting",
         .kind = ParameterKind::Duration,
         .least = 1e-9,
         .sentence = "a request that is in no batch so long after it came to the replica is given up; none: never"},
        {.key = "class_limits",
         .kind = ParameterKind::Counts,
         .default_text = "{}",
         .least = 1,
         .most = 65536,
         .sentence =
             "most sequences in a batch by class of the stream, such as {batch: 8}; others pass who has to wait "
             "for this"},
    };
}

std::unique_ptr<ReplicaScheduler> make_vllm_v1(const SchedulerLimits& limits, const Parameters& parameters,
                                               Stepping stepping) {
    VllmV1Options options{.chunk_tokens = parameters.count("chunk_tokens"),
                          .max_running = parameters.count("max_running")};
    options.queue.order = order_named(parameters.word("order"));
    if (parameters.has("max_waiting")) options.queue.max_waiting = parameters.duration("max_waiting");
    options.queue.class_limits = limits_by_class(parameters.counts("class_limits"), limits.classes);
    if (limits.pipeline_stages != 1)
        throw InputError(
            "policy: vllm_v1 has no pipelines yet; expected parallel.pp: 1, or vllm, sarathi, orca or "
            "faster_transformer");
    // Each running request gets its token in every step, so the budget must cover them all.
    if (options.chunk_tokens < options.max_running)
        throw InputError(fmt::format("chunk_tokens: {} is less than max_running; expected at least {}",
                                     options.chunk_tokens, options.max_running));
    if (stepping == Stepping::Stepwise) return std::make_unique<VllmV1Stepwise>(limits, options);
    return std::make_unique<VllmV1>(limits, options);
}

}  // namespace regatta::serving
