#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/post.hpp"
#include "results/comparison.hpp"

namespace regatta::app {

void declare_diff(CLI::App& program, DiffArguments& arguments) {
    CLI::App* command = program.add_subcommand("diff", "Compare the headline figures of two runs");
    command->add_option("A", arguments.first, "Results of a run, or a directory that regatta run --seeds wrote")
        ->type_name("");
    command->add_option("B", arguments.other, "Likewise")->type_name("");
    command->add_flag("--json", arguments.is_json, "Print one JSON document");
    command->footer(
        "With several seeds it says whether a change is more than noise: at 95 %, seed by seed where both have the "
        "same.\n"
        "Example:\n"
        "  regatta run fleet.yaml --seeds 5 --out before\n"
        "  regatta run fleet.yaml --seeds 5 --out after --set gateways.router=random\n"
        "  regatta-post diff before after");
}

void run_diff(const DiffArguments& arguments) {
    check_exists("diff", "A", arguments.first);
    check_exists("diff", "B", arguments.other);
    const results::ReplicatedRun first = results::read_replications(arguments.first);
    const results::ReplicatedRun other = results::read_replications(arguments.other);
    fmt::print("{}", arguments.is_json ? difference_json(first, other) : difference_text(first, other));
}

}  // namespace regatta::app
