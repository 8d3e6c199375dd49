#include <array>
#include <cstdint>
#include <utility>

#include "results/report/distributions.hpp"
#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

constexpr double kNsPerS = 1e9;

struct Latency {
    const char* id;
    const char* title;
    const char* note;
    LatencySketch StreamSums::*sketch;
    std::optional<SimTime> StreamDescription::*target;
};
const std::array<Latency, 4> kLatencies = {
    {{"ttft", "Time to first token (TTFT)", "From the arrival at the gateway to the first token.", &StreamSums::ttft,
      &StreamDescription::ttft_target},
     {"tpot", "Time per output token (TPOT)", "From the first token to the last, over the tokens after the first.",
      &StreamSums::tpot, &StreamDescription::tpot_target},
     {"end-to-end", "End-to-end latency", "From the arrival at the gateway to the last token.", &StreamSums::end_to_end,
      nullptr},
     {"queueing", "Queueing", "From the arrival at the gateway to the first step that the request was part of.",
      &StreamSums::queueing, nullptr}}};

/// Once each, in the order of the streams.
std::vector<GuideLine> targets_of(const Runs& runs, const Latency& latency) {
    std::vector<GuideLine> lines;
    if (latency.target == nullptr) return lines;
    for (const ReportRun& run : runs)
        for (const StreamDescription& stream : run.description.streams) {
            const std::optional<SimTime>& target = stream.*latency.target;
            if (!target) continue;
            const GuideLine line{.is_on_x = true, .value = target->seconds(), .label = "target"};
            const auto is_same = [&](const GuideLine& other) { return other.value == line.value; };
            if (std::none_of(lines.begin(), lines.end(), is_same)) lines.push_back(line);
        }
    return lines;
}

Chart latency_chart(const Runs& runs, const Latency& latency) {
    LinesChart chart{
        .x = latency_axis(latency.title), .y = share_axis("requests below"), .lines = targets_of(runs, latency)};
    for (std::size_t run = 0; run < runs.size(); ++run) {
        std::size_t color = runs.size() > 1 ? run : 0;
        for (const RequestGroup& group : groups_of(runs, run)) {
            LatencySketch sketch;
            for (const std::size_t stream : group.streams)
                sketch += runs[run].outcome.sums.streams()[stream].*latency.sketch;
            LineSeries series = distribution(sketch);
            series.label = runs.size() > 1 ? label_of(runs, run, "") : group.label;
            series.color = color++;
            series.dash = run;
            chart.series.push_back(std::move(series));
        }
    }
    return {.id = std::string(latency.id) + "-distribution",
            .title = latency.title,
            .note = latency.note,
            .content = std::move(chart)};
}

Cell time_cell(const LatencyFigures& figures, double ns) {
    return cell(figures.count > 0 ? std::optional(ns / kNsPerS) : std::nullopt);
}

std::vector<Cell> latency_row(const std::string& name, const RequestFigures& figures) {
    std::vector<Cell> row = {name, static_cast<double>(figures.finished)};
    for (const LatencyFigures* latency : {&figures.ttft, &figures.tpot, &figures.end_to_end})
        for (const double ns : {latency->mean_ns, static_cast<double>(latency->p50_ns),
                                static_cast<double>(latency->p90_ns), static_cast<double>(latency->p99_ns)})
            row.push_back(time_cell(*latency, ns));
    row.push_back(cell(figures.ttft_target.met_fraction));
    row.push_back(cell(figures.tpot_target.met_fraction));
    row.push_back(cell(figures.goodput_fraction));
    return row;
}

Table latency_table(const Runs& runs) {
    Table table{.id = "latencies",
                .title = "Latencies by stream and class",
                .columns = {{"requests", "text"}, {"finished", "requests"}}};
    for (const char* latency : {"TTFT", "TPOT", "end to end"})
        for (const char* figure : {"mean", "p50", "p90", "p99"})
            table.columns.push_back({std::string(latency) + " " + figure, "s"});
    table.columns.push_back({"TTFT met", "fraction"});
    table.columns.push_back({"TPOT met", "fraction"});
    table.columns.push_back({"goodput", "fraction"});
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const Summary& summary = runs[run].summary();
        table.rows.push_back(latency_row(label_of(runs, run, "all"), summary.all));
        if (summary.streams.size() < 2) continue;
        for (const RequestFigures& figures : summary.classes)
            table.rows.push_back(latency_row(label_of(runs, run, "class " + figures.name), figures));
        for (const RequestFigures& figures : summary.streams)
            table.rows.push_back(latency_row(label_of(runs, run, "stream " + figures.name), figures));
    }
    return table;
}

}  // namespace

Section latency_section(const Runs& runs) {
    Section section{.id = "latency",
                    .title = "Latency",
                    .text =
                        "The fraction of requests at or below each latency. Finished requests that arrived in the "
                        "measured span."};
    for (const Latency& latency : kLatencies)
        section.charts.push_back(latency_chart(runs, latency));
    section.charts.push_back(pool_distribution_chart(runs, {.id = "inter-token-gap-distribution",
                                                            .title = "Time between tokens",
                                                            .note = "Of every two tokens of a request that follow each "
                                                                    "other, over the whole run.",
                                                            .x_label = "time between two tokens",
                                                            .y_label = "gaps below",
                                                            .sketch = &PoolSums::inter_token_gap}));
    section.tables.push_back(latency_table(runs));
    return section;
}

}  // namespace regatta::results::report
