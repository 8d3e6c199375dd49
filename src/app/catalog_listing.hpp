#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/scenario/registries.hpp"
#include "scenario/catalogue.hpp"

namespace regatta::app {

/// What follows from the facts of an entry.
struct CatalogCount {
    std::string key;
    double value = 0;  ///< in base units
    std::string text;  ///< for people
};

/// Something that a scenario can name: a catalogue entry or a policy.
struct CatalogItem {
    std::string name;
    std::vector<std::string> aliases;             ///< of an entry
    std::string title;                            ///< of an entry; what a policy does
    std::vector<scenario::CatalogueField> facts;  ///< of an entry
    std::vector<CatalogCount> counts;             ///< of a model
    std::vector<Parameter> parameters;            ///< of a policy
    std::vector<std::string> cells;  ///< of the table, by the section's columns, which name and title are not among
};

/// Everything of one kind.
struct CatalogSection {
    std::string kind;     ///< as on the command line: "hardware"
    std::string heading;  ///< "GPUs"
    std::string noun;     ///< "GPU"
    std::vector<std::string> columns;
    std::vector<CatalogItem> items;
    bool holds_policies = false;
};

/// As on the command line, in the order in which they are listed.
[[nodiscard]] std::vector<std::string> catalog_kinds();

/// `kind` is one of catalog_kinds().
[[nodiscard]] CatalogSection catalog_section(const std::string& kind, scenario::CatalogueSet& catalogue,
                                             const scenario::Registries& registries);

/// One model as an item, for those that are not in the catalogue.
[[nodiscard]] CatalogItem catalog_model(const scenario::CatalogueEntry<llm::Model>& entry);

/// Leaves the items whose name, title or a value contains the text, in any case.
void filter(CatalogSection& section, const std::string& text);

/// As a text table; `all`: how many items there were before they were filtered.
[[nodiscard]] std::string catalog_table(const CatalogSection& section, std::size_t all, bool shows_sources);
/// All about one item.
[[nodiscard]] std::string catalog_page(const CatalogItem& item);
[[nodiscard]] std::string catalog_json(const std::vector<CatalogSection>& sections);
[[nodiscard]] std::string catalog_json(const CatalogItem& item);

}  // namespace regatta::app
