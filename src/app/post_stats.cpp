#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/post.hpp"
#include "results/comparison.hpp"
#include "results/replication_files.hpp"
#include "results/result_reader.hpp"
#include "results/summary.hpp"

namespace regatta::app {

void declare_stats(CLI::App& program, StatsArguments& arguments) {
    CLI::App* command = program.add_subcommand("stats", "Print the summary of a run, computed from its files");
    command->add_option("RESULTS", arguments.path, "Merged file, or directory with the files of all ranks or seeds")
        ->type_name("");
    command->add_flag("--json", arguments.is_json, "Print one JSON document, times in seconds");
    command->footer("Example:\n  regatta-post stats runs/quickstart/run.h5 --json");
}

void run_stats(const StatsArguments& arguments) {
    check_exists("stats", "RESULTS", arguments.path);
    if (!results::replications_in(arguments.path).empty()) {
        const results::ReplicatedRun run = results::read_replications(arguments.path);
        const std::string text = arguments.is_json ? replications_json(run) : replications_text(run);
        std::fputs(text.c_str(), stdout);
        return;
    }
    const results::RunOutcome outcome = results::ResultReader(arguments.path).outcome();
    const results::SummaryContext context{.digest = outcome.digest, .facts = outcome.facts};
    const std::string text = arguments.is_json ? to_json(outcome.summary, context) : to_text(outcome.summary, context);
    std::fputs(text.c_str(), stdout);
}

}  // namespace regatta::app
