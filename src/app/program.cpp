#include "regatta/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "app/catalog_command.hpp"
#include "app/command_line.hpp"
#include "app/import_command.hpp"
#include "app/profile_command.hpp"
#include "app/roofline_command.hpp"
#include "app/run_command.hpp"
#include "app/setting.hpp"
#include "app/version.hpp"
#include "app/workload_command.hpp"
#include "regatta/transport/session.hpp"
#include "scenario/json_schema.hpp"
#include "scenario/load.hpp"
#include "scenario/reference.hpp"

namespace regatta {
namespace {

int run(int argument_count, char** arguments, const app::Setting& setting, bool speaks) {
    CLI::App program("regatta: simulates fleets that serve large language models, on any number of ranks", "regatta");
    program.set_version_flag("--version", app::version_text());
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
    std::string page = "scenario";
    program.add_subcommand("reference", "Print what a scenario may say: as a page (Markdown), or as JSON Schema")
        ->add_option("FORM", page, "scenario: the reference page (the default); schema: JSON Schema, for editors")
        ->type_name("")
        ->check(CLI::IsMember({"scenario", "schema"}));
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
    if (speaks)
        fmt::print("{}", page == "schema" ? scenario::scenario_json_schema(setting.registries)
                                          : scenario::scenario_reference(setting.registries));
    return 0;
}

}  // namespace

int run_program(int argument_count, char** arguments, const scenario::Registries& policies,
                const std::string& catalogue) {
    app::ignore_file_size_signal();
    std::unique_ptr<transport::Session> session;
    bool has_thrown = false;
    const int code = app::exit_code_of(
        "regatta",
        [&] {
            session = transport::open_session(argument_count, arguments);
            const app::Setting setting{.catalogue_directory = scenario::catalogue_directory(arguments[0], catalogue),
                                       .registries = policies,
                                       .session = *session};
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
