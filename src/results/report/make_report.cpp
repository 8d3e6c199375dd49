#include "results/report/make_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "results/report/sections.hpp"
#include "results/show.hpp"

namespace regatta::results::report {
namespace {

/// The part of a path that people tell runs apart by.
std::string short_path(const std::string& path) {
    constexpr std::string_view kMerged = "/run.h5";
    std::string name = path.ends_with(kMerged) ? path.substr(0, path.size() - kMerged.size()) : path;
    while (name.size() > 1 && name.back() == '/')
        name.pop_back();
    return name;
}

/// Runs of one name go by their files instead; and by number, where these are the same, too.
void tell_apart(Runs& runs) {
    const auto has_twins = [&runs](std::size_t run) {
        return std::count_if(runs.begin(), runs.end(),
                             [&](const ReportRun& other) { return other.name.name == runs[run].name.name; }) > 1;
    };
    std::vector<std::size_t> twins;
    for (std::size_t run = 0; run < runs.size(); ++run)
        if (has_twins(run)) twins.push_back(run);
    for (const std::size_t run : twins)
        runs[run].name.name = short_path(runs[run].name.path);
    for (std::size_t run = runs.size(); run-- > 0;)
        if (has_twins(run)) runs[run].name.name += fmt::format(" ({})", run + 1);
}

std::vector<std::string> notes_of(const Runs& runs) {
    std::vector<std::string> notes;
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const std::string who = runs.size() > 1 ? runs[run].name.name + ": " : "";
        if (!runs[run].description.left_out.empty())
            notes.push_back(fmt::format("{}{} of its files are not in it: what is shown is not the whole run.", who,
                                        runs[run].description.left_out.size()));
        if (runs[run].description.stopped_at)
            notes.push_back(fmt::format("{}The run was stopped at {} of simulated time: nothing later is shown.", who,
                                        show_time(static_cast<double>(runs[run].description.stopped_at->ns()))));
        if (!runs[run].description.series_every)
            notes.push_back(who +
                            "Queues, KV cache and replicas over time were not recorded; "
                            "regatta run --set output.series=1s does so.");
        if (runs[run].steps.empty())
            notes.push_back(who +
                            "Steps were not recorded, so that nothing tells what their time goes to; "
                            "regatta run --set 'output.steps={replicas: 1}' does so.");
        if (!runs[run].summary().fleet.energy || !runs[run].summary().fleet.cost)
            notes.push_back(who +
                            "The power or the price of some GPUs is not known, so that nothing tells what the fleet "
                            "draws or costs; a pool and the catalogue can say them.");
    }
    return notes;
}

}  // namespace

Report make_report(const std::vector<std::string>& paths) {
    Runs runs;
    for (const std::string& path : paths)
        runs.push_back(read_run(path));
    tell_apart(runs);
    Report report{.title = {},
                  .program = runs.front().program,
                  .runs = {},
                  .tiles = headline_tiles(runs),
                  .sections = {latency_section(runs), time_section(runs), stages_section(runs), balance_section(runs),
                               steps_section(runs), energy_section(runs), facts_section(runs)},
                  .notes = notes_of(runs)};
    std::erase_if(report.sections,
                  [](const Section& section) { return section.charts.empty() && section.tables.empty(); });
    for (const ReportRun& run : runs) {
        report.title += (report.title.empty() ? "" : " and ") + run.name.name;
        report.runs.push_back(run.name);
    }
    return report;
}

}  // namespace regatta::results::report
