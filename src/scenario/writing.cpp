// The reading of a scenario written out as YAML again.
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "scenario/decode.hpp"
#include "scenario/reading.hpp"

namespace regatta::scenario {
namespace {

/// Writes a reading in block style; policies, being short, in braces.
class Writer {
public:
    std::string text;

    void write_section(const Reading& reading, const Section& section, const std::string& indent) {
        for (const Key& key : section.keys) {
            const std::string& name = key.parameter.key;
            switch (key.shape) {
                case Key::Shape::Value:
                    text += fmt::format("{}{}: {}\n", indent, name, value_text(reading, key));
                    break;
                case Key::Shape::Map:
                    if (reading.maps.count(name) == 0)
                        text += fmt::format("{}{}: none\n", indent, name);
                    else
                        write_map(reading.maps.at(name), key, indent);
                    break;
                case Key::Shape::List:
                    write_list(reading.lists.at(name), key, indent);
                    break;
                case Key::Shape::Policies:
                    write_policies(reading.policy_lists.at(name), key, indent);
                    break;
                case Key::Shape::Policy:
                    text += fmt::format("{}{}: {}\n", indent, name, one_line(reading, key));
                    break;
            }
        }
    }

    static std::string one_line(const Reading& reading, const Key& key) {
        const std::string& name = key.parameter.key;
        std::vector<std::string> elements;
        switch (key.shape) {
            case Key::Shape::Value:
                return value_text(reading, key);
            case Key::Shape::Map:
                return reading.maps.count(name) == 0 ? "none" : flow_text(reading.maps.at(name), key.section.front());
            case Key::Shape::List:
                for (const Reading& element : reading.lists.at(name))
                    elements.push_back(flow_text(element, key.section.front()));
                return fmt::format("[{}]", join(elements));
            case Key::Shape::Policies:
                for (const PolicyReading& element : reading.policy_lists.at(name))
                    elements.push_back(policy_text(element, key));
                return elements.empty() ? "none" : fmt::format("[{}]", join(elements));
            case Key::Shape::Policy:
                return reading.policies.count(name) == 0 ? "none" : policy_text(reading.policies.at(name), key);
        }
        return "";
    }

private:
    static std::string value_text(const Reading& reading, const Key& key) {
        if (!reading.has(key.parameter.key)) return "none";
        return write_value(reading.values.all().find(key.parameter.key)->second, key.parameter.kind);
    }

    void write_map(const Reading& reading, const Key& key, const std::string& indent) {
        const Section& section = key.section.front();
        if (!section.shorthand_key.empty()) {
            bool is_short = true;
            std::string value;
            for (const Key& inner : section.keys) {
                if (inner.parameter.key == section.shorthand_key)
                    value = value_text(reading, inner);
                else
                    is_short =
                        is_short && !reading.has(inner.parameter.key) && reading.maps.count(inner.parameter.key) == 0;
            }
            if (is_short) {
                text += fmt::format("{}{}: {}\n", indent, key.parameter.key, value);
                return;
            }
        }
        text += fmt::format("{}{}:\n", indent, key.parameter.key);
        write_section(reading, section, indent + "  ");
    }

    void write_list(const std::vector<Reading>& elements, const Key& key, const std::string& indent) {
        if (elements.empty()) return;
        text += fmt::format("{}{}:\n", indent, key.parameter.key);
        for (const Reading& element : elements) {
            const std::size_t start = text.size();
            write_section(element, key.section.front(), indent + "    ");
            text[start + indent.size() + 2] = '-';  // the dash takes the place of two spaces
        }
    }

    void write_policies(const std::vector<PolicyReading>& elements, const Key& key, const std::string& indent) {
        text += fmt::format("{}{}:{}\n", indent, key.parameter.key, elements.empty() ? " none" : "");
        for (const PolicyReading& element : elements)
            text += fmt::format("{}  - {}\n", indent, policy_text(element, key));
    }

    /// A section in braces, without what was left out; short where it may be.
    static std::string flow_text(const Reading& reading, const Section& section) {
        std::vector<std::string> parts;
        std::string shorthand;
        for (const Key& key : section.keys) {
            const std::string& name = key.parameter.key;
            std::string written;
            if (key.shape == Key::Shape::Value && reading.has(name)) {
                written = value_text(reading, key);
            } else if (key.shape == Key::Shape::Map && reading.maps.count(name) > 0) {
                written = flow_text(reading.maps.at(name), key.section.front());
            } else if (key.shape == Key::Shape::List && !reading.lists.at(name).empty()) {
                std::vector<std::string> elements;
                for (const Reading& element : reading.lists.at(name))
                    elements.push_back(flow_text(element, key.section.front()));
                written = fmt::format("[{}]", join(elements));
            }
            if (written.empty()) continue;
            if (name == section.shorthand_key) shorthand = written;
            parts.push_back(fmt::format("{}: {}", name, written));
        }
        return parts.size() == 1 && !shorthand.empty() ? shorthand : fmt::format("{{{}}}", join(parts));
    }

    static std::string policy_text(const PolicyReading& reading, const Key& key) {
        const PolicyTable& table = key.policies;
        const PolicyDeclaration& policy = *table.find(reading.name);
        const auto text_of = [&](const Parameter& declared) {
            const auto found = reading.parameters.all().find(declared.key);
            return found == reading.parameters.all().end() ? "none" : write_value(found->second, declared.kind);
        };
        if (policy.sole_parameter() != nullptr && policy.parameters.size() == 1 && key.section.empty())
            return fmt::format("{{{}: {}}}", reading.name, text_of(policy.parameters.front()));
        std::string result = fmt::format("{{{}: {}", table.select_key, reading.name);
        for (const Section& beside : key.section)
            for (const Key& map : beside.keys) {
                const auto found = reading.maps.find(map.parameter.key);
                result +=
                    fmt::format(", {}: {}", map.parameter.key,
                                found == reading.maps.end() ? "none" : flow_text(found->second, map.section.front()));
            }
        for (const Parameter& declared : policy.parameters)
            result += fmt::format(", {}: {}", declared.key, text_of(declared));
        return result + "}";
    }
};

}  // namespace

std::string write_key(const Reading& reading, const Key& key) {
    return Writer::one_line(reading, key);
}

std::string write_document(const Reading& reading, const Section& schema) {
    Writer writer;
    writer.write_section(reading, schema, "");
    return std::move(writer.text);
}

}  // namespace regatta::scenario
