#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "results/end_names.hpp"
#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

using serving::FleetEvent;
using serving::FleetEventRecord;

constexpr double kNsPerS = 1e9;
constexpr std::size_t kMostPoints = 1000;
// More would be a smear; the first ones stay, and the note says how many there were.
constexpr std::size_t kMostMarks = 120;

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / kNsPerS;
}

/// Of what happened to hardware and what the controller decided; a replica's own life is in the numbers.
std::string mark_kind(FleetEvent event) {
    switch (event) {
        case FleetEvent::GpuDown:
        case FleetEvent::NodeDown:
        case FleetEvent::RackDown:
        case FleetEvent::Lost:
            return "failure";
        case FleetEvent::ScaleUp:
        case FleetEvent::ScaleDown:
        case FleetEvent::Reprovision:
            return "scale";
        case FleetEvent::Updating:
        case FleetEvent::Maintenance:
            return "maintenance";
        case FleetEvent::Installed:
        case FleetEvent::Removed:
            return "other";
        case FleetEvent::Loading:
        case FleetEvent::WarmingUp:
        case FleetEvent::Serving:
        case FleetEvent::Draining:
            return "";
    }
    return "";
}

std::string mark_text(const ReportRun& run, const FleetEventRecord& event) {
    std::string text = event_name(event.kind);
    if (event.node != serving::kNoNode) text += fmt::format(", node {}", event.node);
    if (event.gpu != serving::kNoGpu) text += fmt::format(", GPU {}", event.gpu);
    if (event.pool < run.description.pools.size())
        text += fmt::format(", pool {}", run.description.pools[event.pool].name);
    if (mark_kind(event.kind) == "scale") text += fmt::format(", {}", event.amount);
    return text;
}

std::vector<Mark> marks_of(const Runs& runs) {
    std::vector<Mark> marks;
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (const FleetEventRecord& event : runs[run].events) {
            const std::string kind = mark_kind(event.kind);
            if (kind.empty() || marks.size() == kMostMarks) continue;
            marks.push_back({.from = seconds(event.start_ns),
                             .to = seconds(event.end_ns),
                             .label = label_of(runs, run, mark_text(runs[run], event)),
                             .kind = kind});
        }
    return marks;
}

std::string mark_note(const Runs& runs) {
    std::size_t count = 0;
    for (const ReportRun& run : runs)
        count += static_cast<std::size_t>(
            std::count_if(run.events.begin(), run.events.end(),
                          [](const FleetEventRecord& event) { return !mark_kind(event.kind).empty(); }));
    return count <= kMostMarks
               ? ""
               : fmt::format(" Of {} changes of the fleet, the first {} are marked.", count, kMostMarks);
}

/// One number of each interval.
struct Curve {
    std::string label;
    std::function<std::optional<double>(const Interval&, double width_s)> value;
};

Chart interval_chart(const Runs& runs, Chart chart, const std::vector<Curve>& curves, SeriesStyle style) {
    auto& lines = std::get<LinesChart>(chart.content);
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const RequestPass& pass = runs[run].requests;
        const double end_s = runs[run].summary().end.seconds();
        for (std::size_t i = 0; i < curves.size(); ++i) {
            LineSeries series{.label = label_of(runs, run, curves[i].label), .color = i, .style = style, .dash = run};
            for (std::size_t column = 0; column < pass.grid().columns; ++column) {
                const double from = pass.grid().start_s(column);
                const double to = std::min(pass.grid().start_s(column + 1), end_s);
                // A sliver at the end would make a rate out of one request.
                const double width = to - from;
                const bool is_sliver = width < seconds(pass.grid().width_ns) / 4 && column > 0;
                const auto value = is_sliver ? std::nullopt : curves[i].value(pass.intervals()[column], width);
                series.add(style == SeriesStyle::Line ? (from + to) / 2 : from, value);
            }
            if (style != SeriesStyle::Line) series.add(end_s, std::nullopt);
            lines.series.push_back(std::move(series));
        }
    }
    return chart;
}

Chart time_chart(const Runs& runs, const std::string& id, const std::string& title, const std::string& note, Axis y) {
    y.least = 0.0;
    return {.id = id,
            .title = title,
            .note = note,
            .content = LinesChart{.x = time_axis(runs), .y = std::move(y), .marks = marks_of(runs)}};
}

std::function<std::optional<double>(const Interval&, double)> rate(std::int64_t Interval::*count) {
    return [count](const Interval& interval, double width_s) {
        return std::optional(static_cast<double>(interval.*count) / width_s);
    };
}
std::function<std::optional<double>(const Interval&, double)> quantile(LatencySketch Interval::*sketch, double p) {
    return [sketch, p](const Interval& interval, double /*width_s*/) -> std::optional<double> {
        if ((interval.*sketch).count() == 0) return std::nullopt;
        return seconds((interval.*sketch).quantile_ns(p));
    };
}

Chart percentile_chart(const Runs& runs, Chart chart, LatencySketch Interval::*sketch) {
    std::vector<Curve> curves = {
        {"p50", quantile(sketch, 0.50)}, {"p90", quantile(sketch, 0.90)}, {"p99", quantile(sketch, 0.99)}};
    if (runs.size() > 1) curves = {{"p50", quantile(sketch, 0.50)}, {"p99", quantile(sketch, 0.99)}};
    return interval_chart(runs, std::move(chart), curves, SeriesStyle::Line);
}

/// One number of each sample of the pools of a group.
using SampleValue = std::function<double(const std::vector<SeriesRow>& pools, const ReportRun& run)>;

Chart series_chart(const Runs& runs, Chart chart, const SampleValue& value) {
    auto& lines = std::get<LinesChart>(chart.content);
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const std::vector<SeriesRow> rows = runs[run].outcome.series.rows();
        const std::size_t pools = runs[run].description.pools.size();
        std::size_t color = runs.size() > 1 ? run : 0;
        for (const PoolGroup& group : pool_groups_of(runs, run)) {
            LineSeries series{.label = runs.size() > 1 ? label_of(runs, run, "") : group.label,
                              .color = color++,
                              .style = SeriesStyle::Step,
                              .dash = run};
            for (std::size_t first = 0; first + pools <= rows.size(); first += pools) {
                std::vector<SeriesRow> sampled;
                for (const std::size_t pool : group.pools)
                    sampled.push_back(rows[first + pool]);
                series.add(seconds(rows[first].time_ns), value(sampled, runs[run]));
            }
            lines.series.push_back(thinned(series, kMostPoints));
        }
    }
    return chart;
}

SampleValue sum_of(std::int64_t SeriesRow::*number) {
    return [number](const std::vector<SeriesRow>& pools, const ReportRun&) {
        std::int64_t sum = 0;
        for (const SeriesRow& row : pools)
            sum += row.*number;
        return static_cast<double>(sum);
    };
}

/// Of all blocks that the pools have.
double kv_fraction(const std::vector<SeriesRow>& pools, const ReportRun& run) {
    double used = 0;
    double blocks = 0;
    for (const SeriesRow& row : pools) {
        used += static_cast<double>(row.kv_blocks_used);
        blocks += static_cast<double>(run.outcome.sums.pools()[static_cast<std::size_t>(row.pool)].kv_blocks);
    }
    return blocks > 0 ? used / blocks : 0;
}

void add_series_charts(const Runs& runs, Section& section) {
    const bool has_series = std::any_of(runs.begin(), runs.end(),
                                        [](const ReportRun& run) { return run.description.series_every.has_value(); });
    if (!has_series) return;
    section.charts.push_back(
        series_chart(runs,
                     time_chart(runs, "waiting", "Queue", "Requests in the waiting queues of replicas.",
                                {.label = "waiting", .unit = "requests"}),
                     sum_of(&SeriesRow::waiting)));
    section.charts.push_back(series_chart(
        runs, time_chart(runs, "running", "Running", "Requests running.", {.label = "running", .unit = "requests"}),
        sum_of(&SeriesRow::running)));
    section.charts.push_back(
        series_chart(runs,
                     time_chart(runs, "kv-use", "KV cache in use", "Of the blocks of all replicas.",
                                {.label = "KV blocks", .unit = "fraction"}),
                     kv_fraction));
    section.charts.push_back(series_chart(runs,
                                          time_chart(runs, "replicas", "Replicas up", "Replicas that were there.",
                                                     {.label = "replicas", .unit = "replicas"}),
                                          sum_of(&SeriesRow::replicas)));
}

}  // namespace

Axis time_axis(const Runs& runs) {
    double end = 0;
    for (const ReportRun& run : runs)
        end = std::max(end, run.summary().end.seconds());
    return {.label = "simulated time", .unit = "s", .least = 0.0, .most = end, .group = "time"};
}

LineSeries thinned(const LineSeries& series, std::size_t most) {
    if (series.x.size() <= most) return series;
    LineSeries thin{.label = series.label, .color = series.color, .style = series.style, .dash = series.dash};
    const std::size_t stretch = (2 * series.x.size() + most - 1) / most;
    for (std::size_t first = 0; first < series.x.size(); first += stretch) {
        const std::size_t end = std::min(first + stretch, series.x.size());
        std::size_t least = first;
        std::size_t largest = first;
        for (std::size_t i = first; i < end; ++i) {
            if (series.y[i] < series.y[least]) least = i;
            if (series.y[i] > series.y[largest]) largest = i;
        }
        for (const std::size_t i : {std::min(least, largest), std::max(least, largest)})
            if (thin.x.empty() || series.x[i] > thin.x.back()) thin.add(series.x[i], series.y[i]);
    }
    if (thin.x.back() < series.x.back()) thin.add(series.x.back(), series.y.back());
    return thin;
}

Section time_section(const Runs& runs) {
    Section section{.id = "time",
                    .title = "Over time",
                    .text =
                        "All charts here share their time axis: what is zoomed in one is zoomed in all. Changes of "
                        "the fleet are marked." +
                        mark_note(runs)};
    section.charts.push_back(interval_chart(runs,
                                            time_chart(runs, "traffic", "Arrivals and completions",
                                                       "Per second, by when requests came and when they ended.",
                                                       {.label = "requests", .unit = "requests/s"}),
                                            {{"arrived", rate(&Interval::arrived)},
                                             {"finished", rate(&Interval::finished)},
                                             {"turned away, failed or timed out", rate(&Interval::given_up)}},
                                            SeriesStyle::Step));
    section.charts.push_back(interval_chart(
        runs,
        time_chart(runs, "output-tokens", "Output tokens", "Of answers, in the interval in which they were complete.",
                   {.label = "output tokens", .unit = "tokens/s"}),
        {{"output tokens", rate(&Interval::output_tokens)}}, SeriesStyle::Step));
    section.charts.push_back(percentile_chart(
        runs,
        time_chart(runs, "ttft-over-time", "TTFT over time",
                   "Percentiles of the requests that finished in the interval.", {.label = "TTFT", .unit = "s"}),
        &Interval::ttft));
    section.charts.push_back(percentile_chart(
        runs,
        time_chart(runs, "tpot-over-time", "TPOT over time",
                   "Percentiles of the requests that finished in the interval.", {.label = "TPOT", .unit = "s"}),
        &Interval::tpot));
    add_series_charts(runs, section);
    return section;
}

}  // namespace regatta::results::report
