#include <fmt/format.h>

#include <functional>
#include <utility>

#include "results/report/sections.hpp"
#include "results/show.hpp"

namespace regatta::results::report {
namespace {

constexpr double kNsPerS = 1e9;

struct Figure {
    std::optional<double> value;
    std::string detail = {};
    std::optional<double> target = {};
    std::optional<bool> is_met = {};
};
using Reading = std::function<Figure(const Summary&)>;

std::string finished_of(const Summary& summary) {
    return fmt::format("{} of {} finished", show_count(summary.all.finished), show_count(summary.arrived));
}

Figure latency_figure(const LatencyFigures& figures, std::int64_t ns, const TargetFigures* target) {
    Figure figure;
    if (figures.count == 0) return figure;
    figure.value = static_cast<double>(ns) / kNsPerS;
    if (target == nullptr || !target->met_fraction) return figure;
    figure.detail = fmt::format("{} met their target", show_percent(*target->met_fraction));
    if (!target->target) return figure;
    figure.target = target->target->seconds();
    figure.is_met = static_cast<double>(ns) <= static_cast<double>(target->target->ns());
    return figure;
}

/// p50 and p99 of one latency, as two readings.
Reading latency(LatencyFigures RequestFigures::*figures, std::int64_t LatencyFigures::*ns,
                TargetFigures RequestFigures::*target) {
    return [=](const Summary& summary) {
        const LatencyFigures& of = summary.all.*figures;
        return latency_figure(of, of.*ns, target == nullptr ? nullptr : &(summary.all.*target));
    };
}

Tile tile(const Runs& runs, const char* id, const char* label, const char* unit, const Reading& read) {
    Tile tile{.id = id, .label = label, .unit = unit};
    for (const ReportRun& run : runs) {
        const Figure figure = read(run.summary());
        tile.values.push_back(figure.value);
        tile.details.push_back(figure.detail);
        tile.targets.push_back(figure.target);
        tile.met.push_back(figure.is_met);
    }
    return tile;
}

std::vector<Tile> traffic_tiles(const Runs& runs) {
    return {tile(runs, "throughput.requests_per_s", "Throughput", "requests/s",
                 [](const Summary& summary) {
                     return Figure{.value = summary.all.requests_per_s, .detail = finished_of(summary)};
                 }),
            tile(runs, "throughput.output_tokens_per_s", "Output tokens", "tokens/s",
                 [](const Summary& summary) {
                     return Figure{
                         .value = summary.all.output_tokens_per_s,
                         .detail = fmt::format("{} tokens/s of prompts", show_large(summary.all.prompt_tokens_per_s))};
                 }),
            tile(runs, "goodput.requests_per_s", "Goodput", "requests/s", [](const Summary& summary) {
                Figure figure{.value = summary.all.goodput_requests_per_s};
                if (summary.all.goodput_fraction)
                    figure.detail =
                        fmt::format("{} of requests within all targets", show_percent(*summary.all.goodput_fraction));
                return figure;
            })};
}

std::vector<Tile> latency_tiles(const Runs& runs) {
    const auto p50 = &LatencyFigures::p50_ns;
    const auto p99 = &LatencyFigures::p99_ns;
    return {
        tile(runs, "ttft.p50_s", "TTFT, median", "s", latency(&RequestFigures::ttft, p50, nullptr)),
        tile(runs, "ttft.p99_s", "TTFT, p99", "s", latency(&RequestFigures::ttft, p99, &RequestFigures::ttft_target)),
        tile(runs, "tpot.p50_s", "TPOT, median", "s", latency(&RequestFigures::tpot, p50, nullptr)),
        tile(runs, "tpot.p99_s", "TPOT, p99", "s", latency(&RequestFigures::tpot, p99, &RequestFigures::tpot_target)),
        tile(runs, "end_to_end.p50_s", "End to end, median", "s", latency(&RequestFigures::end_to_end, p50, nullptr)),
        tile(runs, "end_to_end.p99_s", "End to end, p99", "s", latency(&RequestFigures::end_to_end, p99, nullptr))};
}

std::vector<Tile> fleet_tiles(const Runs& runs) {
    return {tile(runs, "fleet.gpu_busy_fraction", "GPU time in steps", "fraction",
                 [](const Summary& summary) {
                     return Figure{.value = summary.fleet.gpu_busy_fraction,
                                   .detail = fmt::format("{} GPUs, {} replicas", show_count(summary.fleet.gpus),
                                                         show_count(summary.fleet.replicas))};
                 }),
            tile(runs, "fleet.flops_utilisation", "MFU", "fraction",
                 [](const Summary& summary) {
                     return Figure{.value = summary.fleet.flops_utilisation, .detail = "of the peak arithmetic"};
                 }),
            tile(runs, "fleet.bandwidth_utilisation", "MBU", "fraction",
                 [](const Summary& summary) {
                     return Figure{.value = summary.fleet.bandwidth_utilisation, .detail = "of the memory bandwidth"};
                 }),
            tile(runs, "fleet.kv_peak_fraction", "KV cache, peak", "fraction", [](const Summary& summary) {
                return Figure{.value = summary.fleet.kv_peak_fraction,
                              .detail = fmt::format("of the fullest replica; {} preemptions",
                                                    show_count(summary.fleet.preemptions))};
            })};
}

}  // namespace

std::vector<Tile> headline_tiles(const Runs& runs) {
    std::vector<Tile> tiles = traffic_tiles(runs);
    for (auto* more : {latency_tiles, fleet_tiles})
        for (Tile& tile : more(runs))
            tiles.push_back(std::move(tile));
    // What no run has says nothing.
    std::erase_if(tiles, [](const Tile& tile) {
        return std::none_of(tile.values.begin(), tile.values.end(),
                            [](const std::optional<double>& value) { return value.has_value(); });
    });
    return tiles;
}

}  // namespace regatta::results::report
