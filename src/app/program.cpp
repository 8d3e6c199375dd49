#include "regatta/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalog_command.hpp"
#include "app/command_line.hpp"
#include "app/import_command.hpp"
#include "app/profile_command.hpp"
#include "app/reference_command.hpp"
#include "app/roofline_command.hpp"
#include "app/run_command.hpp"
#include "app/scenario_input.hpp"
#include "app/setting.hpp"
#include "app/stop_signals.hpp"
#include "app/version.hpp"
#include "app/workload_command.hpp"
#include "regatta/transport/session.hpp"
#include "results/hdf5_version.hpp"
#include "scenario/json_schema.hpp"
#include "scenario/load.hpp"
#include "scenario/reference.hpp"

namespace regatta {
namespace {

app::ManNotes man_notes() {
    return {.exit_codes = {{"0", "Done."},
                           {"1", "The run failed."},
                           {"2", "The scenario, a trace or the arguments are wrong; nothing was written."},
                           {"3", "A run was stopped by a signal or a limit; what it wrote is whole and readable."}},
            .environment = {{"REGATTA_CATALOGUE",
                             "Directory of the catalogue of hardware and models, instead of the one installed."},
                            {"REGATTA_CACHE",
                             "Directory for what was learned from profiling files; empty: nothing is kept. Default: "
                             "regatta in $XDG_CACHE_HOME, or else in ~/.cache."},
                            {"REGATTA_LOG", "What is said on stderr: debug, info (the default) or off."}},
            .files = {{"PREFIX/share/regatta/catalogue", "Hardware and models that scenarios name."},
                      {"PREFIX/share/regatta/configs", "Ready scenarios."},
                      {"PREFIX/share/regatta/scenario.schema.json", "JSON Schema of scenarios, for editors."}},
            .see_also = {"regatta-post(1)", "mpirun(1)"}};
}

std::string reference_page(const CLI::App& program, const app::ReferenceArguments& arguments,
                           const scenario::Registries& registries) {
    if (const auto page = app::command_line_reference(program, arguments, man_notes())) return *page;
    return arguments.page == "schema" ? scenario::scenario_json_schema(registries)
                                      : scenario::scenario_reference(registries);
}

int run(int argument_count, char** arguments, const app::Setting& setting, bool speaks) {
    CLI::App program("regatta: simulates fleets that serve large language models, on any number of ranks", "regatta");
    program.set_version_flag(
        "--version", [] { return app::version_details(transport::mpi_version(), results::hdf5_version()); },
        "Print the version, and what the program was built with");
    app::RunArguments run_arguments;
    app::ValidateArguments validate_arguments;
    app::WorkloadArguments workload_arguments;
    app::ProfileArguments profile_arguments;
    app::RooflineArguments roofline_arguments;
    app::CatalogArguments catalog_arguments;
    app::declare_run(program, run_arguments);
    app::declare_validate(program, validate_arguments);
    app::declare_workload(program, workload_arguments);
    app::declare_profile(program, profile_arguments);
    app::declare_roofline(program, roofline_arguments);
    app::declare_catalog(program, catalog_arguments);
    app::ImportArguments import_arguments;
    app::declare_import(program, import_arguments);
    app::ReferenceArguments reference_arguments;
    app::declare_reference(
        program,
        {{"scenario", "what a scenario may say, as Markdown"}, {"schema", "the same as JSON Schema, for editors"}},
        reference_arguments);
    // Every rank finds the same mistakes on its command line; one of them says so.
    bool has_work = false;
    const auto parse = [&] {
        has_work = app::parse_command_line(program, argument_count, arguments, [&](const std::string& text) {
            if (speaks) fmt::print("{}", text);
        });
        return 0;
    };
    const int usage = app::exit_code_of("regatta", parse, [&](const std::string& line) {
        if (speaks) fmt::print(stderr, "{}\n", line);
    });
    if (usage != 0 || !has_work) return usage;
    if (program.got_subcommand("run")) return app::run_scenario(run_arguments, setting);
    if (program.got_subcommand("validate")) return app::validate_scenario(validate_arguments, setting);
    if (program.got_subcommand("workload")) return app::show_workload(workload_arguments, setting);
    if (program.got_subcommand("profile")) return app::show_profile(profile_arguments, setting);
    if (program.got_subcommand("roofline")) return app::show_roofline(roofline_arguments, setting);
    if (program.got_subcommand("import")) return app::import_scenario(import_arguments, setting);
    if (program.got_subcommand("catalog")) return app::show_catalog(catalog_arguments, setting);
    return app::on_rank_zero(setting.session.transport(), [&] {
        fmt::print("{}", reference_page(program, reference_arguments, setting.registries));
    });
}

}  // namespace

int run_program(int argument_count, char** arguments, const scenario::Registries& policies,
                const std::string& catalogue) {
    app::ignore_file_size_signal();
    // As early as can be: what comes before would end the process. Runs of several seeds heed none.
    const std::vector<std::string_view> words(arguments + std::min(argument_count, 1), arguments + argument_count);
    const auto is_seeds = [](std::string_view word) { return word.starts_with("--seeds"); };
    std::optional<app::StopSignals> signals;
    if (!words.empty() && words.front() == "run" && std::none_of(words.begin(), words.end(), is_seeds))
        signals.emplace();
    std::unique_ptr<transport::Session> session;
    bool has_thrown = false;
    const int code = app::exit_code_of(
        "regatta",
        [&] {
            session = transport::open_session(argument_count, arguments);
            const app::Setting setting{.catalogue_directory = scenario::catalogue_directory(arguments[0], catalogue),
                                       .registries = policies,
                                       .session = *session,
                                       .signals = signals ? &*signals : nullptr};
            return run(argument_count, arguments, setting, session->transport().rank() == 0);
        },
        [&](const std::string& line) {
            has_thrown = true;
            const bool is_one_of_many = session && session->transport().ranks() > 1;
            fmt::print(stderr, "{}{}\n", is_one_of_many ? fmt::format("rank {}: ", session->transport().rank()) : "",
                       line);
        });
    if (!session) return code;
    std::fflush(stdout);
    // What all ranks know to be wrong has been said and gives a code without an exception. What is thrown up to here
    // one rank alone may know, and the others must not be left waiting.
    if (has_thrown && session->transport().ranks() > 1) session->abort(code);
    session->close();
    return code;
}

}  // namespace regatta
