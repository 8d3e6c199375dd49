#include "scenario/reference.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "scenario/catalogue_fields.hpp"
#include "scenario/decode.hpp"
#include "scenario/document.hpp"
#include "scenario/schema.hpp"

namespace regatta::scenario {
namespace {

constexpr const char* kIntroduction = R"(# Scenario reference

<!-- Written by `regatta reference`; do not edit. -->

A scenario is one YAML file; JSON is YAML, too. Every key has a default unless it is said to be required; keys that are
not listed here are errors. Any key can be given on the command line instead: `--set gateways.count=4`,
`--set workload.streams[0].arrivals.rate=24/s`, or, by the name of a list's element, `--set fleet.pools[chat].nodes=16`.
`regatta validate SCENARIO` tells everything that is wrong with a scenario, with line and column.

## Values

| kind | how it is written |
|---|---|
| whole number | decimal digits, no quotes, no leading zeros: `8` |
| number, fraction | decimal, no quotes: `0.85`, `1e3`; a fraction lies between 0 and 1 |
| duration | with unit ns, us, ms, s, min, h or d: `50us`, `1.5s`, `10min`; whole nanoseconds |
| rate | per second, minute, hour or day: `40/s`, `3/min` |
| memory | B; KB, MB, GB, TB (powers of 1000); KiB, MiB, GiB, TiB (powers of 1024): `80GiB` |
| bandwidth | memory per second, `3.35TB/s`, or bits, `400Gbps` |
| power, price | in W or kW: `700W`; in US dollars per hour: `2.5USD/h` |
| carbon intensity | grams or kilograms of CO2 equivalent per kilowatt-hour: `473g/kWh` |
| true or false | exactly these; `yes`, `no`, `on`, `off` are words |
| none | allowed where the default column says so: the key is as if it were left out |

)";

constexpr const char* kCatalogueForm = R"(## Catalogue files

GPUs, node types, interconnects and models of your own stand in files of the form of the catalogue, every value with
its source; `confidence` (high, medium, low) may be left out:

```yaml
gpus:
  my-gpu:
    title: A GPU of my own
    memory: {value: 80GiB, source: "where this comes from", confidence: high}
```

The scenario names such files under `catalogue`; they are laid over the shipped catalogue in their order. An entry with
a new name is added and must be complete; an entry with a known name changes the values that it gives and keeps the
others. Arithmetic rates are dense, in GFLOPS, TFLOPS, PFLOPS, TOPS or POPS. `aliases: [NAME, ...]` beside the title are
further names of the entry, such as those under which a model is published.

)";

/// In a table cell a bar would end the cell.
std::string cell(const std::string& text) {
    std::string result;
    for (const char c : text)
        result += c == '|' ? std::string("\\|") : std::string(1, c);
    return result;
}

std::string default_of(const Parameter& parameter, bool may_be_none) {
    if (parameter.is_required) return "required";
    if (is_optional(parameter)) return "`none`";
    return fmt::format("`{}`{}", parameter.default_text, may_be_none ? " (or `none`)" : "");
}

constexpr const char* kChangeable = " (a branch may change it)";

std::string value_row(const Parameter& parameter, bool may_be_none, bool is_changeable = false) {
    return fmt::format("| `{}` | {} | {} | {}{} |\n", parameter.key, cell(expected_of(parameter)),
                       default_of(parameter, may_be_none), cell(parameter.sentence), is_changeable ? kChangeable : "");
}

constexpr const char* kTableHead = "| key | value | default | meaning |\n|---|---|---|---|\n";

class Page {
public:
    std::string text = kIntroduction;

    void write_section(const Section& section, const std::string& path) {
        text += fmt::format("## {}\n\n{}", path.empty() ? "The scenario" : "`" + path + "`", kTableHead);
        for (const Key& key : section.keys)
            text += key_row(key, path);
        text += "\n";
        write_inner_sections(section, path);
    }

    /// What stands below the keys of a section.
    void write_inner_sections(const Section& section, const std::string& path) {
        for (const Key& key : section.keys) {
            const std::string inner = join_path(path, key);
            if (key.shape == Key::Shape::Map || key.shape == Key::Shape::List)
                write_section(key.section.front(), inner);
            if (key.shape == Key::Shape::Policy || key.shape == Key::Shape::Policies) {
                write_policies(key, inner);
                for (const Section& beside : key.section)
                    write_inner_sections(beside, inner);
            }
        }
    }

    void write_catalogue_form() {
        text += kCatalogueForm;
        write_catalogue_keys<hardware::Gpu>();
        write_catalogue_keys<hardware::NodeType>();
        write_catalogue_keys<hardware::Link>();
        write_catalogue_keys<llm::Model>();
    }

    void write_limits() {
        text += fmt::format(
            "## Limits\n\nA scenario or catalogue file has at most {} MiB, {} values and {} levels of "
            "nesting. It is one document, without merge keys (`<<`) and tags.\n",
            kMaxDocumentBytes >> 20U, kMaxDocumentValues, kMaxDocumentDepth);
    }

private:
    template <class Facts>
    void write_catalogue_keys() {
        text += fmt::format("### Under `{}:`, for each {}\n\n| key | | meaning |\n|---|---|---|\n",
                            CatalogueKind<Facts>::kTop, CatalogueKind<Facts>::kNoun);
        for (const auto& key : catalogue_keys<Facts>())
            text += fmt::format("| `{}` | {} | {} |\n", key.key, key.is_required ? "required" : "", cell(key.sentence));
        text += "\n";
    }

    static std::string join_path(const std::string& path, const Key& key) {
        const bool is_list = key.shape == Key::Shape::List || key.shape == Key::Shape::Policies;
        const char* brackets = is_list ? "[]" : "";
        return fmt::format("{}{}{}{}", path, path.empty() ? "" : ".", key.parameter.key, brackets);
    }

    static std::string key_row(const Key& key, const std::string& path) {
        const Parameter& parameter = key.parameter;
        const auto row = [&](const std::string& value, const std::string& otherwise) {
            return fmt::format("| `{}` | {} | {} | {}{} |\n", parameter.key, value,
                               parameter.is_required ? "required" : otherwise, cell(parameter.sentence),
                               key.is_changeable ? kChangeable : "");
        };
        const std::string link = fmt::format("see `{}`", join_path(path, key));
        switch (key.shape) {
            case Key::Shape::Value:
                return value_row(parameter, key.may_be_none, key.is_changeable);
            case Key::Shape::List:
                return row("a list, " + link, "");
            case Key::Shape::Policies:
                return row("a list of policies, " + link, "`none`");
            case Key::Shape::Policy: {
                const std::string& name = key.policies.default_name;
                return row("a policy, " + link, name.empty() ? "" : "`" + name + "`");
            }
            case Key::Shape::Map: {
                const std::string& shorthand = key.section.front().shorthand_key;
                return row(shorthand.empty() ? "a map, " + link : fmt::format("a {}, or {}", shorthand, link),
                           key.may_be_none ? "`none`" : "");
            }
        }
        return "";
    }

    void write_policies(const Key& key, const std::string& path) {
        const std::string described = describe(key, path);
        const auto [first, is_new] = described_at_.emplace(described, path);
        text += fmt::format("## `{}`\n\n", path);
        text += is_new ? described : fmt::format("As `{}`.\n\n", first->second);
    }

    static std::string describe(const Key& key, const std::string& path) {
        const PolicyTable& table = key.policies;
        std::string text;
        text += fmt::format("Written as a name, or as `{{{}: name, parameter: value}}`", table.select_key);
        for (const PolicyDeclaration& policy : table.policies) {
            if (policy.sole_parameter() == nullptr) continue;
            text += fmt::format("; a policy with one required parameter also as `{{{}: {}}}`", policy.name,
                                policy.sole_parameter()->key);
            break;
        }
        text += ".\n\n";
        for (const Section& beside : key.section) {
            text += fmt::format("All of them take:\n\n{}", kTableHead);
            for (const Key& map : beside.keys)
                text += key_row(map, path);
            text += "\n";
        }
        for (const PolicyDeclaration& policy : table.policies) {
            text += fmt::format("**`{}`**: {}.\n\n", policy.name, policy.sentence);
            if (policy.parameters.empty()) continue;
            text += kTableHead;
            for (const Parameter& parameter : policy.parameters)
                text += value_row(parameter, false);
            text += "\n";
        }
        return text;
    }

    std::map<std::string, std::string> described_at_;  ///< text of a table of policies, and the first path it stands at
};

}  // namespace

std::string scenario_reference(const Registries& registries) {
    Page page;
    page.write_section(scenario_schema(registries), "");
    page.write_catalogue_form();
    page.write_limits();
    return std::move(page.text);
}

}  // namespace regatta::scenario
