#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "app/post.hpp"
#include "regatta/base/errors.hpp"
#include "results/report/make_report.hpp"
#include "results/report/plot.hpp"
#include "results/show.hpp"
#include "results/text_file.hpp"

namespace regatta::app {
namespace {

void make_directory(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) throw IoError(fmt::format("{}: cannot be made: {}", path, error.message()));
}

/// One file for each chart, named after it.
std::size_t draw_charts(const results::report::Report& report, const std::string& directory, const char* ending) {
    make_directory(directory);
    std::size_t count = 0;
    for (const results::report::Section& section : report.sections)
        for (const results::report::Chart& chart : section.charts) {
            draw_chart(chart, fmt::format("{}/{}.{}", directory, chart.id, ending));
            ++count;
        }
    return count;
}

}  // namespace

void declare_report(CLI::App& program, ReportArguments& arguments) {
    CLI::App* command = program.add_subcommand("report", "Make a page (HTML) of the results of a run, or of several");
    command->add_option("RESULTS", arguments.paths, "Merged files, or directories with the files of all ranks")
        ->type_name("");
    command->add_option("-o,--output", arguments.output, "File to write (default: report.html)")->type_name("FILE");
    command->add_option("--png", arguments.png_directory, "Also write each chart into this directory, as PNG")
        ->type_name("DIR");
    command->add_option("--svg", arguments.svg_directory, "Likewise as SVG")->type_name("DIR");
    command->footer(
        "The page needs no network and no other file. Several runs are drawn over each other.\n"
        "Examples:\n"
        "  regatta-post report runs/quickstart -o report.html\n"
        "  regatta-post report before.h5 after.h5 -o both.html --png charts");
}

void run_report(const ReportArguments& arguments) {
    check_exists("report", "RESULTS", arguments.paths.empty() ? "" : arguments.paths.front());
    for (const std::string& path : arguments.paths)
        check_exists("report", "RESULTS", path);
    const results::report::Report report = results::report::make_report(arguments.paths);
    results::TextFile page(arguments.output);
    page.put("{}", to_page(report));
    page.close();
    const auto bytes = static_cast<double>(std::filesystem::file_size(arguments.output));
    fmt::print("{}: {}\n", arguments.output, results::show_bytes(bytes));
    if (!arguments.png_directory.empty())
        fmt::print("{}/: {} charts\n", arguments.png_directory, draw_charts(report, arguments.png_directory, "png"));
    if (!arguments.svg_directory.empty())
        fmt::print("{}/: {} charts\n", arguments.svg_directory, draw_charts(report, arguments.svg_directory, "svg"));
}

}  // namespace regatta::app
