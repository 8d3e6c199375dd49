#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "results/aligned.hpp"
#include "results/end_names.hpp"
#include "results/show.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

using Row = std::vector<std::string>;

std::string show_ns(std::int64_t ns) {
    return show_time(static_cast<double>(ns));
}

std::string target_text(const TargetFigures& figures) {
    if (figures.target) return show_ns(figures.target->ns());
    return figures.met_fraction ? "per stream" : "-";
}

std::string met_text(const TargetFigures& figures) {
    return figures.met_fraction ? show_percent(*figures.met_fraction) : "-";
}

Row latency_row(std::string name, const LatencyFigures& figures, const TargetFigures& target) {
    if (figures.count == 0) return {std::move(name), "-", "-", "-", "-", "-", target_text(target), "-"};
    return {std::move(name),         show_time(figures.mean_ns), show_ns(figures.p50_ns), show_ns(figures.p90_ns),
            show_ns(figures.p95_ns), show_ns(figures.p99_ns),    target_text(target),     met_text(target)};
}

std::string latency_table(const Summary& summary) {
    const RequestFigures& all = summary.all;
    return aligned({{"", "mean", "p50", "p90", "p95", "p99", "target", "met"},
                    latency_row("TTFT", all.ttft, all.ttft_target),
                    latency_row("TPOT", all.tpot, all.tpot_target),
                    latency_row("inter-token gap", summary.fleet.inter_token_gap, {}),
                    latency_row("end to end", all.end_to_end, {}),
                    latency_row("end to end / token", all.normalised, {}),
                    latency_row("queueing", all.queueing, {}),
                    latency_row("  network", all.network, {}),
                    latency_row("  waiting", all.waiting, {}),
                    latency_row("prefill", all.prefill, {}),
                    latency_row("decode", all.decode, {}),
                    latency_row("preempted", all.preempted, {}),
                    latency_row("step", summary.fleet.step_time, {})});
}

/// Nothing when all were served.
std::string reasons_line(const RequestFigures& all) {
    std::string text;
    for (std::size_t reason = 1; reason < all.by_reason.size(); ++reason) {
        if (all.by_reason[reason] == 0) continue;
        text += fmt::format("{} {} {}", text.empty() ? "Not served" : ",", show_count(all.by_reason[reason]),
                            reason_words(static_cast<serving::EndReason>(reason)));
    }
    return text.empty() ? text : text + "\n";
}

std::string requests_line(const Summary& summary) {
    const RequestFigures& all = summary.all;
    const std::string timed_out =
        all.timed_out > 0 ? fmt::format(" + {} timed out", show_count(all.timed_out)) : std::string();
    std::string text = fmt::format("Requests   {} arrived = {} finished + {} rejected + {} failed{} + {} unfinished",
                                   show_count(summary.arrived), show_count(all.finished), show_count(all.rejected),
                                   show_count(all.failed), timed_out, show_count(all.unfinished));
    text += all.unfinished > 0 ? " at the end\n" : "\n";
    text += reasons_line(all);
    if (summary.measure_from > SimTime())
        text += fmt::format("Measured   {} finished requests of those that arrived from {} on, until {}\n",
                            show_count(all.end_to_end.count), show_ns(summary.measure_from.ns()),
                            show_ns(summary.end.ns()));
    return text;
}

std::string throughput_lines(const RequestFigures& figures) {
    std::string text = fmt::format("Throughput {} requests/s, {} prompt tokens/s, {} output tokens/s\n",
                                   show_number(figures.requests_per_s), show_number(figures.prompt_tokens_per_s),
                                   show_number(figures.output_tokens_per_s));
    if (figures.goodput_requests_per_s && figures.goodput_fraction)
        text += fmt::format("Goodput    {} requests/s within all targets ({} of requests)\n",
                            show_number(*figures.goodput_requests_per_s), show_percent(*figures.goodput_fraction));
    return text;
}

std::string kv_mean_text(const PoolFigures& figures) {
    return figures.kv_mean_fraction ? show_percent(*figures.kv_mean_fraction) : "-";
}

std::string fleet_line(const PoolFigures& fleet) {
    const std::string mean = fleet.kv_mean_fraction ? fmt::format("mean {}, ", kv_mean_text(fleet)) : "";
    std::string text =
        fmt::format("Fleet      {} replicas on {} GPUs, GPU busy {}, KV cache {}peak {}, preemptions {}\n",
                    show_count(fleet.replicas), show_count(fleet.gpus), show_percent(fleet.gpu_busy_fraction), mean,
                    show_percent(fleet.kv_peak_fraction), show_count(fleet.preemptions));
    if (fleet.steps == 0) return text;
    text += fmt::format("Steps      {} with {} sequences on average (p50 {}, p99 {}), {} tokens",
                        show_count(fleet.steps), show_number(fleet.batch.mean), show_count(fleet.batch.p50),
                        show_count(fleet.batch.p99), show_number(fleet.tokens_per_step));
    if (fleet.flops_utilisation && fleet.bandwidth_utilisation)
        text += fmt::format("; MFU {}, MBU {}", show_percent(*fleet.flops_utilisation),
                            show_percent(*fleet.bandwidth_utilisation));
    return text + '\n';
}

/// What the GPUs drew, cost and emitted; only what is known.
std::string energy_lines(const PoolFigures& fleet) {
    std::string text;
    if (fleet.energy) {
        text += fmt::format("Energy     {}J, {}W on average", show_scaled(fleet.energy->total_j),
                            show_scaled(fleet.energy->mean_w));
        if (fleet.energy->j_per_request)
            text += fmt::format("; {}J per request", show_scaled(*fleet.energy->j_per_request));
        if (fleet.energy->j_per_million_output_tokens)
            text +=
                fmt::format(", {}J per million output tokens", show_scaled(*fleet.energy->j_per_million_output_tokens));
        text += '\n';
    }
    if (fleet.cost) {
        text += fmt::format("Cost       {} USD", show_number(fleet.cost->total_usd));
        if (fleet.cost->usd_per_million_output_tokens)
            text += fmt::format("; {} USD per thousand requests, {} USD per million output tokens",
                                show_number(*fleet.cost->usd_per_request * 1000),
                                show_number(*fleet.cost->usd_per_million_output_tokens));
        text += '\n';
    }
    if (fleet.carbon) {
        text += fmt::format("Emissions  {}g of CO2 equivalent", show_scaled(fleet.carbon->total_g));
        if (fleet.carbon->g_per_request)
            text += fmt::format("; {}g per request", show_scaled(*fleet.carbon->g_per_request));
        text += '\n';
    }
    return text;
}

/// What happened to the fleet; only what did.
std::string changes_line(const ChangeSums& changes) {
    using serving::FleetEvent;
    std::vector<std::string> parts;
    const auto add = [&](FleetEvent kind, const char* one, const char* several) {
        const std::int64_t count = changes.of(kind).count;
        if (count > 0) parts.push_back(fmt::format("{} {}", show_count(count), count == 1 ? one : several));
    };
    add(FleetEvent::GpuDown, "GPU failed", "GPUs failed");
    add(FleetEvent::NodeDown, "node failed", "nodes failed");
    add(FleetEvent::RackDown, "node failed with its rack", "nodes failed with their racks");
    if (changes.of(FleetEvent::Lost).count > 0)
        parts.push_back(fmt::format("{} requests lost by replicas", show_count(changes.of(FleetEvent::Lost).amount)));
    add(FleetEvent::Loading, "load of weights", "loads of weights");
    add(FleetEvent::Updating, "node updated", "nodes updated");
    if (changes.of(FleetEvent::ScaleUp).amount > 0)
        parts.push_back(fmt::format("{} replicas more", show_count(changes.of(FleetEvent::ScaleUp).amount)));
    if (changes.of(FleetEvent::ScaleDown).amount > 0)
        parts.push_back(fmt::format("{} fewer", show_count(changes.of(FleetEvent::ScaleDown).amount)));
    add(FleetEvent::Reprovision, "replica made room for another", "replicas made room for others");
    if (parts.empty()) return {};
    std::string text = "Changes    ";
    for (std::size_t i = 0; i < parts.size(); ++i)
        text += (i > 0 ? ", " : "") + parts[i];
    return text + '\n';
}

std::string streams_table(const char* title, const std::vector<RequestFigures>& streams) {
    std::vector<Row> rows = {
        {"", "finished", "requests/s", "TTFT p50", "p99", "met", "TPOT p50", "p99", "met", "within all"}};
    const auto shown = [](const LatencyFigures& figures, std::int64_t ns) {
        return figures.count == 0 ? std::string("-") : show_ns(ns);
    };
    for (const RequestFigures& stream : streams)
        rows.push_back({stream.name, show_count(stream.finished), show_number(stream.requests_per_s),
                        shown(stream.ttft, stream.ttft.p50_ns), shown(stream.ttft, stream.ttft.p99_ns),
                        met_text(stream.ttft_target), shown(stream.tpot, stream.tpot.p50_ns),
                        shown(stream.tpot, stream.tpot.p99_ns), met_text(stream.tpot_target),
                        stream.goodput_fraction ? show_percent(*stream.goodput_fraction) : "-"});
    return title + aligned(rows);
}

std::string pools_table(const std::vector<PoolFigures>& pools) {
    std::vector<Row> rows = {
        {"", "replicas", "GPUs", "GPU busy", "KV mean", "KV peak", "preemptions", "gap p50", "p99", "energy", "USD"}};
    const auto shown = [](const LatencyFigures& figures, std::int64_t ns) {
        return figures.count == 0 ? std::string("-") : show_ns(ns);
    };
    for (const PoolFigures& pool : pools)
        rows.push_back({pool.name, show_count(pool.replicas), show_count(pool.gpus),
                        show_percent(pool.gpu_busy_fraction), kv_mean_text(pool), show_percent(pool.kv_peak_fraction),
                        show_count(pool.preemptions), shown(pool.inter_token_gap, pool.inter_token_gap.p50_ns),
                        shown(pool.inter_token_gap, pool.inter_token_gap.p99_ns),
                        pool.energy ? show_scaled(pool.energy->total_j) + "J" : "-",
                        pool.cost ? show_number(pool.cost->total_usd) : "-"});
    return "Pools\n" + aligned(rows);
}

/// Which ranks' files these figures are not of.
std::string partial_lines(const Summary& summary) {
    constexpr std::size_t kMostLines = 10;
    std::string text;
    if (summary.stopped_at)
        text = fmt::format("STOPPED    at {} of simulated time: these figures are of the time before\n",
                           show_time(static_cast<double>(summary.stopped_at->ns())));
    if (summary.left_out.empty()) return text;
    text += "PARTIAL    these figures are not of the whole run, and sums need not hold; left out of the merge were\n";
    for (std::size_t i = 0; i < std::min(summary.left_out.size(), kMostLines); ++i)
        text += "  " + summary.left_out[i] + "\n";
    if (summary.left_out.size() > kMostLines)
        text += fmt::format("  and {} more\n", summary.left_out.size() - kMostLines);
    return text;
}

}  // namespace

std::string to_text(const Summary& summary, const SummaryContext& context) {
    std::string text = partial_lines(summary);
    text += requests_line(summary);
    text += latency_table(summary);
    text += throughput_lines(summary.all);
    if (summary.streams.size() > 1) text += streams_table("Streams\n", summary.streams);
    // Where every stream is a class of its own, that has been said.
    if (summary.classes.size() > 1 && summary.classes.size() < summary.streams.size())
        text += streams_table("Classes\n", summary.classes);
    text += fleet_line(summary.fleet);
    text += energy_lines(summary.fleet);
    text += changes_line(summary.changes);
    if (summary.pools.size() > 1) text += pools_table(summary.pools);
    if (!context.facts.ranks.empty()) text += run_text(summary, context.facts);
    text += fmt::format("Digest {}\n", context.digest.to_hex());
    return text;
}

}  // namespace regatta::results
