#include <array>
#include <cstdint>
#include <utility>

#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

constexpr double kNsPerS = 1e9;
// Points of a curve: 0.2 % apart, and every bucket where the tail is.
constexpr double kCurveStep = 0.002;
constexpr double kTail = 0.98;

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / kNsPerS;
}

/// Which fraction of the values is below x.
LineSeries distribution(const LatencySketch& sketch) {
    LineSeries curve;
    const std::vector<LatencySketch::Bucket> buckets = sketch.buckets();
    if (buckets.empty()) return curve;
    const auto all = static_cast<double>(sketch.count());
    // An axis by logarithm has no 0.
    curve.add(seconds(std::max<std::int64_t>(buckets.front().lower_ns, 1)), 0.0);
    std::int64_t below = 0;
    double last = 0;
    for (const LatencySketch::Bucket& bucket : buckets) {
        below += bucket.count;
        const double fraction = static_cast<double>(below) / all;
        if (fraction < last + kCurveStep && fraction < kTail && below < sketch.count()) continue;
        last = fraction;
        curve.add(seconds(bucket.upper_ns), fraction);
    }
    return curve;
}

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

Axis latency_axis(const std::string& label) {
    return {.label = label, .unit = "s", .is_log = true};
}
Axis share_axis(const std::string& label) {
    return {.label = label, .unit = "fraction", .least = 0.0, .most = 1.0};
}

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

Chart gap_chart(const Runs& runs) {
    LinesChart chart{.x = latency_axis("time between two tokens"), .y = share_axis("gaps below")};
    for (std::size_t run = 0; run < runs.size(); ++run) {
        std::size_t color = runs.size() > 1 ? run : 0;
        for (const PoolGroup& group : pool_groups_of(runs, run)) {
            LatencySketch sketch;
            for (const std::size_t pool : group.pools)
                sketch += runs[run].outcome.sums.pools()[pool].inter_token_gap;
            LineSeries series = distribution(sketch);
            series.label = runs.size() > 1 ? label_of(runs, run, "") : group.label;
            series.color = color++;
            series.dash = run;
            chart.series.push_back(std::move(series));
        }
    }
    return {.id = "inter-token-gap-distribution",
            .title = "Time between tokens",
            .note = "Of every two tokens of a request that follow each other, over the whole run.",
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
    section.charts.push_back(gap_chart(runs));
    section.tables.push_back(latency_table(runs));
    return section;
}

}  // namespace regatta::results::report
