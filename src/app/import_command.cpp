#include "app/import_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "app/arguments.hpp"
#include "app/scenario_input.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/import_vidur.hpp"

namespace regatta::app {

namespace {

std::string read_text(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
        throw InputError(
            fmt::format("{}: cannot be read: {}", path, std::generic_category().message(errno == 0 ? EISDIR : errno)));
    return {std::istreambuf_iterator<char>(file), {}};
}

/// From the root where there is such a file, beside the configuration or where the user is: then the scenario finds it
/// from wherever it lies. Else as it was.
std::string located(const std::string& path, const std::string& config) {
    namespace fs = std::filesystem;
    std::error_code error;
    for (const fs::path& base : {fs::path(config).parent_path(), fs::path()}) {
        const fs::path candidate = base / path;
        if (fs::exists(candidate, error)) return fs::absolute(candidate).lexically_normal().string();
    }
    return path;
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw IoError(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

void convert(const ImportArguments& arguments) {
    const auto given = [&](const std::string& path) {
        if (path.empty()) return path;
        if (!std::filesystem::exists(path)) throw InputError(fmt::format("{}: no such file", path));
        return std::filesystem::absolute(path).lexically_normal().string();
    };
    const std::string text =
        scenario::import_vidur(read_text(arguments.config),
                               {.source = arguments.config,
                                .locate = [&](const std::string& path) { return located(path, arguments.config); },
                                .workload = given(arguments.workload),
                                .tables = given(arguments.tables),
                                .replay = given(arguments.replay),
                                .predictor = arguments.predictor});
    if (arguments.output.empty()) {
        fmt::print("{}", text);
        return;
    }
    write_text(arguments.output, text);
    fmt::print(stderr, "Written    {0}\nNext       regatta run {0}\n", arguments.output);
}

}  // namespace

void declare_import(CLI::App& program, ImportArguments& arguments) {
    CLI::App* command = program.add_subcommand("import", "Turn another simulator's configuration into a scenario");
    static const std::string kVidur = "vidur";
    command->add_option("SIMULATOR", "Whose: vidur")->required()->check(CLI::IsMember({kVidur}))->type_name("");
    command->add_option("CONFIG", arguments.config, "Vidur's config.json, or a file with its command line")
        ->required()
        ->type_name("");
    const auto file = [&](const char* name, std::string& value, const char* what) {
        command->add_option(name, value, what)->type_name("FILE")->check(no_option());
    };
    file("-o,--output", arguments.output, "Scenario to write (default: print it)");
    file("--workload", arguments.workload, "Requests as Vidur made them (CSV), instead of its generator");
    file("--tables", arguments.tables, "Times that Vidur's predictor predicted (CSV), instead of the profiling files");
    file("--replay", arguments.replay,
         "Replicas that Vidur chose (CSV: request_id, replica_id), instead of its router");
    command->add_option("--predictor", arguments.predictor, "How times are predicted (default: as Vidur is told)")
        ->type_name("NAME")
        ->check(CLI::IsMember({"forest", "interpolate", "polynomial"}));
    command->footer("Example:\n  regatta import vidur config.json -o scenario.yaml && regatta run scenario.yaml");
}

int import_scenario(const ImportArguments& arguments, const Setting& setting) {
    return on_rank_zero(setting.session.transport(), [&] { convert(arguments); });
}

}  // namespace regatta::app
