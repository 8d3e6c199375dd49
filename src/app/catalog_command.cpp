#include "app/catalog_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "app/catalog_listing.hpp"
#include "app/command_description.hpp"
#include "app/scenario_input.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/load.hpp"

namespace regatta::app {

namespace {

constexpr const char* kAll = "all";

std::vector<std::string> wanted_kinds(const std::string& kind) {
    std::vector<std::string> kinds = catalog_kinds();
    if (kind == kAll) return kinds;
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return {kind};
    kinds.emplace_back(kAll);
    throw InputError(fmt::format("regatta catalog: no kind \"{}\"; expected one of: {}{}", kind, scenario::join(kinds),
                                 did_you_mean(kind, kinds)));
}

/// The item of that name; tells the nearest one when there is none.
const CatalogItem& item_of(const std::vector<CatalogSection>& sections, const std::string& name) {
    std::vector<std::string> names;
    for (const CatalogSection& section : sections) {
        for (const CatalogItem& item : section.items) {
            if (item.name == name || std::find(item.aliases.begin(), item.aliases.end(), name) != item.aliases.end())
                return item;
            names.push_back(item.name);
        }
    }
    const std::string noun = sections.size() == 1 ? sections.front().noun : "entry";
    const std::string hint = did_you_mean(name, names);
    throw InputError(fmt::format("regatta catalog: no {} \"{}\"{}", noun, name,
                                 hint.empty() ? "; without a name everything is listed" : hint));
}

bool is_config(const CatalogArguments& arguments) {
    return arguments.name.ends_with(".json") && (arguments.kind == "models" || arguments.kind == kAll);
}

std::string text_of(const CatalogArguments& arguments, const Setting& setting) {
    const std::vector<std::string> kinds = wanted_kinds(arguments.kind);
    scenario::InputFiles files;
    scenario::Problems problems;
    scenario::CatalogueSet catalogue(setting.catalogue_directory, files, problems);
    catalogue.add_files(arguments.files);
    if (is_config(arguments)) {
        const auto& models = catalogue.models_of(arguments.name);
        problems.throw_if_any();
        const CatalogItem item = catalog_model(models.front());
        return arguments.is_json ? catalog_json(item) : catalog_page(item);
    }
    std::vector<CatalogSection> sections;
    for (const std::string& kind : kinds)
        sections.push_back(catalog_section(kind, catalogue, setting.registries));
    problems.throw_if_any();
    if (!arguments.name.empty()) {
        const CatalogItem& item = item_of(sections, arguments.name);
        return arguments.is_json ? catalog_json(item) : catalog_page(item);
    }
    std::string text;
    for (CatalogSection& section : sections) {
        const std::size_t all = section.items.size();
        filter(section, arguments.filter);
        text += (text.empty() ? "" : "\n") + catalog_table(section, all, arguments.shows_sources);
    }
    return arguments.is_json ? catalog_json(sections) : text;
}

}  // namespace

void declare_catalog(CLI::App& program, CatalogArguments& arguments) {
    CLI::App* command = program.add_subcommand("catalog", "List what a scenario can name, with its sources");
    std::vector<std::string> kinds = catalog_kinds();
    kinds.emplace_back(kAll);
    command->add_option("KIND", arguments.kind, fmt::format("What to list (default: {})", arguments.kind))
        ->type_name("")
        ->check(offers(kinds));
    command->add_option("NAME", arguments.name, "Show one of them alone; also a config.json of Hugging Face")
        ->type_name("");
    command->add_option("--filter", arguments.filter, "Only those whose name, title or values have the text")
        ->type_name("TEXT");
    command->add_option("--file", arguments.files, "A file of your own over the catalogue; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command->add_flag("--json", arguments.is_json, "Print one JSON document, counts in base units");
    command->add_flag("--sources", arguments.shows_sources, "Say where each value comes from");
    command->footer(
        "Examples:\n"
        "  regatta catalog hardware --filter amd\n"
        "  regatta catalog models llama-3.1-8b\n"
        "  regatta catalog models path/to/config.json");
}

int show_catalog(const CatalogArguments& arguments, const Setting& setting) {
    return on_rank_zero(setting.session.transport(), [&] { fmt::print("{}", text_of(arguments, setting)); });
}

}  // namespace regatta::app
