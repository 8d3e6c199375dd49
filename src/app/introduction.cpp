#include "app/introduction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/arguments.hpp"

namespace regatta::app {
namespace {

std::string seconds_text(SimTime time) {
    return fmt::format("{:g} s", time.seconds());
}

std::string traffic_text(const scenario::Stream& stream, const std::optional<workload::TraceSummary>& trace) {
    if (stream.trace)
        return fmt::format("{}: {} in {}, {:.0f} tokens in and {:.0f} out on average", stream.trace->path,
                           counted(trace->requests, "request"), seconds_text(trace->last_arrival),
                           trace->mean_prompt_tokens, trace->mean_output_tokens);
    if (stream.arrivals.name.empty() && stream.limit)
        return fmt::format("{}: {}", stream.name, counted(*stream.limit, "request"));
    const std::string rate = stream.rate_per_s > 0 ? fmt::format(", {:g} requests/s", stream.rate_per_s) : "";
    return fmt::format("{}: {}{}{}{}", stream.name, stream.arrivals.name, rate, stream.curve ? " on average" : "",
                       stream.limit ? ", at most " + counted(*stream.limit, "request") : "");
}

std::string layout_text(const scenario::Pool& pool) {
    std::string text = fmt::format("tp {}", pool.tensor_parallel);
    if (pool.pipeline_parallel > 1) text += fmt::format(" x pp {}", pool.pipeline_parallel);
    if (pool.speculation)
        text += fmt::format(" checking {} for each decode",
                            counted(static_cast<std::uint64_t>(pool.speculation->tokens), "proposal"));
    return text;
}

}  // namespace

void introduce(const Log& log, const scenario::Scenario& scenario, const scenario::TraceSummaries& traces,
               const engine::Partition& partition, const std::string& directory) {
    for (const scenario::Pool& pool : scenario.pools)
        log.info(fmt::format("  pool      {}: {} of {} x {}, {} at {}, {} with {} KV blocks of {} tokens", pool.name,
                             counted(pool.nodes, "node"), pool.gpus_per_node, pool.gpu.name, pool.model.name,
                             layout_text(pool), counted(pool.replicas(), "replica"), pool.replica_kv_blocks,
                             pool.block_tokens));
    for (const std::string& note : scenario.notes)
        log.info("  note      " + note);
    for (std::size_t i = 0; i < scenario.streams.size(); ++i)
        log.info("  traffic   " + traffic_text(scenario.streams[i], traces.at(i)));
    log.info(fmt::format("  engine    {}, load {:.2f} x the mean on the fullest", counted(partition.ranks, "rank"),
                         partition.imbalance));
    if (partition.idle_ranks > 0)
        log.info(
            fmt::format("  engine    {} with nothing to do: more ranks than {}", counted(partition.idle_ranks, "rank"),
                        partition.tied_by.empty() ? "gateways and nodes" : "islands, tied by " + partition.tied_by));
    log.info(fmt::format("  writing   {}/", directory));
}

std::optional<SimTime> expected_end(const scenario::Scenario& scenario, const scenario::TraceSummaries& traces) {
    // A made-up stream without a duration has a limit, and nobody knows when it is reached.
    const auto is_trace = [](const scenario::Stream& stream) { return stream.trace.has_value(); };
    if (!std::all_of(scenario.streams.begin(), scenario.streams.end(), is_trace)) return scenario.duration;
    SimTime last;
    for (const auto& trace : traces)
        if (trace) last = std::max(last, trace->last_arrival);
    return scenario.duration ? std::min(*scenario.duration, last) : last;
}

}  // namespace regatta::app
