#include "scenario/json_schema.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "scenario/quantity.hpp"
#include "scenario/schema.hpp"

namespace regatta::scenario {
namespace {

using Json = nlohmann::ordered_json;

/// Text that may be a plain word or look like a number to YAML.
Json any_text() {
    return {{"type", {"string", "number"}}};
}

Json any_of(std::vector<Json> forms) {
    if (forms.size() == 1) return std::move(forms.front());
    return {{"anyOf", std::move(forms)}};
}

/// A number and one of the units of the kind.
Json quantity(ParameterKind kind, bool takes_exponent) {
    std::string units;
    for (const std::string_view unit : units_of(kind))
        units += fmt::format("{}{}", units.empty() ? "" : "|", unit);
    return {{"type", "string"},
            {"pattern", fmt::format(R"(^-?(0|[1-9][0-9]*)(\.[0-9]+)?{} *({})$)",
                                    takes_exponent ? "([eE][+-]?[0-9]+)?" : "", units)}};
}

Json bounded(const char* type, const Parameter& parameter) {
    Json schema = {{"type", type}};
    const bool is_fraction = parameter.kind == ParameterKind::Fraction;
    const double least = is_fraction ? std::max(parameter.least, 0.0) : parameter.least;
    const double most = is_fraction ? std::min(parameter.most, 1.0) : parameter.most;
    constexpr double kUnbounded = 1e299;
    // What does not fit into a double's digits is no bound that anybody meets.
    if (least > -kUnbounded) schema["minimum"] = least;
    if (most < kUnbounded && std::abs(most) < 9e15) schema["maximum"] = most;
    return schema;
}

Json pairs(Json first, Json second) {
    Json both = Json::array();
    both.push_back(std::move(first));
    both.push_back(std::move(second));
    return {{"type", "array"},
            {"items", {{"type", "array"}, {"items", std::move(both)}, {"minItems", 2}, {"maxItems", 2}}}};
}

Json value_schema(const Parameter& parameter) {
    switch (parameter.kind) {
        case ParameterKind::Count:
            return bounded("integer", parameter);
        case ParameterKind::Real:
        case ParameterKind::Fraction:
            return bounded("number", parameter);
        case ParameterKind::Duration:
        case ParameterKind::Bytes:
            return quantity(parameter.kind, false);
        case ParameterKind::Rate:
        case ParameterKind::BytesPerSecond:
        case ParameterKind::Power:
        case ParameterKind::Price:
        case ParameterKind::Intensity:
            return quantity(parameter.kind, true);
        case ParameterKind::Flag:
            return {{"type", "boolean"}};
        case ParameterKind::Word:
            return parameter.choices.empty() ? any_text() : Json{{"enum", parameter.choices}};
        case ParameterKind::File:
            return {{"type", "string"}};
        case ParameterKind::Numbers:
            return {{"anyOf",
                     {bounded("number", parameter), {{"type", "array"}, {"items", bounded("number", parameter)}}}}};
        case ParameterKind::Points:
            return pairs({{"type", "number"}}, {{"type", "number"}});
        case ParameterKind::RatePoints:
            return pairs(quantity(ParameterKind::Duration, false), quantity(ParameterKind::Rate, true));
        case ParameterKind::Counts:
            return {{"type", "object"}, {"additionalProperties", bounded("integer", parameter)}};
    }
    return {};
}

Json described(const Json& schema, const Parameter& parameter) {
    Json result = {{"description", parameter.sentence}};
    if (!parameter.is_required && !parameter.default_text.empty()) result["default"] = parameter.default_text;
    result.update(schema);
    return result;
}

Json or_none(Json schema, bool takes_none) {
    if (!takes_none) return schema;
    return any_of({std::move(schema), Json{{"const", "none"}}});
}

Json section_schema(const Section& section);
Json key_schema(const Key& key);

Json object(Json properties, const std::vector<std::string>& required) {
    Json schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = required;
    return schema;
}

Json parameter_schema(const Parameter& parameter) {
    return described(or_none(value_schema(parameter), is_optional(parameter)), parameter);
}

/// `{select_key: name, parameters}`, and for a policy with one required parameter `{name: value}`.
std::vector<Json> maps_of(const Key& key, const PolicyDeclaration& policy) {
    const PolicyTable& table = key.policies;
    Json properties = {{table.select_key, {{"const", policy.name}, {"description", policy.sentence}}}};
    std::vector<std::string> required;
    if (policy.name != table.default_name) required.push_back(table.select_key);
    for (const Parameter& parameter : policy.parameters) {
        properties[parameter.key] = parameter_schema(parameter);
        if (parameter.is_required) required.push_back(parameter.key);
    }
    Json beside = Json::object();
    for (const Section& section : key.section)
        for (const Key& one : section.keys)
            beside[one.parameter.key] = key_schema(one);
    properties.update(beside);
    std::vector<Json> maps = {object(properties, required)};
    const Parameter* sole = policy.sole_parameter();
    if (sole == nullptr) return maps;
    Json short_form = {{policy.name, described(value_schema(*sole), *sole)}};
    for (const Parameter& parameter : policy.parameters)
        if (&parameter != sole) short_form[parameter.key] = parameter_schema(parameter);
    short_form.update(beside);
    maps.push_back(object(short_form, {policy.name}));
    return maps;
}

Json policy_schema(const Key& key) {
    Json names = Json::array();
    std::vector<Json> forms;
    for (const PolicyDeclaration& policy : key.policies.policies) {
        bool needs_parameters = false;
        for (const Parameter& parameter : policy.parameters)
            needs_parameters = needs_parameters || parameter.is_required;
        if (!needs_parameters) names.push_back(policy.name);
        for (Json& map : maps_of(key, policy))
            forms.push_back(std::move(map));
    }
    if (!names.empty()) forms.insert(forms.begin(), Json{{"enum", names}});
    return any_of(std::move(forms));
}

Json key_schema(const Key& key) {
    const auto shape = [&]() -> Json {
        switch (key.shape) {
            case Key::Shape::Value:
                return value_schema(key.parameter);
            case Key::Shape::Map:
                return section_schema(key.section.front());
            case Key::Shape::List:
                return {{"type", "array"}, {"items", section_schema(key.section.front())}};
            case Key::Shape::Policy:
                return policy_schema(key);
            case Key::Shape::Policies:
                return {{"type", "array"}, {"items", policy_schema(key)}};
        }
        return {};
    };
    return described(or_none(shape(), key.takes_none() || key.may_be_none || key.shape == Key::Shape::Policies),
                     key.parameter);
}

Json section_schema(const Section& section) {
    Json properties = Json::object();
    std::vector<std::string> required;
    Json shorthand;
    for (const Key& key : section.keys) {
        properties[key.parameter.key] = key_schema(key);
        if (key.parameter.is_required) required.push_back(key.parameter.key);
        if (key.parameter.key == section.shorthand_key) shorthand = value_schema(key.parameter);
    }
    Json map = object(std::move(properties), required);
    return shorthand.is_null() ? map : any_of({std::move(shorthand), std::move(map)});
}

}  // namespace

std::string scenario_json_schema(const Registries& registries) {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "Regatta scenario"},
                   {"$comment", "Written by `regatta reference schema`; do not edit."}};
    schema.update(section_schema(scenario_schema(registries)));
    return schema.dump(1) + "\n";
}

}  // namespace regatta::scenario
