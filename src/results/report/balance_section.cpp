#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

// As many bars as tell a shape.
constexpr std::size_t kBins = 30;

double busy_fraction(const ReportRun& run, const serving::ReplicaRecord& replica) {
    const auto end = static_cast<double>(run.summary().end.ns());
    return end > 0 ? static_cast<double>(replica.busy_ns) / end : 0;
}

struct Span {
    double least = 1;
    double most = 0;
};
Span busy_span(const Runs& runs) {
    Span span;
    for (const ReportRun& run : runs)
        for (const serving::ReplicaRecord& replica : run.replicas) {
            span.least = std::min(span.least, busy_fraction(run, replica));
            span.most = std::max(span.most, busy_fraction(run, replica));
        }
    if (span.most < span.least) return {.least = 0, .most = 1};
    // Replicas that are all alike are one bar, and not noise blown up.
    constexpr double kLeastWidth = 0.01;
    const double missing = std::max(0.0, kLeastWidth - (span.most - span.least)) / 2;
    return {.least = std::max(0.0, span.least - missing), .most = span.most + missing};
}

LineSeries histogram(const ReportRun& run, const PoolGroup& group, const Span& span) {
    std::vector<double> counts(kBins);
    const double width = (span.most - span.least) / static_cast<double>(kBins);
    for (const serving::ReplicaRecord& replica : run.replicas) {
        if (std::find(group.pools.begin(), group.pools.end(), replica.pool) == group.pools.end()) continue;
        const double place = std::floor((busy_fraction(run, replica) - span.least) / width);
        counts[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(kBins - 1)))] += 1;
    }
    LineSeries series{.label = group.label, .style = SeriesStyle::Bars};
    for (std::size_t bin = 0; bin < kBins; ++bin)
        series.add(span.least + static_cast<double>(bin) * width, counts[bin]);
    series.add(span.most, std::nullopt);
    return series;
}

Chart busy_chart(const Runs& runs) {
    LinesChart chart{.x = {.label = "time in steps, of the whole run", .unit = "fraction"},
                     .y = {.label = "replicas", .unit = "replicas", .least = 0.0}};
    const Span span = busy_span(runs);
    for (std::size_t run = 0; run < runs.size(); ++run) {
        std::vector<PoolGroup> groups = pool_groups_of(runs, run);
        if (groups.size() > 1) groups.erase(groups.begin());
        for (std::size_t i = 0; i < groups.size(); ++i) {
            LineSeries series = histogram(runs[run], groups[i], span);
            if (runs.size() > 1) series.label = label_of(runs, run, "");
            series.color = runs.size() > 1 ? run : i;
            series.dash = run;
            chart.series.push_back(std::move(series));
        }
    }
    return {.id = "busy-replicas",
            .title = "How busy replicas were",
            .note = "Far apart: the router does not spread the load, or replicas were not there all the time.",
            .content = std::move(chart)};
}

Chart heat_chart(const Runs& runs, std::size_t run) {
    const ReportRun& shown = runs[run];
    const TimeGrid& grid = shown.requests.grid();
    HeatChart chart{.x = time_axis(runs),
                    .y_label = "nodes",
                    .value = {.label = "requests running per node", .unit = "requests"},
                    .rows = shown.nodes.labels,
                    .values = shown.requests.load().means(shown.summary().end.ns())};
    for (std::size_t column = 0; column < grid.columns; ++column)
        chart.edges.push_back(grid.start_s(column));
    chart.edges.push_back(shown.summary().end.seconds());
    double most = 0;
    for (std::size_t row = 0; row < chart.values.size(); ++row)
        for (double& value : chart.values[row]) {
            value /= static_cast<double>(shown.nodes.nodes[row]);
            most = std::max(most, value);
        }
    chart.value.most = most;
    return {.id = fmt::format("nodes-over-time{}", runs.size() > 1 ? fmt::format("-{}", run + 1) : ""),
            .title = label_of(runs, run, "Load of nodes over time"),
            .note =
                "Requests in a batch, on average over the interval and the nodes of a row; those that were sent "
                "again count where they ended.",
            .content = std::move(chart)};
}

Table balance_table(const Runs& runs) {
    Table table{.id = "balance",
                .title = "Balance over the replicas of a pool",
                .columns = {{"pool", "text"},
                            {"replicas", "replicas"},
                            {"least busy", "fraction"},
                            {"median", "fraction"},
                            {"busiest", "fraction"},
                            {"busiest over mean", ""},
                            {"preemptions", ""}}};
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (std::size_t pool = 0; pool < runs[run].description.pools.size(); ++pool) {
            std::vector<double> busy;
            double sum = 0;
            double preemptions = 0;
            for (const serving::ReplicaRecord& replica : runs[run].replicas) {
                if (replica.pool != pool) continue;
                busy.push_back(busy_fraction(runs[run], replica));
                sum += busy.back();
                preemptions += static_cast<double>(replica.preemptions);
            }
            std::vector<Cell> row = {label_of(runs, run, runs[run].description.pools[pool].name),
                                     static_cast<double>(busy.size())};
            row.resize(table.columns.size());
            if (!busy.empty()) {
                std::sort(busy.begin(), busy.end());
                row[2] = busy.front();
                row[3] = busy[(busy.size() - 1) / 2];
                row[4] = busy.back();
                if (sum > 0) row[5] = busy.back() * static_cast<double>(busy.size()) / sum;
                row[6] = preemptions;
            }
            table.rows.push_back(std::move(row));
        }
    return table;
}

}  // namespace

Section balance_section(const Runs& runs) {
    Section section{.id = "balance",
                    .title = "Load balance",
                    .text = "Whether all replicas and nodes had their share of the work, and when they did not."};
    section.charts.push_back(busy_chart(runs));
    for (std::size_t run = 0; run < runs.size(); ++run)
        section.charts.push_back(heat_chart(runs, run));
    section.tables.push_back(balance_table(runs));
    return section;
}

}  // namespace regatta::results::report
