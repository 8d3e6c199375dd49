#include "results/metrics.hpp"

#include <fmt/format.h>

#include <array>

namespace regatta::results {
namespace {

using Kind = Metric::Kind;

constexpr std::array kRequestMetrics = {
    Metric{"requests.arrived", "arrived", Kind::Number, "requests",
           "reached a gateway before the end of the run; always the sum of the end states"},
    Metric{"requests.finished", "finished", Kind::Number, "requests", "got their whole answer", "state = 0"},
    Metric{"requests.rejected", "rejected", Kind::Number, "requests", "were not taken in; the reason says why",
           "state = 1"},
    Metric{"requests.failed", "failed", Kind::Number, "requests", "were lost with what served them", "state = 2"},
    Metric{"requests.unfinished", "unfinished", Kind::Number, "requests",
           "were on their way, waiting or running when the run ended", "state = 3"},
    Metric{"requests.timed_out", "timed out", Kind::Number, "requests", "were given up after too long", "state = 4"},
    Metric{"requests.reasons", "reasons", Kind::Number, "requests",
           "why requests were rejected or given up: how many for each reason", "reason"},
    Metric{"requests.preemptions", "preemptions", Kind::Number, "",
           "how often requests lost their KV cache for others and were computed again; all requests", "preemptions"},
    Metric{"ttft", "time to first token (TTFT)", Kind::Latency, "s",
           "from the arrival at the gateway to the end of the step that made the first token",
           "first_token_ns - arrival_ns"},
    Metric{"tpot", "time per output token (TPOT)", Kind::Latency, "s",
           "from the first token to the last, over the number of tokens after the first, to the nearest nanosecond; "
           "answers of one token have none",
           "(end_ns - first_token_ns) / (output_tokens - 1)"},
    Metric{"end_to_end", "end-to-end latency", Kind::Latency, "s",
           "from the arrival at the gateway to the last token; the way back to the client is not part of it",
           "end_ns - arrival_ns"},
    Metric{"normalised_latency", "normalised latency", Kind::Latency, "s",
           "end-to-end latency over the tokens of the answer, to the nearest nanosecond",
           "(end_ns - arrival_ns) / output_tokens"},
    Metric{
        "queueing", "queueing", Kind::Latency, "s",
        "from the arrival at the gateway to the start of the first step that the request was part of; the sum of the "
        "stages network and waiting",
        "scheduled_ns - arrival_ns"},
    Metric{"stages.network", "stage: network", Kind::Latency, "s",
           "from the arrival at the gateway to the replica's waiting queue", "received_ns - arrival_ns"},
    Metric{"stages.waiting", "stage: waiting", Kind::Latency, "s",
           "from there to the start of the first step that the request was part of", "scheduled_ns - received_ns"},
    Metric{"stages.prefill", "stage: prefill", Kind::Latency, "s",
           "from there to the end of the step that made the first token, but for what preemptions took; chunks of a "
           "long prompt, and waiting for blocks between them, included",
           "first_token_ns - scheduled_ns - preempted_before_token_ns"},
    Metric{"stages.decode", "stage: decode", Kind::Latency, "s",
           "from there to the last token, but for what preemptions took; computing again what they lost included",
           "end_ns - first_token_ns - (preempted_ns - preempted_before_token_ns)"},
    Metric{"stages.preempted", "stage: preempted", Kind::Latency, "s",
           "from losing the KV cache to being part of a batch again, all preemptions of a request together; 0 of "
           "requests without",
           "preempted_ns"},
    Metric{"throughput.requests_per_s", "request throughput", Kind::Number, "1/s",
           "finished requests that arrived in the measured span, over the length of that span"},
    Metric{"throughput.prompt_tokens_per_s", "prompt throughput", Kind::Number, "tokens/s",
           "prompt tokens of these requests, over the same", "prompt_tokens"},
    Metric{"throughput.output_tokens_per_s", "output throughput", Kind::Number, "tokens/s",
           "answer tokens of these requests, over the same", "output_tokens"},
    Metric{"goodput", "goodput", Kind::Number, "", "null where no target was given"},
    Metric{"goodput.requests_per_s", "goodput", Kind::Number, "1/s",
           "finished requests that meet every target of their stream, over the length of the measured span"},
    Metric{"goodput.fraction", "goodput", Kind::Number, "",
           "these, over all requests of streams with targets that arrived in the measured span, however they ended"},
};

constexpr std::array kFleetMetrics = {
    Metric{"replicas", "replicas", Kind::Number, "", "running copies of a model"},
    Metric{"gpus", "GPUs", Kind::Number, "", "that they run on", "gpus"},
    Metric{"steps", "steps", Kind::Number, "", "forward passes done", "steps"},
    Metric{"preemptions", "preemptions", Kind::Number, "", "requests that lost their KV cache for others",
           "preemptions"},
    Metric{"gpu_busy_fraction", "GPU busy", Kind::Number, "",
           "time in steps, over the time of the run, averaged over GPUs", "busy_ns * gpus"},
    Metric{"kv_mean_fraction", "KV cache, mean", Kind::Number, "",
           "blocks in use over blocks there are, averaged over the samples of the measured span; null without a series",
           "/series/kv_blocks_used"},
    Metric{"kv_peak_fraction", "KV cache, peak", Kind::Number, "",
           "most blocks in use at any time over blocks there are, of the replica where it is largest",
           "kv_blocks_peak / kv_blocks"},
    Metric{"flops_utilisation", "model FLOPs utilisation (MFU)", Kind::Number, "",
           "operations that the model needs for the tokens computed, over what the GPUs could have done in the time of "
           "the run at their dense peak in the type of the matrix products. A multiply-add is two operations; matrix "
           "products, attention and LM head count, recomputation after a preemption as well",
           "(prefill_tokens + decode_tokens) * flops_per_token + samples * flops_per_sample + attended_tokens * "
           "flops_per_attended + window_attended_tokens * flops_per_window_attended, over gpus * gpu_flops_per_s * "
           "end_ns"},
    Metric{"bandwidth_utilisation", "model bandwidth utilisation (MBU)", Kind::Number, "",
           "bytes of weights and of keys and values that the model has to move, over what the GPUs' memory could have "
           "moved in the time of the run. Weights are read once in each step, of routed experts as many as independent "
           "tokens are expected to choose; the keys and values of a context are read once for each decode and each "
           "prefill chunk",
           "steps * weight_bytes + experts_read_1024 / 1024 * expert_bytes + moved_kv_tokens * kv_bytes + "
           "window_moved_kv_tokens * window_kv_bytes, over gpus * gpu_memory_bytes_per_s * end_ns"},
    Metric{"batch_size", "batch size", Kind::Sizes, "sequences", "sequences in a step, decodes and prefill chunks",
           "/histograms/batch_size"},
    Metric{"tokens_per_step", "tokens per step", Kind::Number, "tokens",
           "computed in a step on average, prefill and decode", "(prefill_tokens + decode_tokens) / steps"},
    Metric{"inter_token_gap", "inter-token gap", Kind::Latency, "s",
           "between two consecutive tokens of one request, each gap by itself; of all requests, warm-up included",
           "/histograms/inter_token_gap"},
    Metric{"step_time", "step time", Kind::Latency, "s",
           "from the start of a step to its end, in a pipeline through all stages; of all steps, warm-up included",
           "/histograms/step_time"},
    Metric{"energy", "energy", Kind::Number, "",
           "of the GPUs, times the PUE of the scenario: see docs/model/energy.md; null where their power is not known"},
    Metric{"energy.total_j", "energy", Kind::Number, "J",
           "idle power for the time not in steps, and in steps a power between that of memory-bound and of "
           "compute-bound steps, by the part of the peak arithmetic that was used",
           "/pools/gpu_idle_mw * (installed - busy_ns * gpus) + busy_ns * gpus * (gpu_memory_bound_mw + "
           "(gpu_compute_bound_mw - gpu_memory_bound_mw) * model FLOPs / (gpu_flops_per_s * busy_ns * gpus))"},
    Metric{"energy.mean_w", "mean power", Kind::Number, "W", "this over the time of the run"},
    Metric{"energy.j_per_request", "energy per request", Kind::Number, "J",
           "over all requests that finished, warm-up included; null: none did"},
    Metric{"energy.j_per_million_output_tokens", "energy per output token", Kind::Number, "J",
           "over the answers of these, for a million tokens"},
    Metric{"energy.j_per_million_tokens", "energy per token", Kind::Number, "J",
           "over their prompts and answers, for a million tokens"},
    Metric{"cost", "cost", Kind::Number, "",
           "of the GPUs, idle or not, while they were installed; null where no price is known"},
    Metric{"cost.total_usd", "cost", Kind::Number, "USD", "installed GPU hours times the price of one",
           "/pools/gpu_price_uusd_per_h * installed"},
    Metric{"cost.usd_per_request", "cost per request", Kind::Number, "USD",
           "over all requests that finished, warm-up included; null: none did"},
    Metric{"cost.usd_per_million_output_tokens", "cost per output token", Kind::Number, "USD",
           "over the answers of these, for a million tokens"},
    Metric{"carbon", "emissions", Kind::Number, "",
           "of the energy, in CO2 equivalent; null without energy or without energy.grid_intensity in the scenario"},
    Metric{"carbon.total_g", "emissions", Kind::Number, "g", "energy times the grid intensity of the scenario",
           "/scenario: grid_mg_per_kwh"},
    Metric{"carbon.g_per_request", "emissions per request", Kind::Number, "g",
           "over all requests that finished, warm-up included; null: none did"},
};

constexpr std::array kRunMetrics = {
    Metric{"format", "format", Kind::Number, "", "of this document"},
    Metric{"name", "name", Kind::Number, "", "of the scenario"},
    Metric{
        "digest", "digest", Kind::Number, "",
        "of all results, 128 bits in hexadecimal digits; the same whatever the number of ranks and the order of rows"},
    Metric{
        "left_out", "files left out", Kind::Number, "",
        "of a partial merge: a line for each rank file that is not in it; else empty. Figures of such a file are not "
        "of the whole run"},
    Metric{"stopped_at_s", "stopped at", Kind::Number, "s",
           "of a run that a signal stopped there: nothing later is in these figures; else nothing"},
    Metric{"measure_from_s", "start of the measured span", Kind::Number, "s", "from the scenario"},
    Metric{"end_s", "end of the run", Kind::Number, "s", "simulated time; also the end of the measured span"},
    Metric{"changes", "changes of the fleet", Kind::Number, "",
           "of each kind of row in /events that there is: count, the sum of its amounts, and duration_s, the sum of "
           "its times; serving.duration_s is how long replicas served, all together; null of a fleet that did not "
           "change",
           "/events"},
    Metric{"run.ranks", "ranks", Kind::Number, "", "processes"},
    Metric{"run.wall_s", "wall time", Kind::Number, "s",
           "from the start of the program to the end of the event loop, of the slowest rank"},
    Metric{"run.loop_s", "event loop", Kind::Number, "s", "wall time in the event loop, of the slowest rank"},
    Metric{"run.busy_fraction", "busy", Kind::Number, "",
           "of the ranks' time in the event loop and in writing what it left: in the model"},
    Metric{"run.waiting_fraction", "waiting", Kind::Number, "",
           "of the same: until the messages of other ranks had come"},
    Metric{"run.exchanging_fraction", "exchanging", Kind::Number, "",
           "of the same: preparing and reading messages, agreeing on what is safe"},
    Metric{"run.writing_fraction", "writing", Kind::Number, "", "of the same: sorting rows and writing them"},
    Metric{"run.windows", "windows", Kind::Number, "",
           "stretches of simulated time that all ranks ran without hearing from each other"},
    Metric{"run.mean_window_s", "mean window", Kind::Number, "s", "simulated time of the run over its windows"},
    Metric{"run.least_slack_s", "smallest slack", Kind::Number, "s",
           "simulated time between the receipt of a message and how far its receivers had gone; null: none came"},
    Metric{"run.events", "events", Kind::Number, "", "handled"},
    Metric{"run.events_per_window", "events per window", Kind::Number, "", "on one rank, on average"},
    Metric{"run.messages", "messages", Kind::Number, "", "between ranks"},
    Metric{"run.bytes", "bytes", Kind::Number, "B", "in these messages"},
    Metric{"run.reductions", "reductions", Kind::Number, "", "of numbers over all ranks"},
    Metric{"run.steps_per_s", "steps per second", Kind::Number, "1/s",
           "steps of replicas over the time in the event loop"},
    Metric{"run.peak_memory_bytes", "peak memory", Kind::Number, "B", "resident set of the largest rank"},
    Metric{"run.ended_by", "ends of windows", Kind::Number, "",
           "links and boards by which windows ended, the most frequent first: link, latency_s, windows_fraction"},
    Metric{"run.of_ranks", "each rank", Kind::Number, "", "the same facts of each rank", "/run/ranks"},
};

constexpr const char* kHead = R"(# Metrics

<!-- Written by `regatta-post reference metrics`; do not edit. -->

What the figures of a summary mean. `regatta run --json` and `regatta-post stats --json` print them under the names of
the first column; the tables that they print without `--json` show a part of them. Columns are those of the
[result files](results.md).

**Which requests count.** Latencies, throughput and goodput are of requests that arrived in the *measured span*: from
`measure.from` of the scenario to the end of the run. Latencies are of those of them that finished. End states and
preemptions are of all requests.

**How percentiles are made.** Times are whole nanoseconds. They are counted in buckets: exact below 256 ns, then 128
buckets for each power of two. A percentile p is the value at rank ceil(p x count) in order of size, given as the middle
of its bucket, and so off by at most 0.4 %. Counts, means and sums are exact. Batch sizes are counted one by one: their
percentiles are exact.

**Where figures are not what engines report.** The clock starts at the gateway and not at the engine; the answer's way
back to the client is not part of any latency.
)";

std::string_view kind_text(Kind kind) {
    switch (kind) {
        case Kind::Number:
            return "";
        case Kind::Latency:
            return " `.count .mean_s .p50_s .p90_s .p95_s .p99_s`";
        case Kind::Sizes:
            return " `.mean .p50 .p90 .p99 .max`";
    }
    return "";
}

void add_table(std::string& text, std::string_view title, std::span<const Metric> metrics) {
    text += fmt::format("\n## {}\n\n| name | metric | unit | meaning | from |\n|---|---|---|---|---|\n", title);
    for (const Metric& metric : metrics)
        text += fmt::format("| `{}`{} | {} | {} | {} | {} |\n", metric.path, kind_text(metric.kind), metric.title,
                            metric.unit, metric.meaning, metric.rows.empty() ? "" : fmt::format("`{}`", metric.rows));
}

}  // namespace

std::span<const Metric> request_metrics() {
    return kRequestMetrics;
}
std::span<const Metric> fleet_metrics() {
    return kFleetMetrics;
}
std::span<const Metric> run_metrics() {
    return kRunMetrics;
}

std::string metrics_reference() {
    std::string text = kHead;
    add_table(text, "Requests", kRequestMetrics);
    text +=
        "\nThese are of all requests; the same of each stream stand under `streams[]`, and of each class of service, "
        "which\nmay have several streams, under `classes[]`. `ttft` and `tpot` also have `.target_s` (null: no target, "
        "or not one for\nall) and `.met_fraction`, the part of finished requests that met it.\n";
    add_table(text, "Fleet", kFleetMetrics);
    text +=
        "\nThese stand under `fleet`, and of each pool under `pools[]`. They are of the whole run; columns are those "
        "of "
        "`/replicas`\nand `/pools`. `inter_token_gap` of the fleet stands beside the other latencies, too.\n";
    add_table(text, "The run", kRunMetrics);
    text += "\nThose under `run` say how it was carried out, and they alone depend on the number of ranks.\n";
    return text;
}

}  // namespace regatta::results
