// Merges and reads what runs have written. Links no MPI, so that it works where no MPI program may start.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "app/command_line.hpp"
#include "app/post.hpp"
#include "app/reference_command.hpp"
#include "app/version.hpp"
#include "regatta/base/errors.hpp"
#include "results/hdf5_version.hpp"
#include "results/metrics.hpp"
#include "results/reference.hpp"
#include "results/temporary_file.hpp"

namespace regatta::app {

void check_exists(const std::string& command, const std::string& argument, const std::string& path) {
    if (path.empty())
        throw InputError(
            fmt::format("regatta-post {0}: {1} is missing; see regatta-post {0} --help", command, argument));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw InputError(fmt::format("{}: no such file or directory", path));
}

namespace {

std::string reference_page(const CLI::App& program, const ReferenceArguments& arguments) {
    const ManNotes notes{
        .exit_codes = {{"0", "Done."},
                       {"1", "A file could not be read or written."},
                       {"2", "The arguments or the results are wrong; nothing was written."},
                       {"129, 130, 143", "SIGHUP, SIGINT or SIGTERM stopped the program; nothing was left behind."}},
        .environment = {},
        .files = {},
        .see_also = {"regatta(1)"}};
    if (const auto page = command_line_reference(program, arguments, notes)) return *page;
    return arguments.page == "metrics" ? results::metrics_reference() : results::results_reference();
}

int run(int argument_count, char** arguments) {
    CLI::App program("regatta-post: merges and reads the results of regatta run", "regatta-post");
    program.set_version_flag(
        "--version", [] { return version_details("none: this program needs no MPI", results::hdf5_version()); },
        "Print the version, and what the program was built with");
    MergeArguments merge;
    StatsArguments stats;
    declare_merge(program, merge);
    declare_stats(program, stats);
    CheckpointArguments checkpoint;
    declare_checkpoint(program, checkpoint);
    ReportArguments report;
    declare_report(program, report);
    DiffArguments diff;
    declare_diff(program, diff);
    ExportArguments requests;
    ExportArguments trace;
    declare_requests(program, requests);
    declare_trace(program, trace);
    VidurArguments metrics;
    declare_export(program, metrics);
    PlotArguments plot;
    declare_roofline(program, plot);
    ReferenceArguments reference;
    declare_reference(program,
                      {{"results", "what result files contain, as Markdown"}, {"metrics", "how figures are defined"}},
                      reference);
    const bool has_work =
        parse_command_line(program, argument_count, arguments, [](const std::string& text) { fmt::print("{}", text); });
    if (has_work) results::remove_temporary_files_when_stopped();
    if (has_work && program.got_subcommand("merge")) run_merge(merge);
    if (has_work && program.got_subcommand("stats")) run_stats(stats);
    if (has_work && program.got_subcommand("checkpoint")) run_checkpoint(checkpoint);
    if (has_work && program.got_subcommand("report")) run_report(report);
    if (has_work && program.got_subcommand("diff")) run_diff(diff);
    if (has_work && program.got_subcommand("requests")) run_requests(requests);
    if (has_work && program.got_subcommand("trace")) run_trace(trace);
    if (has_work && program.got_subcommand("export")) run_export(metrics);
    if (has_work && program.got_subcommand("roofline")) run_roofline(plot);
    if (has_work && program.got_subcommand("reference")) fmt::print("{}", reference_page(program, reference));
    // A pipe that was closed, a disk that is full: the answer did not arrive.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw IoError(fmt::format("stdout: cannot be written: {}", std::generic_category().message(errno)));
    return 0;
}

}  // namespace
}  // namespace regatta::app

int main(int argument_count, char** arguments) {
    regatta::app::ignore_file_size_signal();
    return regatta::app::exit_code_of(
        "regatta-post", [&] { return regatta::app::run(argument_count, arguments); },
        [](const std::string& line) { fmt::print(stderr, "{}\n", line); });
}
