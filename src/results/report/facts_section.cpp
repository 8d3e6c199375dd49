#include <fmt/format.h>

#include <functional>
#include <utility>

#include "results/report/sections.hpp"
#include "results/show.hpp"

namespace regatta::results::report {
namespace {

constexpr double kNsPerS = 1e9;

/// One line of text for each run, empty where there is nothing to say.
using Fact = std::pair<const char*, std::function<std::string(const ReportRun&, const RunFigures&)>>;

std::vector<Fact> facts() {
    return {
        {"digest", [](const ReportRun& run, const RunFigures&) { return run.name.digest; }},
        {"seed", [](const ReportRun& run, const RunFigures&) { return run.name.seed; }},
        {"files", [](const ReportRun& run, const RunFigures&) { return run.name.path; }},
        {"program", [](const ReportRun& run, const RunFigures&) { return run.program; }},
        {"measured from",
         [](const ReportRun& run, const RunFigures&) {
             return show_time(static_cast<double>(run.summary().measure_from.ns()));
         }},
        {"simulated time", [](const ReportRun& run,
                              const RunFigures&) { return show_time(static_cast<double>(run.summary().end.ns())); }},
        {"requests", [](const ReportRun& run, const RunFigures&) { return show_count(run.summary().arrived); }},
        {"ranks", [](const ReportRun&, const RunFigures& figures) { return show_count(figures.ranks); }},
        {"wall time", [](const ReportRun&, const RunFigures& figures) { return show_time(figures.wall_s * kNsPerS); }},
        {"event loop", [](const ReportRun&, const RunFigures& figures) { return show_time(figures.loop_s * kNsPerS); }},
        {"waiting for other ranks",
         [](const ReportRun&, const RunFigures& figures) { return show_percent(figures.waiting.mean); }},
        {"writing results",
         [](const ReportRun&, const RunFigures& figures) { return show_percent(figures.writing.mean); }},
        {"windows",
         [](const ReportRun&, const RunFigures& figures) {
             return fmt::format("{}, {} long on average", show_count(figures.windows),
                                show_time(figures.mean_window_ns));
         }},
        {"events", [](const ReportRun&, const RunFigures& figures) { return show_count(figures.events); }},
        {"messages between ranks",
         [](const ReportRun&, const RunFigures& figures) {
             return fmt::format("{}, {}", show_count(figures.messages), show_bytes(static_cast<double>(figures.bytes)));
         }},
        {"steps per second of wall time",
         [](const ReportRun&, const RunFigures& figures) { return show_large(figures.steps_per_s); }},
        {"memory of the largest rank", [](const ReportRun&, const RunFigures& figures) {
             return show_bytes(static_cast<double>(figures.peak_memory_bytes));
         }}};
}

Table fact_table(const Runs& runs) {
    Table table{.id = "facts", .title = "The run", .columns = {{"", "text"}}};
    std::vector<RunFigures> figures;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        table.columns.push_back({label_of(runs, run, runs.size() == 1 ? runs[run].name.name : ""), "text"});
        figures.push_back(run_figures(runs[run].summary(), runs[run].outcome.facts));
    }
    for (const auto& [name, text] : facts()) {
        std::vector<Cell> row = {std::string(name)};
        for (std::size_t run = 0; run < runs.size(); ++run)
            row.emplace_back(text(runs[run], figures[run]));
        table.rows.push_back(std::move(row));
    }
    return table;
}

// Ten thousand ranks are no table that anybody reads.
constexpr std::size_t kMostRanks = 64;

Table rank_table(const Runs& runs) {
    Table table{.id = "ranks",
                .title = "Ranks",
                .columns = {{"rank", "text"},
                            {"in the model", "s"},
                            {"waiting", "s"},
                            {"exchanging", "s"},
                            {"writing", "s"},
                            {"events", "events"},
                            {"messages sent", ""},
                            {"memory", "bytes"}}};
    for (std::size_t run = 0; run < runs.size(); ++run)
        for (const RankFacts& rank : runs[run].outcome.facts.ranks) {
            if (table.rows.size() == kMostRanks) return table;
            table.rows.push_back({label_of(runs, run, fmt::format("{}", rank.rank)), rank.busy_s, rank.waiting_s,
                                  rank.exchanging_s, rank.writing_s, static_cast<double>(rank.events),
                                  static_cast<double>(rank.messages_sent),
                                  static_cast<double>(rank.peak_memory_bytes)});
        }
    return table;
}

}  // namespace

Section facts_section(const Runs& runs) {
    return {.id = "run",
            .title = "How it was run",
            .text =
                "The digest stands for all results: it is the same on any number of ranks. The rest of this section "
                "depends on the machine.",
            .charts = {},
            .tables = {fact_table(runs), rank_table(runs)}};
}

}  // namespace regatta::results::report
