#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "app/command_description.hpp"
#include "app/post.hpp"
#include "regatta/base/errors.hpp"
#include "results/roofline_chart.hpp"
#include "results/roofline_plot.hpp"

namespace regatta::app {
namespace {

// Tens of thousands of operators; what is larger is no table of steps that anybody could see in a plot.
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::string text_of(const std::string& path, const std::string& name) {
    const auto close = [](std::FILE* file) {
        if (file != stdin) (void)std::fclose(file);
    };
    const std::unique_ptr<std::FILE, decltype(close)> file(name == path ? std::fopen(path.c_str(), "rb") : stdin,
                                                           close);
    const auto fail = [&] {
        throw IoError(fmt::format("{}: cannot be read: {}", name, std::generic_category().message(errno)));
    };
    if (!file) fail();
    std::string text;
    std::array<char, 65536> block{};
    for (std::size_t count = block.size(); count == block.size();) {
        count = std::fread(block.data(), 1, block.size(), file.get());
        text.append(block.data(), count);
        if (text.size() > kMostBytes)
            throw InputError(
                fmt::format("{}: more than {} MiB; draw fewer steps, or only --totals", name, kMostBytes >> 20U));
    }
    if (std::ferror(file.get()) != 0) fail();
    return text;
}

}  // namespace

void declare_roofline(CLI::App& program, PlotArguments& arguments) {
    CLI::App* command =
        program.add_subcommand("roofline", "Draw what regatta roofline printed as CSV or JSON: SVG or PNG");
    command->add_option("TABLE", arguments.path, "What it printed; - or nothing: standard input")->type_name("");
    command->add_option("-o,--output", arguments.output, "File to write, .svg or .png")->type_name("FILE")->required();
    command->add_option("--axes", arguments.axes, "log or linear (default: log)")
        ->type_name("KIND")
        ->check(offers({"log", "linear"}));
    command->add_option("--title", arguments.title, "Instead of GPU, peak and bandwidth")->type_name("TEXT");
    command->footer(
        "Example:\n"
        "  regatta roofline --hardware h100-sxm --model llama-3.1-8b --batch 1,16,64 --format csv |\n"
        "      regatta-post roofline -o roofline.svg");
}

void run_roofline(const PlotArguments& arguments) {
    if (arguments.axes != "log" && arguments.axes != "linear")
        throw InputError(fmt::format("regatta-post roofline: --axes: expected log or linear, found \"{}\"{}",
                                     arguments.axes, did_you_mean(arguments.axes, {"log", "linear"})));
    const bool is_stdin = arguments.path.empty() || arguments.path == "-";
    if (!is_stdin) check_exists("roofline", "TABLE", arguments.path);
    const std::string name = is_stdin ? "standard input" : arguments.path;
    results::RooflineChart chart = results::read_roofline_chart(name, text_of(arguments.path, name));
    if (!arguments.title.empty()) chart.title = arguments.title;
    results::draw_roofline(chart, arguments.axes == "log", arguments.output);
    fmt::print(stderr, "Wrote {}: {} points under {} roof{}\n", arguments.output, chart.points.size(),
               chart.roofs.size(), chart.roofs.size() == 1 ? "" : "s");
}

}  // namespace regatta::app
