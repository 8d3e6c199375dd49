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

std::string given(const std::string& path) {
    if (path.empty()) return path;
    if (!std::filesystem::exists(path)) throw InputError(fmt::format("{}: no such file", path));
    return std::filesystem::absolute(path).lexically_normal().string();
}

std::string vidur_text(const ImportArguments& arguments) {
    if (arguments.config.empty()) throw InputError("regatta import: CONFIG is missing; see regatta import --help");
    return scenario::import_vidur(read_text(arguments.config),
                                  {.source = arguments.config,
                                   .locate = [&](const std::string& path) { return located(path, arguments.config); },
                                   .workload = given(arguments.workload),
                                   .tables = given(arguments.tables),
                                   .replay = given(arguments.replay),
                                   .predictor = arguments.predictor});
}

std::string scratchpad_text(const ImportArguments& arguments, const Setting& setting) {
    if (!arguments.config.empty())
        throw InputError(
            fmt::format("regatta import: \"{}\" is one argument too many: scratchpad has options only; see "
                        "regatta import --help",
                        arguments.config));
    scenario::ScratchpadImport call = arguments.scratchpad;
    for (std::string* path : {&call.trace, &call.environment, &call.changes})
        *path = given(*path);
    try {
        if (!arguments.is_native) return scenario::import_scratchpad(call);
        return scenario::import_scratchpad_native(call, setting.registries, setting.catalogue_directory);
    } catch (const InputError& error) {
        // What is wrong in a file says where by itself.
        if (error.problems().front().rfind("expected ", 0) != 0 && error.problems().front().rfind("--", 0) != 0) throw;
        throw InputError(fmt::format("regatta import: {}; see regatta import --help", error.problems().front()));
    }
}

void convert(const ImportArguments& arguments, const Setting& setting) {
    const std::string text =
        arguments.simulator == "vidur" ? vidur_text(arguments) : scratchpad_text(arguments, setting);
    if (arguments.output.empty()) {
        fmt::print("{}", text);
        return;
    }
    write_text(arguments.output, text);
    fmt::print(stderr, "Written    {0}\nNext       regatta run {0}\n", arguments.output);
}

/// Under the names of that simulator's command line where it has them.
void declare_scratchpad(CLI::App& command, ImportArguments& arguments) {
    scenario::ScratchpadImport& call = arguments.scratchpad;
    const auto group = [](CLI::Option* option) { return option->group("Of scratchpad"); };
    const auto file = [&](const char* name, std::string& value, const char* what) {
        group(command.add_option(name, value, what)->type_name("FILE")->check(no_option()));
    };
    file("--input,--trace", call.trace, "Requests (trace.jsonl)");
    file("--environment", call.environment, "Nodes (env.json)");
    file("--environment-change-file,--changes", call.changes,
         "Engines that come later (env_change.jsonl), and go with --native");
    group(
        command.add_option("--arrival-rate", call.arrival_rate, "Requests per second; 0: all at once")->type_name("R"));
    group(command.add_option("--n-engines", call.engines, "Engines of Meta-Llama-3-70B on nvidia_A100, without nodes")
              ->type_name("N")
              ->check(CLI::PositiveNumber));
    group(command
              .add_option("--engines", call.engine_groups,
                          "Engines of any kind, as GPU:MODEL[:COUNT[:W/A/KV bits]]; may be repeated")
              ->type_name("KIND")
              ->check(no_option()));
    group(command.add_option("--limit", call.limit, "The first N requests that have tokens")->type_name("N"));
    group(command.add_option("--policy", call.policy, "How nodes are chosen (default: random)")
              ->type_name("NAME")
              ->check(CLI::IsMember({"random", "least_loaded", "gpu_count", "affinity"})));
    group(
        command.add_option("--precision", call.precision, "Bits of weights, activations and KV cache (default: 4/4/4)")
            ->type_name("W/A/KV")
            ->check(no_option()));
    group(command.add_flag("--native", arguments.is_native,
                           "On Regatta's own models, in the ordinary form, instead of that simulator's rules"));
    group(command.add_flag("--record-steps", call.records_steps, "Record what regatta-post export scratchpad writes"));
}

}  // namespace

void declare_import(CLI::App& program, ImportArguments& arguments) {
    CLI::App* command = program.add_subcommand("import", "Turn another simulator's configuration into a scenario");
    command->add_option("SIMULATOR", arguments.simulator, "Whose: vidur, or scratchpad")
        ->required()
        ->check(CLI::IsMember({"vidur", "scratchpad"}))
        ->type_name("");
    command->add_option("CONFIG", arguments.config, "Vidur's config.json, or a file with its command line")
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
    declare_scratchpad(*command, arguments);
    command->footer(
        "Examples:\n"
        "  regatta import vidur config.json -o scenario.yaml && regatta run scenario.yaml\n"
        "  regatta import scratchpad --input trace.jsonl --environment env.json --arrival-rate 1 -o scenario.yaml");
}

int import_scenario(const ImportArguments& arguments, const Setting& setting) {
    return on_rank_zero(setting.session.transport(), [&] { convert(arguments, setting); });
}

}  // namespace regatta::app
