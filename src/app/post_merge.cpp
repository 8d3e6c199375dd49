#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/command_description.hpp"
#include "app/post.hpp"
#include "regatta/base/errors.hpp"
#include "results/merge.hpp"
#include "results/show.hpp"

namespace regatta::app {
namespace {

results::MergedRows rows_of(const MergeArguments& arguments) {
    if (arguments.packing && *arguments.packing != "deflate" && *arguments.packing != "none")
        throw InputError(fmt::format("regatta-post merge: --packing: expected deflate or none, found \"{}\"{}",
                                     *arguments.packing, did_you_mean(*arguments.packing, {"deflate", "none"})));
    if (arguments.packing && arguments.is_virtual)
        throw InputError(
            "regatta-post merge: --virtual and --packing exclude each other: a virtual merge copies no rows");
    if (arguments.is_virtual) return results::MergedRows::Virtual;
    return arguments.packing == "none" ? results::MergedRows::Plain : results::MergedRows::Deflated;
}

void tell_outcome(const results::MergeOutcome& outcome, const std::string& output, double wall_ns) {
    const auto bytes = static_cast<double>(std::filesystem::file_size(output));
    fmt::print("{}: {} requests of {} rank{}, {:.3g} MB, merged in {}\n", output, results::show_count(outcome.requests),
               outcome.ranks, outcome.ranks == 1 ? "" : "s", bytes / 1e6, results::show_time(wall_ns));
    for (const std::string& line : outcome.left_out)
        fmt::print(stderr, "Left out   {}\n", line);
    fmt::print("Digest {}\n", outcome.digest.to_hex());
    fmt::print("Next   regatta-post stats {}\n", output);
}

}  // namespace

void declare_merge(CLI::App& program, MergeArguments& arguments) {
    CLI::App* command = program.add_subcommand("merge", "Make one file of the files of all ranks");
    command->add_option("DIR", arguments.directory, "Directory given to regatta run with --out")->type_name("");
    command->add_option("-o,--output", arguments.output, "File to write (default: DIR/run.h5)")->type_name("FILE");
    command
        ->add_option("--packing", arguments.packing,
                     "Of the rows: deflate (the default), or none, which makes a larger file in less time")
        ->type_name("KIND")
        ->check(offers({"deflate", "none"}));
    command->add_flag("--virtual", arguments.is_virtual,
                      "At once: large tables are views of the rank files, which must stay where they are relative to "
                      "the merged file; their rows are then by rank, not by time");
    command->add_flag("--partial", arguments.is_partial,
                      "Leave out rank files that are missing, damaged or of another run, and mark the merged file");
    command->footer(
        "Stopped by a signal, nothing is left behind (exit codes 130, 143 and 129 of SIGINT, SIGTERM and SIGHUP).\n"
        "Examples:\n"
        "  regatta-post merge runs/quickstart -o quickstart.h5\n"
        "  regatta-post merge runs/quickstart --virtual");
}

void run_merge(const MergeArguments& arguments) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kBetweenLines{5};
    check_exists("merge", "DIR", arguments.directory);
    const std::string output =
        arguments.output.empty() ? (std::filesystem::path(arguments.directory) / "run.h5").string() : arguments.output;
    const Clock::time_point start = Clock::now();
    Clock::time_point last_line = start;
    const results::MergeOutcome outcome = results::merge_run(
        {.directory = arguments.directory,
         .output = output,
         .rows = rows_of(arguments),
         .is_partial = arguments.is_partial,
         .progress = [&last_line, kBetweenLines](std::int64_t done, std::int64_t total) {
             if (Clock::now() - last_line < kBetweenLines) return;
             last_line = Clock::now();
             fmt::print(stderr, "  {} of {} requests merged ({})\n", results::show_count(done),
                        results::show_count(total),
                        results::show_percent(static_cast<double>(done) / static_cast<double>(total)));
         }});
    tell_outcome(outcome, output, std::chrono::duration<double, std::nano>(Clock::now() - start).count());
}

}  // namespace regatta::app
