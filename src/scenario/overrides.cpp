#include "scenario/overrides.hpp"

#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {
namespace {

/// One part of a path: a key, or an element of a list by its number or name.
struct Step {
    std::string text;
    bool is_element = false;
};

/// None when the path is not of the form key.key[element].key.
std::optional<std::vector<Step>> split_path(const std::string& path) {
    std::vector<Step> steps;
    std::size_t i = 0;
    while (i < path.size()) {
        const bool is_element = path[i] == '[';
        if (is_element && steps.empty()) return std::nullopt;
        if (!is_element && !steps.empty() && path[i++] != '.') return std::nullopt;
        const std::size_t start = is_element ? i + 1 : i;
        const std::size_t end = path.find_first_of(is_element ? "]" : ".[", start);
        if (is_element && end == std::string::npos) return std::nullopt;
        const std::string text = path.substr(start, end == std::string::npos ? end : end - start);
        if (text.empty()) return std::nullopt;
        steps.push_back({text, is_element});
        i = end == std::string::npos ? path.size() : end + (is_element ? 1 : 0);
    }
    if (steps.empty() || (!path.empty() && path.back() == '.')) return std::nullopt;
    return steps;
}

void move_to(const Place& place, Node& node) {
    node.place = place;
    for (Node::Key& key : node.keys)
        key.place = place;
    for (Node& item : node.items)
        move_to(place, item);
}

class Override {
public:
    Override(const Place& place, Problems& problems) : place_(place), problems_(problems) {}

    /// Changes nothing when the path leads nowhere.
    void apply(const std::vector<Step>& steps, Node value, Node& document) {
        Node changed = document;
        Node* at = &changed;
        std::string path;
        for (const Step& step : steps) {
            at = step.is_element ? element(*at, step.text, path) : member(*at, step.text, path);
            if (at == nullptr) return;
            path += step.is_element ? "[" + step.text + "]" : (path.empty() ? "" : ".") + step.text;
        }
        *at = std::move(value);
        document = std::move(changed);
    }

private:
    Node* member(Node& node, const std::string& key, const std::string& path) {
        if (node.kind == Node::Kind::List) {
            problems_.add(place_, path, fmt::format("a list; choose an element: {}[0].{}", path, key));
            return nullptr;
        }
        if (node.kind != Node::Kind::Map) {
            // What stood there stays known: `router: random` becomes a map that still says random.
            Node map;
            map.kind = Node::Kind::Map;
            map.place = node.kind == Node::Kind::Scalar ? node.place : place_;
            map.text = node.text;
            node = std::move(map);
        }
        if (node.find(key) == nullptr) {
            Node missing;
            missing.place = place_;
            node.put(key, place_, std::move(missing));
        }
        for (Node::Key& known : node.keys)
            if (known.text == key) known.place = place_;
        return node.find(key);
    }

    Node* element(Node& node, const std::string& which, const std::string& path) {
        if (node.kind != Node::Kind::List) {
            problems_.add(place_, path, fmt::format("not a list; found {}", node.as_found()));
            return nullptr;
        }
        const bool is_number = which.find_first_not_of("0123456789") == std::string::npos;
        if (is_number) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), index);
            if (error == std::errc{} && index < node.items.size()) return &node.items[index];
            problems_.add(place_, fmt::format("{}[{}]", path, which),
                          node.items.empty() ? "no such element; the list is empty"
                                             : fmt::format("no such element; allowed: 0 to {}", node.items.size() - 1));
            return nullptr;
        }
        std::vector<std::string> names;
        for (Node& item : node.items) {
            const Node* name = item.find("name");
            if (name != nullptr && name->text == which) return &item;
            if (name != nullptr) names.push_back(name->text);
        }
        const std::string hint = did_you_mean(which, names);
        problems_.add(place_, fmt::format("{}[{}]", path, which),
                      "no element of that name" + (!hint.empty()   ? hint
                                                   : names.empty() ? "; none has a name"
                                                                   : "; allowed: " + join(names)));
        return nullptr;
    }

    Place place_;
    Problems& problems_;
};

}  // namespace

std::string name_of_override(std::size_t number, const std::string& text) {
    return fmt::format("--set #{} ({})", number + 1, text);
}

void apply_override(const std::string& text, const Place& place, Node& document, Problems& problems) {
    const std::size_t equals = text.find('=');
    const auto steps = split_path(text.substr(0, equals));
    if (equals == std::string::npos || !steps) {
        problems.add(place, "", "expected path=value, such as gateways.count=2 or fleet.pools[0].nodes=4");
        return;
    }
    Node value;
    Problems in_value;
    in_value.add_source("");
    if (!parse_document(text.substr(equals + 1), 0, value, in_value) || !in_value.empty()) {
        problems.add(place, "", "the value is not valid YAML; quote it when it is text");
        return;
    }
    move_to(place, value);
    Override(place, problems).apply(*steps, std::move(value), document);
}

void apply_overrides(const std::vector<std::string>& overrides, Node& document, Problems& problems) {
    for (std::size_t i = 0; i < overrides.size(); ++i)
        apply_override(overrides[i], {problems.add_source(name_of_override(i, overrides[i])), 0, 0}, document,
                       problems);
}

}  // namespace regatta::scenario
