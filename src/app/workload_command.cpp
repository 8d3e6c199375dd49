#include "app/workload_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>

#include "app/command_line.hpp"
#include "app/scenario_input.hpp"
#include "app/workload_csv.hpp"
#include "app/workload_report.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/quantity.hpp"

namespace regatta::app {

namespace {

/// How long the workload lasts, as far as it can be told beforehand.
SimTime expected_span(const scenario::Scenario& scenario, const scenario::TraceSummaries& traces) {
    if (scenario.duration) return *scenario.duration;
    SimTime span;
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        const scenario::Stream& stream = scenario.streams[i];
        if (traces[i]) span = std::max(span, traces[i]->last_arrival);
        if (stream.limit && stream.rate_per_s > 0)
            span = std::max(span, SimTime::from_seconds(static_cast<double>(*stream.limit) / stream.rate_per_s));
    }
    return span;
}

/// A round stretch of time that gives at most two dozen lines.
SimTime usual_stretch(SimTime span) {
    constexpr std::int64_t kMostLines = 24;
    constexpr std::array<std::int64_t, 16> kRound_s = {1,   2,   5,    10,    15,    30,     60,     120,
                                                       300, 600, 1800, 3'600, 7'200, 21'600, 43'200, 86'400};
    for (const std::int64_t round : kRound_s)
        if (SimTime::from_s(round) * kMostLines >= span) return SimTime::from_s(round);
    const std::int64_t days = span.ns() / (SimTime::from_s(86'400) * kMostLines).ns() + 1;
    return SimTime::from_s(86'400) * days;
}

SimTime stretch_of(const WorkloadArguments& arguments, const ScenarioInput& input) {
    if (!arguments.every) return usual_stretch(expected_span(*input.scenario, input.traces));
    const auto every = scenario::read_duration(*arguments.every);
    if (every && *every > SimTime()) return *every;
    throw InputError(
        fmt::format("regatta workload: --every: {}; see regatta workload --help",
                    every ? "expected a duration above 0, found \"" + *arguments.every + "\"" : every.error()));
}

void show(const WorkloadArguments& arguments, const ScenarioInput& input, const scenario::Registries& registries) {
    const scenario::Scenario& scenario = *input.scenario;
    if (scenario.scratchpad != nullptr)
        throw InputError(
            fmt::format("{}: requests under compat: scratchpad are drawn as there, and listed by regatta-post requests "
                        "after a run; expected another scenario",
                        arguments.scenario.scenario));
    std::optional<WorkloadCsv> csv;
    std::vector<std::string> names;
    for (const scenario::Stream& stream : scenario.streams)
        names.push_back(stream.name);
    const SimTime every = stretch_of(arguments, input);
    if (!arguments.csv.empty()) csv.emplace(arguments.csv, names);
    const scenario::TrafficSurvey survey = survey_traffic(scenario, registries, every, [&](const Request& request) {
        if (csv) csv->add(request);
    });
    if (csv) csv->finish();
    fmt::print("{}", arguments.is_json ? workload_json(scenario, survey) : workload_text(scenario, survey));
    if (csv)
        fmt::print(stderr, "Written    {0}\nNext       regatta run SCENARIO --set workload.trace={0}\n", arguments.csv);
}

}  // namespace

void declare_workload(CLI::App& program, WorkloadArguments& arguments) {
    CLI::App* command = program.add_subcommand("workload", "Show what a scenario asks for, without running it");
    add_scenario_arguments(*command, arguments.scenario);
    command->add_option("--csv", arguments.csv, "Write every request to a CSV file that workload.trace reads")
        ->type_name("FILE")
        ->check(no_option());
    command->add_option("--every", arguments.every, "Count requests per so much time (default: two dozen lines)")
        ->type_name("TIME")
        ->check(no_option());
    add_traffic_arguments(*command, arguments.scenario);
    command->add_flag("--json", arguments.is_json, "Print one JSON document, times in seconds");
    command->footer(
        "Examples:\n"
        "  regatta workload configs/quickstart.yaml --every 1min\n"
        "  regatta workload configs/quickstart.yaml --csv requests.csv");
}

int show_workload(const WorkloadArguments& arguments, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const ScenarioInput input = read_scenario(source_of(arguments.scenario), setting);
    if (input.exit_code != 0) return input.exit_code;
    prepare_step_times(*input.scenario, transport);
    return on_rank_zero(transport, [&] { show(arguments, input, setting.registries); });
}

}  // namespace regatta::app
