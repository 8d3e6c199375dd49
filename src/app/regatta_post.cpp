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
#include "app/version.hpp"
#include "regatta/base/errors.hpp"
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

int run(int argument_count, char** arguments) {
    CLI::App program("regatta-post: merges and reads the results of regatta run", "regatta-post");
    program.set_version_flag("--version", version_text());
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
    std::string page = "results";
    program.add_subcommand("reference", "Print a reference page (Markdown): of result files, or of metrics")
        ->add_option("PAGE", page, "results (the default) or metrics")
        ->type_name("")
        ->check(CLI::IsMember({"results", "metrics"}));
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
    if (has_work && program.got_subcommand("reference"))
        fmt::print("{}", page == "metrics" ? results::metrics_reference() : results::results_reference());
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
