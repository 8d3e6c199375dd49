#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "results/headline.hpp"
#include "results/report/sections.hpp"
#include "results/show.hpp"

namespace regatta::results::report {
namespace {

/// What a tile says beside its figure.
struct Beside {
    std::string detail = {};
    std::optional<SimTime> target = {};
};

/// A headline figure under a label of its own.
struct TileKind {
    const char* id;
    const char* label;
    Beside (*beside)(const Summary& summary) = nullptr;
};

Beside finished_of(const Summary& summary) {
    return {fmt::format("{} of {} finished", show_count(summary.all.finished), show_count(summary.arrived))};
}
Beside prompt_tokens(const Summary& summary) {
    return {fmt::format("{} tokens/s of prompts", show_large(summary.all.prompt_tokens_per_s))};
}
Beside good_share(const Summary& summary) {
    return {fmt::format("{} of requests within all targets", show_percent(summary.all.goodput_fraction.value_or(0)))};
}
template <TargetFigures RequestFigures::*figures>
Beside target(const Summary& summary) {
    const TargetFigures& of = summary.all.*figures;
    if (!of.met_fraction) return {};
    return {.detail = fmt::format("{} met their target", show_percent(*of.met_fraction)), .target = of.target};
}
Beside gpus(const Summary& summary) {
    return {fmt::format("{} GPUs, {} replicas", show_count(summary.fleet.gpus), show_count(summary.fleet.replicas))};
}
Beside of_arithmetic(const Summary& /*summary*/) {
    return {"of the peak arithmetic"};
}
Beside of_bandwidth(const Summary& /*summary*/) {
    return {"of the memory bandwidth"};
}
Beside preemptions(const Summary& summary) {
    return {fmt::format("of the fullest replica; {} preemptions", show_count(summary.fleet.preemptions))};
}

Beside energy(const Summary& summary) {
    if (!summary.fleet.energy) return {};
    constexpr double kJPerKwh = 3.6e6;
    const EnergyFigures& of = *summary.fleet.energy;
    const std::string total = of.total_j < kJPerKwh / 10 ? show_number(of.total_j / 1000) + " kJ"
                                                         : show_number(of.total_j / kJPerKwh) + " kWh";
    return {fmt::format("{} in all, {} kW on average", total, show_number(of.mean_w / 1000))};
}
Beside cost(const Summary& summary) {
    return {summary.fleet.cost ? fmt::format("{} USD in all", show_number(summary.fleet.cost->total_usd)) : ""};
}
Beside emissions(const Summary& summary) {
    if (!summary.fleet.carbon) return {};
    const double grams = summary.fleet.carbon->total_g;
    return {(grams < 1000 ? show_number(grams) + " g" : show_number(grams / 1000) + " kg") + " in all"};
}

constexpr std::array kTiles = {
    TileKind{"throughput.requests_per_s", "Throughput", finished_of},
    TileKind{"throughput.output_tokens_per_s", "Output tokens", prompt_tokens},
    TileKind{"goodput.requests_per_s", "Goodput", good_share},
    TileKind{"ttft.p50_s", "TTFT, median"},
    TileKind{"ttft.p99_s", "TTFT, p99", target<&RequestFigures::ttft_target>},
    TileKind{"tpot.p50_s", "TPOT, median"},
    TileKind{"tpot.p99_s", "TPOT, p99", target<&RequestFigures::tpot_target>},
    TileKind{"end_to_end.p50_s", "End to end, median"},
    TileKind{"end_to_end.p99_s", "End to end, p99"},
    TileKind{"fleet.gpu_busy_fraction", "GPU time in steps", gpus},
    TileKind{"fleet.flops_utilisation", "MFU", of_arithmetic},
    TileKind{"fleet.bandwidth_utilisation", "MBU", of_bandwidth},
    TileKind{"fleet.kv_peak_fraction", "KV cache, peak", preemptions},
    TileKind{"fleet.energy.j_per_request", "Energy per request", energy},
    TileKind{"fleet.cost.usd_per_million_output_tokens", "Cost per million output tokens", cost},
    TileKind{"fleet.carbon.g_per_request", "Emissions per request", emissions}};

Tile tile_of(const TileKind& kind, const Runs& runs) {
    const Headline& figure = headline(kind.id);
    Tile tile{.id = kind.id, .label = kind.label, .unit = std::string(figure.unit)};
    for (const ReportRun& run : runs) {
        const std::optional<double> value = figure.read(run.summary());
        const Beside beside = value && kind.beside != nullptr ? kind.beside(run.summary()) : Beside();
        tile.values.push_back(value);
        tile.details.push_back(beside.detail);
        tile.targets.push_back(beside.target ? std::optional(beside.target->seconds()) : std::nullopt);
        tile.met.push_back(beside.target ? std::optional(*value <= beside.target->seconds()) : std::nullopt);
    }
    return tile;
}

}  // namespace

std::vector<Tile> headline_tiles(const Runs& runs) {
    std::vector<Tile> tiles;
    for (const TileKind& kind : kTiles)
        tiles.push_back(tile_of(kind, runs));
    // What no run has says nothing.
    std::erase_if(tiles, [](const Tile& tile) {
        return std::none_of(tile.values.begin(), tile.values.end(),
                            [](const std::optional<double>& value) { return value.has_value(); });
    });
    return tiles;
}

}  // namespace regatta::results::report
