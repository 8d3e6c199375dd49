#include "app/catalog_listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "regatta/base/errors.hpp"
#include "scenario/catalogue_fields.hpp"

namespace regatta::app {

namespace {

using scenario::CatalogueEntry;
using scenario::CatalogueField;
using scenario::CatalogueKind;

constexpr double kGib = 1024.0 * 1024 * 1024;

std::string billions(double count) {
    return fmt::format("{:.3g} B", count / 1e9);
}

std::string amount(double bytes) {
    if (bytes >= kGib) return fmt::format("{:.1f} GiB", bytes / kGib);
    return fmt::format("{:g} KiB", bytes / 1024);
}

std::vector<CatalogCount> counts_of(const llm::Model& model) {
    const double all = llm::parameter_count(model);
    std::vector<CatalogCount> counts{{"parameters", all, billions(all)}};
    if (model.experts > 0) {
        const double active = llm::active_parameter_count(model);
        counts.push_back({"active_parameters", active, billions(active)});
    }
    for (const llm::DataType type : llm::kDataTypes) {
        const double bytes = llm::weight_bytes(model, type);
        counts.push_back({fmt::format("weight_bytes_{}", name_of(type)), bytes, amount(bytes)});
    }
    for (const llm::DataType type : llm::kDataTypes) {
        const double bytes = llm::kv_bytes_per_token(model, type);
        counts.push_back({fmt::format("kv_bytes_per_token_{}", name_of(type)), bytes, amount(bytes)});
    }
    return counts;
}

std::string text_of_count(const CatalogItem& item, const std::string& key) {
    for (const CatalogCount& count : item.counts)
        if (count.key == key) return count.text;
    return "";
}

std::string value_of(const std::vector<CatalogueField>& facts, const std::string& key) {
    for (const CatalogueField& fact : facts)
        if (fact.key == key) return fact.value;
    return "";
}

template <class Facts>
CatalogSection entries_of(const std::string& heading, const scenario::Catalogue<Facts>& catalogue,
                          const std::vector<std::string>& columns) {
    CatalogSection section{.kind = CatalogueKind<Facts>::kCommand,
                           .heading = heading,
                           .noun = CatalogueKind<Facts>::kNoun,
                           .columns = columns,
                           .items = {}};
    for (const CatalogueEntry<Facts>& entry : catalogue) {
        CatalogItem item{.name = entry.name,
                         .aliases = entry.aliases,
                         .title = entry.title,
                         .facts = entry.fields,
                         .counts = {},
                         .parameters = {},
                         .cells = {}};
        for (const std::string& column : section.columns)
            item.cells.push_back(value_of(item.facts, column));
        section.items.push_back(std::move(item));
    }
    return section;
}

CatalogSection models_of(const scenario::Catalogue<llm::Model>& catalogue) {
    CatalogSection section{.kind = CatalogueKind<llm::Model>::kCommand,
                           .heading = "Models",
                           .noun = CatalogueKind<llm::Model>::kNoun,
                           .columns = {"parameters", "active", "weights (bf16)", "KV per token", "context"},
                           .items = {}};
    for (const CatalogueEntry<llm::Model>& entry : catalogue)
        section.items.push_back(catalog_model(entry));
    return section;
}

template <class Factory>
CatalogSection policies_of(const std::string& kind, const std::string& heading, const std::string& noun,
                           const Registry<Factory>& registry) {
    CatalogSection section{
        .kind = kind, .heading = heading, .noun = noun, .columns = {}, .items = {}, .holds_policies = true};
    for (const auto& entry : registry.entries())
        section.items.push_back({.name = entry.name,
                                 .aliases = {},
                                 .title = entry.sentence,
                                 .facts = {},
                                 .counts = {},
                                 .parameters = entry.parameters,
                                 .cells = {}});
    return section;
}

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool mentions(const CatalogItem& item, const std::string& text) {
    const auto has = [&](const std::string& where) { return in_lower_case(where).find(text) != std::string::npos; };
    if (has(item.name) || has(item.title) || std::any_of(item.aliases.begin(), item.aliases.end(), has)) return true;
    const auto is_hit = [&](const CatalogueField& fact) { return has(fact.value); };
    return std::any_of(item.facts.begin(), item.facts.end(), is_hit);
}

}  // namespace

std::vector<std::string> catalog_kinds() {
    return {"hardware",  "models",      "nodes",          "links",  "schedulers", "routers",
            "admission", "autoscalers", "reprovisioners", "timing", "arrivals",   "lengths"};
}

CatalogItem catalog_model(const CatalogueEntry<llm::Model>& entry) {
    CatalogItem item{.name = entry.name,
                     .aliases = entry.aliases,
                     .title = entry.title,
                     .facts = entry.fields,
                     .counts = counts_of(entry.facts),
                     .parameters = {},
                     .cells = {}};
    item.cells = {text_of_count(item, "parameters"), text_of_count(item, "active_parameters"),
                  text_of_count(item, "weight_bytes_bf16"), text_of_count(item, "kv_bytes_per_token_bf16"),
                  value_of(item.facts, "max_context")};
    return item;
}

CatalogSection catalog_section(const std::string& kind, scenario::CatalogueSet& catalogue,
                               const scenario::Registries& registries) {
    if (kind == "hardware")
        return entries_of("GPUs", catalogue.gpus(),
                          {"memory", "memory_bandwidth", "bf16", "fp16", "fp8", "int8", "int4", "link_bandwidth"});
    if (kind == "models") return models_of(catalogue.models());
    if (kind == "nodes")
        return entries_of("Node types", catalogue.nodes(),
                          {"gpu", "gpus", "host_memory", "disk", "host_link", "nics", "nic_bandwidth"});
    if (kind == "links") return entries_of("Interconnects", catalogue.links(), {"bandwidth", "latency"});
    if (kind == "schedulers") return policies_of(kind, "Schedulers", "scheduler", registries.schedulers);
    if (kind == "routers") return policies_of(kind, "Routers", "router", registries.routers);
    if (kind == "admission") return policies_of(kind, "Admission rules", "admission rule", registries.admissions);
    if (kind == "autoscalers") return policies_of(kind, "Autoscalers", "autoscaler", registries.autoscalers);
    if (kind == "reprovisioners")
        return policies_of(kind, "Re-provisioning policies", "re-provisioning policy", registries.reprovisioners);
    if (kind == "timing") return policies_of(kind, "Step times", "step-time model", registries.timings);
    if (kind == "arrivals") return policies_of(kind, "Arrivals", "arrival process", registries.arrivals);
    REGATTA_CHECK(kind == "lengths", "no kind \"" + kind + "\" in the catalogue");
    return policies_of(kind, "Lengths", "length distribution", registries.lengths);
}

void filter(CatalogSection& section, const std::string& text) {
    std::erase_if(section.items,
                  [&, wanted = in_lower_case(text)](const CatalogItem& item) { return !mentions(item, wanted); });
}

}  // namespace regatta::app
