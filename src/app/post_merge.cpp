#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/post.hpp"
#include "results/merge.hpp"
#include "results/show.hpp"

namespace regatta::app {

void declare_merge(CLI::App& program, MergeArguments& arguments) {
    CLI::App* command = program.add_subcommand("merge", "Make one file of the files of all ranks");
    command->add_option("DIR", arguments.directory, "Directory given to regatta run with --out")->type_name("");
    command->add_option("-o,--output", arguments.output, "File to write (default: DIR/run.h5)")->type_name("FILE");
    command->footer("Example:\n  regatta-post merge runs/quickstart -o quickstart.h5");
}

void run_merge(const MergeArguments& arguments) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kBetweenLines{5};
    check_exists("merge", "DIR", arguments.directory);
    const std::string output =
        arguments.output.empty() ? (std::filesystem::path(arguments.directory) / "run.h5").string() : arguments.output;
    const Clock::time_point start = Clock::now();
    Clock::time_point last_line = start;
    const results::RunOutcome outcome = results::merge_run(
        {.directory = arguments.directory,
         .output = output,
         .progress = [&last_line, kBetweenLines](std::int64_t done, std::int64_t total) {
             if (Clock::now() - last_line < kBetweenLines) return;
             last_line = Clock::now();
             fmt::print(stderr, "  {} of {} requests merged ({})\n", results::show_count(done),
                        results::show_count(total),
                        results::show_percent(static_cast<double>(done) / static_cast<double>(total)));
         }});
    const double wall_ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    const auto bytes = static_cast<double>(std::filesystem::file_size(output));
    fmt::print("{}: {} requests of {} rank{}, {:.3g} MB, merged in {}\n", output,
               results::show_count(outcome.summary.arrived), outcome.facts.ranks.size(),
               outcome.facts.ranks.size() == 1 ? "" : "s", bytes / 1e6, results::show_time(wall_ns));
    fmt::print("Digest {}\n", outcome.digest.to_hex());
    fmt::print("Next   regatta-post stats {}\n", output);
}

}  // namespace regatta::app
