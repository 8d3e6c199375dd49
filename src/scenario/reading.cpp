#include "scenario/reading.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {

const Place& Reading::place_of(const std::string& key) const {
    const auto found = given.find(key);
    return found == given.end() ? place : found->second;
}

std::string Reading::path_of(const std::string& key) const {
    return path.empty() ? key : path + "." + key;
}

namespace {

bool is_none(const Node& node) {
    return node.kind == Node::Kind::Scalar && !node.is_quoted && node.text == "none";
}

std::vector<std::string> key_names(const Section& section) {
    std::vector<std::string> names;
    for (const Key& key : section.keys)
        names.push_back(key.parameter.key);
    return names;
}

std::string no_such_key(const std::string& key, const std::vector<std::string>& known) {
    const std::string hint = did_you_mean(key, known);
    return "no such key" + (hint.empty() ? "; allowed: " + join(known) : hint);
}

class Reader {
public:
    explicit Reader(Problems& problems) : problems_(problems) {}

    /// `node` is null when the section was left out.
    Reading read_section(const Node* node, const Place& place, const std::string& path, const Section& section) {
        Reading reading;
        reading.place = place;
        reading.path = path;
        Node expanded;
        const Node* map = as_map(node, path, section, expanded);
        if (node != nullptr && map == nullptr) {
            reading.is_sound = false;
            return reading;
        }
        const std::size_t before = problems_.size();
        if (map != nullptr) refuse_unknown(*map, path, key_names(section));
        const bool is_shorthand = node != nullptr && node->kind == Node::Kind::Scalar;
        for (const Key& key : section.keys) {
            const Node* item = map == nullptr ? nullptr : map->find(key.parameter.key);
            if (item != nullptr) reading.given[key.parameter.key] = item->place;
            // What is wrong with a scalar in place of the map is told under the name that was written.
            const bool is_whole = is_shorthand && key.parameter.key == section.shorthand_key;
            read_key(item, key, is_whole ? path : reading.path_of(key.parameter.key), reading);
        }
        if (problems_.size() > before) reading.is_sound = false;
        return reading;
    }

private:
    /// The map to read: a scalar in place of a map becomes one by the section's shorthand.
    const Node* as_map(const Node* node, const std::string& path, const Section& section, Node& expanded) {
        if (node == nullptr) return nullptr;
        const bool is_short = !section.shorthand_key.empty();
        if (node->kind == Node::Kind::Map && node->text.empty()) return node;
        if (node->kind == Node::Kind::Map && is_short) {
            expanded = *node;
            if (expanded.find(section.shorthand_key) == nullptr)
                expanded.put(section.shorthand_key, node->place, scalar_of(*node));
            return &expanded;
        }
        if (node->kind == Node::Kind::Scalar && is_short) {
            expanded.kind = Node::Kind::Map;
            expanded.put(section.shorthand_key, node->place, *node);
            return &expanded;
        }
        const std::string found = node->kind == Node::Kind::Map ? "\"" + node->text + "\"" : node->as_found();
        problems_.add(node->place, path,
                      fmt::format("expected a map with: {}; found {}", join(key_names(section)), found));
        return nullptr;
    }

    static Node scalar_of(const Node& map) {
        Node scalar;
        scalar.kind = Node::Kind::Scalar;
        scalar.text = map.text;
        scalar.place = map.place;
        return scalar;
    }

    void refuse_unknown(const Node& map, const std::string& path, const std::vector<std::string>& known) {
        for (const Node::Key& key : map.keys) {
            bool is_known = false;
            for (const std::string& name : known)
                is_known = is_known || name == key.text;
            if (!is_known && problems_.is_full())
                problems_.add(key.place, path, "");
            else if (!is_known)
                problems_.add(key.place, path.empty() ? key.text : path + "." + key.text, no_such_key(key.text, known));
        }
    }

    void read_key(const Node* item, const Key& key, const std::string& path, Reading& reading) {
        const std::string& name = key.parameter.key;
        if (item == nullptr && key.parameter.is_required) {
            problems_.add(reading.place, path, "missing; expected " + expected_under(key));
            return;
        }
        switch (key.shape) {
            case Key::Shape::Value:
                return read_value(item, key, path, reading);
            case Key::Shape::Map:
                if (key.may_be_none && (item == nullptr || is_none(*item))) return;
                reading.maps[name] =
                    read_section(item, item == nullptr ? reading.place : item->place, path, key.section.front());
                return;
            case Key::Shape::List:
                return read_list(item, key, path, reading);
            case Key::Shape::Policies:
                return read_policies(item, key, path, reading);
            case Key::Shape::Policy:
                if (key.may_be_none && (item == nullptr || is_none(*item))) return;
                reading.policies[name] = read_policy(item, item == nullptr ? reading.place : item->place, path, key);
                return;
        }
    }

    static std::string expected_under(const Key& key) {
        switch (key.shape) {
            case Key::Shape::Value:
                return expected_of(key.parameter);
            case Key::Shape::Map: {
                const Section& section = key.section.front();
                std::string map = "a map with: " + join(key_names(section));
                if (section.shorthand_key.empty()) return map;
                // Where the shorthand is not all there is to say, the map is worth naming.
                const auto is_shorthand = [&](const Key& inner) {
                    return inner.parameter.key == section.shorthand_key;
                };
                const auto inner = std::find_if(section.keys.begin(), section.keys.end(), is_shorthand);
                return "a " + section.shorthand_key + (inner->parameter.is_required ? "" : ", or " + map);
            }
            case Key::Shape::List:
                return "a list with at least one element";
            case Key::Shape::Policies:
                return "a list of policies";
            case Key::Shape::Policy:
                return "one of: " + join(key.policies.names());
        }
        return "";
    }

    void read_value(const Node* item, const Key& key, const std::string& path, Reading& reading) {
        const Parameter& declared = key.parameter;
        if (item == nullptr) {
            if (!is_optional(declared)) reading.values.set(declared.key, decode_default(declared));
            return;
        }
        if (is_none(*item) && key.takes_none()) return;
        Read<Parameters::Value> value = decode(*item, declared);
        if (value) {
            reading.values.set(declared.key, *std::move(value));
        } else {
            reading.refused.insert(declared.key);
            problems_.add(item->place, path, value.error());
        }
    }

    void read_list(const Node* item, const Key& key, const std::string& path, Reading& reading) {
        std::vector<Reading>& elements = reading.lists[key.parameter.key];
        if (item == nullptr) return;
        if (item->kind != Node::Kind::List || item->items.empty()) {
            const std::string found = item->kind == Node::Kind::List ? "an empty list" : item->as_found();
            problems_.add(item->place, path, "expected a list with at least one element, found " + found);
            return;
        }
        for (std::size_t i = 0; i < item->items.size(); ++i)
            elements.push_back(read_section(&item->items[i], item->items[i].place, fmt::format("{}[{}]", path, i),
                                            key.section.front()));
    }

    void read_policies(const Node* item, const Key& key, const std::string& path, Reading& reading) {
        std::vector<PolicyReading>& elements = reading.policy_lists[key.parameter.key];
        if (item == nullptr || is_none(*item)) return;
        if (item->kind != Node::Kind::List) {
            problems_.add(item->place, path, "expected a list of policies, found " + item->as_found());
            return;
        }
        for (std::size_t i = 0; i < item->items.size(); ++i)
            elements.push_back(read_policy(&item->items[i], item->items[i].place, fmt::format("{}[{}]", path, i), key));
    }

    /// What chooses the policy: a name, or the key under which the policy's sole parameter stands.
    struct Choice {
        const PolicyDeclaration* policy = nullptr;
        std::optional<Node> name;
        std::string shorthand;
    };

    static Choice choose(const Node* item, const PolicyTable& table) {
        Choice choice;
        if (item != nullptr && item->kind == Node::Kind::Scalar) choice.name = *item;
        if (item != nullptr && item->kind == Node::Kind::Map) {
            if (const Node* name = item->find(table.select_key))
                choice.name = *name;
            else if (!item->text.empty())
                choice.name = scalar_of(*item);
            for (const Node::Key& key : item->keys) {
                const PolicyDeclaration* policy = table.find(key.text);
                if (choice.name || policy == nullptr || policy->sole_parameter() == nullptr) continue;
                return {policy, std::nullopt, key.text};
            }
        }
        if (!choice.name) choice.policy = table.find(table.default_name);
        return choice;
    }

    PolicyReading read_policy(const Node* item, const Place& place, const std::string& path, const Key& key) {
        const PolicyTable& table = key.policies;
        PolicyReading reading;
        reading.place = place;
        reading.path = path;
        if (item != nullptr && item->kind != Node::Kind::Scalar && item->kind != Node::Kind::Map) {
            problems_.add(place, path,
                          fmt::format("expected one of: {}; found {}", join(table.names()), item->as_found()));
            return reading;
        }
        Choice choice = choose(item, table);
        if (choice.name) {
            Parameter which;
            which.key = table.select_key;
            which.kind = ParameterKind::Word;
            which.choices = table.names();
            const Read<Parameters::Value> name = decode(*choice.name, which);
            if (!name) {
                const bool is_under_key = item->kind == Node::Kind::Map && item->find(table.select_key) != nullptr;
                problems_.add(choice.name->place, is_under_key ? path + "." + table.select_key : path, name.error());
                return reading;
            }
            choice.policy = table.find(std::get<std::string>(*name));
        }
        if (choice.policy == nullptr) {
            const std::string hint = item->keys.empty() ? "" : did_you_mean(item->keys.front().text, table.names());
            problems_.add(
                place, path,
                fmt::format("no {} chosen; expected one of: {}{}", table.select_key, join(table.names()), hint));
            return reading;
        }
        reading.name = choice.policy->name;
        read_parameters(item, choice, key, reading);
        return reading;
    }

    void read_parameters(const Node* item, const Choice& choice, const Key& key, PolicyReading& reading) {
        std::vector<std::string> known{key.policies.select_key};
        const bool is_map = item != nullptr && item->kind == Node::Kind::Map;
        const auto find = [&](const std::string& name) { return is_map ? item->find(name) : nullptr; };
        for (const Section& beside : key.section) {
            for (const Key& map : beside.keys) {
                const std::string& name = map.parameter.key;
                known.push_back(name);
                const Node* node = find(name);
                if (node != nullptr && !is_none(*node))
                    reading.maps[name] =
                        read_section(node, node->place, reading.path + "." + name, map.section.front());
            }
        }
        for (const Parameter& declared : choice.policy->parameters) {
            const bool is_short = !choice.shorthand.empty() && declared.is_required;
            const std::string& name = is_short ? choice.shorthand : declared.key;
            known.push_back(name);
            read_parameter(find(name), name, declared, reading);
        }
        if (is_map) refuse_unknown(*item, reading.path, known);
    }

    void read_parameter(const Node* item, const std::string& key, const Parameter& declared, PolicyReading& reading) {
        const std::string path = reading.path + "." + key;
        if (item == nullptr) {
            if (declared.is_required)
                problems_.add(reading.place, path,
                              fmt::format("missing; {} needs {}", reading.name, expected_of(declared)));
            else if (!is_optional(declared))
                reading.parameters.set(declared.key, decode_default(declared));
            return;
        }
        reading.places[declared.key] = item->place;
        reading.paths[declared.key] = path;
        if (is_none(*item) && is_optional(declared)) return;
        Read<Parameters::Value> value = decode(*item, declared);
        if (value)
            reading.parameters.set(declared.key, *std::move(value));
        else
            problems_.add(item->place, path, value.error());
    }

    Problems& problems_;
};

}  // namespace

Reading read_document(const Node& document, const Section& schema, Problems& problems) {
    Reader reader(problems);
    return reader.read_section(&document, document.place, "", schema);
}

}  // namespace regatta::scenario
