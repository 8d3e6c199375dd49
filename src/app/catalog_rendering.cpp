#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/catalog_listing.hpp"
#include "scenario/decode.hpp"

namespace regatta::app {

namespace {

using Json = nlohmann::ordered_json;
using Cells = std::vector<std::string>;

/// Columns as wide as their widest cell, two blanks apart; no line ends in blanks.
std::vector<std::string> aligned(const std::vector<Cells>& rows) {
    std::vector<std::size_t> widths;
    for (const Cells& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i >= widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::vector<std::string> lines;
    for (const Cells& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i].empty() ? "-" : row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string default_of(const Parameter& parameter) {
    if (parameter.is_required) return "required";
    return parameter.default_text.empty() ? "none" : parameter.default_text;
}

Cells source_cells(const scenario::CatalogueField& fact) {
    return {fact.key, fact.value, fact.confidence, fact.source};
}

std::string indented(const std::vector<Cells>& rows) {
    std::string text;
    for (const std::string& line : aligned(rows))
        text += "  " + line + "\n";
    return text;
}

Json json_of(const CatalogItem& item) {
    Json json{{"name", item.name}, {"title", item.title}};
    if (!item.aliases.empty()) json["aliases"] = item.aliases;
    for (const scenario::CatalogueField& fact : item.facts)
        json["facts"][fact.key] = {{"value", fact.value}, {"source", fact.source}, {"confidence", fact.confidence}};
    for (const CatalogCount& count : item.counts)
        json["counts"][count.key] = std::llround(count.value);
    if (!item.facts.empty()) return json;
    json["parameters"] = Json::array();
    for (const Parameter& parameter : item.parameters)
        json["parameters"].push_back({{"key", parameter.key},
                                      {"expected", scenario::expected_of(parameter)},
                                      {"default", default_of(parameter)},
                                      {"meaning", parameter.sentence}});
    return json;
}

}  // namespace

std::string catalog_table(const CatalogSection& section, std::size_t all, bool shows_sources) {
    const std::string count =
        section.items.size() == all ? fmt::format("{}", all) : fmt::format("{} of {}", section.items.size(), all);
    std::string text = fmt::format("{} ({})\n", section.heading, count);
    if (section.items.empty()) return text;
    std::vector<Cells> rows;
    if (!section.columns.empty()) {
        rows.push_back({"name"});
        rows.front().insert(rows.front().end(), section.columns.begin(), section.columns.end());
        rows.front().emplace_back("title");
    }
    const std::size_t first = rows.size();
    for (const CatalogItem& item : section.items) {
        rows.push_back({item.name});
        rows.back().insert(rows.back().end(), item.cells.begin(), item.cells.end());
        rows.back().push_back(item.title);
    }
    const std::vector<std::string> lines = aligned(rows);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += "  " + lines[i] + "\n";
        if (i < first || !shows_sources) continue;
        std::vector<Cells> sources;
        for (const scenario::CatalogueField& fact : section.items[i - first].facts)
            sources.push_back(source_cells(fact));
        for (const std::string& source : aligned(sources))
            text += "      " + source + "\n";
    }
    return text;
}

std::string catalog_page(const CatalogItem& item) {
    std::string text = fmt::format("{}: {}\n", item.name, item.title);
    if (!item.aliases.empty()) text += "  also: " + scenario::join(item.aliases) + "\n";
    std::vector<Cells> facts;
    for (const scenario::CatalogueField& fact : item.facts)
        facts.push_back(source_cells(fact));
    text += indented(facts);
    std::vector<Cells> counts;
    for (const CatalogCount& count : item.counts)
        counts.push_back({count.key, count.text, fmt::format("{:.0f}", count.value)});
    if (!counts.empty()) text += "From these follow\n" + indented(counts);
    std::vector<Cells> parameters;
    for (const Parameter& parameter : item.parameters)
        parameters.push_back(
            {parameter.key, default_of(parameter), scenario::expected_of(parameter), parameter.sentence});
    return text + indented(parameters);
}

std::string catalog_json(const std::vector<CatalogSection>& sections) {
    Json json = Json::object();
    for (const CatalogSection& section : sections) {
        json[section.kind] = Json::array();
        for (const CatalogItem& item : section.items)
            json[section.kind].push_back(json_of(item));
    }
    return json.dump(2) + "\n";
}

std::string catalog_json(const CatalogItem& item) {
    return json_of(item).dump(2) + "\n";
}

}  // namespace regatta::app
