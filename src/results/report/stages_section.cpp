#include <fmt/format.h>

#include <array>
#include <utility>

#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

constexpr std::array<const char*, kStages> kStageNames = {"network", "waiting", "prefill", "decode", "preempted"};

struct Band {
    const char* name;
    double from;
    double to;
};
// Finer where people look: at the slowest.
constexpr std::array<Band, 8> kBands = {{{"0-10 %", 0, 0.10},
                                         {"10-25 %", 0.10, 0.25},
                                         {"25-50 %", 0.25, 0.50},
                                         {"50-75 %", 0.50, 0.75},
                                         {"75-90 %", 0.75, 0.90},
                                         {"90-95 %", 0.90, 0.95},
                                         {"95-99 %", 0.95, 0.99},
                                         {"99-100 %", 0.99, 1.00}}};

Chart stage_chart(const Runs& runs) {
    StackedChart chart{.x_label = "requests by end-to-end latency, fastest first",
                       .y = {.label = "mean time", .unit = "s", .least = 0.0}};
    for (std::size_t stage = 0; stage < kStages; ++stage)
        chart.series.push_back({.label = kStageNames[stage], .color = stage});
    for (const Band& band : kBands)
        for (std::size_t run = 0; run < runs.size(); ++run) {
            const auto means = runs[run].requests.mean_stages_s(band.from, band.to);
            if (!means) continue;
            chart.categories.push_back(runs.size() == 1 ? band.name : fmt::format("{} ({})", band.name, run + 1));
            for (std::size_t stage = 0; stage < kStages; ++stage)
                chart.series[stage].y.push_back((*means)[stage]);
        }
    std::string note =
        "Requests ordered by end-to-end latency; each bar is the mean of the requests between two percentiles.";
    for (std::size_t run = 0; runs.size() > 1 && run < runs.size(); ++run)
        note += fmt::format(" ({}): {}.", run + 1, runs[run].name.name);
    return {.id = "stages",
            .title = "Where the time of a request goes",
            .note = std::move(note),
            .content = std::move(chart)};
}

Table stage_table(const Runs& runs) {
    Table table{.id = "stage-latencies",
                .title = "Stages of a request",
                .columns = {{"stage", "text"}, {"mean", "s"}, {"p50", "s"}, {"p90", "s"}, {"p95", "s"}, {"p99", "s"}}};
    constexpr double kNsPerS = 1e9;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const RequestFigures& all = runs[run].summary().all;
        const std::array<const LatencyFigures*, kStages> stages = {&all.network, &all.waiting, &all.prefill,
                                                                   &all.decode, &all.preempted};
        for (std::size_t stage = 0; stage < kStages; ++stage) {
            const LatencyFigures& figures = *stages[stage];
            std::vector<Cell> row = {label_of(runs, run, kStageNames[stage])};
            for (const double ns :
                 {figures.mean_ns, static_cast<double>(figures.p50_ns), static_cast<double>(figures.p90_ns),
                  static_cast<double>(figures.p95_ns), static_cast<double>(figures.p99_ns)})
                row.push_back(cell(figures.count > 0 ? std::optional(ns / kNsPerS) : std::nullopt));
            table.rows.push_back(std::move(row));
        }
    }
    return table;
}

}  // namespace

Section stages_section(const Runs& runs) {
    return {.id = "stages",
            .title = "Where time goes",
            .text =
                "The stages of a request add up to its end-to-end latency: network to the replica, waiting in its "
                "queue, prefill to the first token, decode to the last, and preempted while it had lost its KV cache.",
            .charts = {stage_chart(runs)},
            .tables = {stage_table(runs)}};
}

}  // namespace regatta::results::report
