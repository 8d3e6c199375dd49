#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "results/report/distributions.hpp"
#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

// A wider range of sizes is shown in bars of several.
constexpr std::size_t kMostBars = 160;
constexpr double kNsPerS = 1e9;

BatchSizes batches_of(const ReportRun& run, const PoolGroup& group) {
    BatchSizes sizes;
    for (const std::size_t pool : group.pools)
        sizes += run.outcome.sums.pools()[pool].batches;
    return sizes;
}

/// Pools apart where there are several; together they hide what each does.
std::vector<PoolGroup> shown_pools(const Runs& runs, std::size_t run) {
    std::vector<PoolGroup> groups = pool_groups_of(runs, run);
    if (groups.size() > 1) groups.erase(groups.begin());
    return groups;
}

Chart batch_chart(const Runs& runs) {
    LinesChart chart{.x = {.label = "sequences in the batch", .unit = "sequences"},
                     .y = {.label = "steps", .unit = "fraction", .least = 0.0}};
    std::size_t most = 0;
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (const PoolGroup& group : shown_pools(runs, run))
            most = std::max(most, batches_of(runs[run], group).steps().size());
    const std::size_t each = (most + kMostBars - 1) / kMostBars;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        std::size_t color = runs.size() > 1 ? run : 0;
        for (const PoolGroup& group : shown_pools(runs, run)) {
            const BatchSizes sizes = batches_of(runs[run], group);
            const auto all = static_cast<double>(sizes.count());
            LineSeries series{.label = runs.size() > 1 ? label_of(runs, run, "") : group.label,
                              .color = color++,
                              .style = SeriesStyle::Bars,
                              .dash = run};
            for (std::size_t first = 0; all > 0 && first < most; first += each) {
                double steps = 0;
                for (std::size_t size = first; size < std::min(first + each, sizes.steps().size()); ++size)
                    steps += static_cast<double>(sizes.steps()[size]);
                // Around the sizes, so that the axis' ticks stand under the middle of their bars.
                series.add(static_cast<double>(first) - 0.5, steps / all);
            }
            if (!series.x.empty()) series.add(series.x.back() + static_cast<double>(each), std::nullopt);
            chart.series.push_back(std::move(series));
        }
    }
    return {.id = "batch-sizes",
            .title = "Batch sizes",
            .note = "Sequences in the batch of each step, exact counts over the whole run.",
            .content = std::move(chart)};
}

std::string kind_name(StepKind kind) {
    switch (kind) {
        case StepKind::Prefill:
            return "prefill";
        case StepKind::Mixed:
            return "mixed";
        case StepKind::Decode:
            return "decode";
    }
    return "";
}

/// None where no run recorded steps.
std::vector<Chart> operator_charts(const Runs& runs) {
    StackedChart chart{.x_label = "steps of a pool, by what is in them",
                       .y = {.label = "mean time of a step", .unit = "s", .least = 0.0}};
    for (std::size_t part = 0; part < kStepParts.size(); ++part)
        chart.series.push_back({.label = std::string(kStepParts[part]), .color = part});
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (const auto& [of, sums] : runs[run].steps) {
            const auto& [pool, kind] = of;
            chart.categories.push_back(
                label_of(runs, run, fmt::format("{}, {}", runs[run].description.pools.at(pool).name, kind_name(kind))));
            for (std::size_t part = 0; part < kStepParts.size(); ++part)
                chart.series[part].y.push_back(static_cast<double>(sums.ns[part]) / static_cast<double>(sums.steps) /
                                               kNsPerS);
        }
    if (chart.categories.empty()) return {};
    // Nobody wants to read of experts that a model does not have.
    std::erase_if(chart.series, [](const StackedChart::Series& series) {
        return std::all_of(series.y.begin(), series.y.end(), [](double time) { return time <= 0; });
    });
    return {{.id = "operators",
             .title = "What a step's time goes to",
             .note = "Mean over the steps that output.steps recorded.",
             .content = std::move(chart)}};
}

Table pool_table(const Runs& runs) {
    Table table{.id = "pools",
                .title = "Pools",
                .columns = {{"pool", "text"},
                            {"replicas", "replicas"},
                            {"GPUs", ""},
                            {"busy", "fraction"},
                            {"MFU", "fraction"},
                            {"MBU", "fraction"},
                            {"KV mean", "fraction"},
                            {"KV peak", "fraction"},
                            {"batch mean", "sequences"},
                            {"batch p99", "sequences"},
                            {"tokens per step", "tokens"},
                            {"steps", "steps"},
                            {"preemptions", ""}}};
    const auto count = [](std::int64_t number) { return static_cast<double>(number); };
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (const PoolFigures& pool : runs[run].summary().pools)
            table.rows.push_back({label_of(runs, run, pool.name), count(pool.replicas), count(pool.gpus),
                                  pool.gpu_busy_fraction, cell(pool.flops_utilisation),
                                  cell(pool.bandwidth_utilisation), cell(pool.kv_mean_fraction), pool.kv_peak_fraction,
                                  pool.batch.mean, count(pool.batch.p99), pool.tokens_per_step, count(pool.steps),
                                  count(pool.preemptions)});
    return table;
}

}  // namespace

Section steps_section(const Runs& runs) {
    Section section{.id = "steps",
                    .title = "Batches and steps",
                    .text =
                        "What the GPUs did: how many sequences they worked on at a time, how long a step took, and "
                        "on what."};
    section.charts.push_back(batch_chart(runs));
    Chart times = pool_distribution_chart(runs, {.id = "step-times",
                                                 .title = "Step times",
                                                 .note = "How long a step took, over the whole run.",
                                                 .x_label = "time of a step",
                                                 .y_label = "steps at or below",
                                                 .sketch = &PoolSums::step_time});
    // Files of older versions do not tell.
    const std::vector<LineSeries>& series = std::get<LinesChart>(times.content).series;
    if (std::any_of(series.begin(), series.end(), [](const LineSeries& each) { return !each.x.empty(); }))
        section.charts.push_back(std::move(times));
    for (Chart& chart : operator_charts(runs))
        section.charts.push_back(std::move(chart));
    section.tables.push_back(pool_table(runs));
    return section;
}

}  // namespace regatta::results::report
