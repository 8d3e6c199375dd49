#include "app/flat_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "regatta/base/errors.hpp"
#include "scenario/document.hpp"
#include "scenario/quantity.hpp"

namespace regatta::app {
namespace {

using Json = nlohmann::ordered_json;
using scenario::Node;

std::string joined(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

Json scalar(const Node& node) {
    if (node.is_quoted) return node.text;
    if (const auto whole = scenario::read_whole_number(node.text)) return *whole;
    if (const auto number = scenario::read_number(node.text)) return *number;
    return node.text;
}

bool has_maps(const Node& node) {
    return node.kind == Node::Kind::Map || std::any_of(node.items.begin(), node.items.end(), has_maps);
}

/// A list without maps as it stands in a scenario: points of a distribution are one parameter and not hundreds.
std::string as_text(const Node& node) {
    if (node.kind != Node::Kind::List) return node.text;
    std::string text;
    for (const Node& item : node.items)
        text += (text.empty() ? "" : ", ") + as_text(item);
    return "[" + text + "]";
}

void add_parameters(const Node& node, const std::string& path, Json& flat) {
    switch (node.kind) {
        case Node::Kind::Null:
            return;
        case Node::Kind::Scalar:
            flat[path] = scalar(node);
            return;
        case Node::Kind::Map:
            for (std::size_t i = 0; i < node.items.size(); ++i)
                add_parameters(node.items[i], joined(path, node.keys[i].text), flat);
            return;
        case Node::Kind::List:
            if (!has_maps(node)) {
                flat[path] = as_text(node);
                return;
            }
            for (std::size_t i = 0; i < node.items.size(); ++i)
                add_parameters(node.items[i], joined(path, fmt::format("{}", i)), flat);
            return;
    }
}

void add_figures(const Json& json, const std::string& path, Json& flat) {
    if (path == "run.of_ranks" || path == "run.ended_by") return;
    if (json.is_object()) {
        for (const auto& [key, value] : json.items())
            add_figures(value, joined(path, key), flat);
    } else if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i)
            add_figures(json[i], joined(path, fmt::format("{}", i)), flat);
    } else if (!json.is_null()) {
        flat[path] = json;
    }
}

}  // namespace

std::string flat_json(const std::string& summary_json, const std::string& scenario_text, const std::string& path) {
    scenario::Problems problems;
    Node document;
    const int source = problems.add_source(path + ": /scenario");
    if (!scenario::parse_document(scenario_text, source, document, problems) || !problems.empty())
        throw IoError(fmt::format("{}: /scenario is no scenario; the file is damaged or was changed", path));
    Json flat = Json::object();
    add_parameters(document, "param", flat);
    add_figures(Json::parse(summary_json), "", flat);
    return flat.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace regatta::app
