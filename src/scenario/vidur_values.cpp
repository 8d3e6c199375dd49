#include "scenario/vidur_values.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "workload/trace_rows.hpp"

namespace regatta::scenario {
namespace {

using nlohmann::json;

std::string text_of(const json& number) {
    if (number.is_number_unsigned()) return fmt::format("{}", number.get<std::uint64_t>());
    if (number.is_number_integer()) return fmt::format("{}", number.get<std::int64_t>());
    return fmt::format("{}", number.get<double>());
}

}  // namespace

void VidurValues::wrong(const std::string& key, const std::string& what) {
    problems_.push_back(fmt::format("{}: {}: {}", source_, key, what));
}

void VidurValues::throw_if_any() const {
    if (!problems_.empty()) throw InputError(problems_);
}

std::string VidurValues::joined(const std::string& path, const std::string& key) {
    return path.empty() ? key : fmt::format("{}.{}", path, key);
}

std::string VidurValues::found(const json& value) {
    return workload::shown(value.dump());
}

template <class Value>
Value VidurValues::get(const json& section, const std::string& path, const std::string& key) {
    try {
        return section.at(key).get<Value>();
    } catch (const json::exception&) {
        wrong(joined(path, key), fmt::format("not understood: {}", found(section.at(key))));
        return Value();
    }
}
template double VidurValues::get(const json&, const std::string&, const std::string&);
template bool VidurValues::get(const json&, const std::string&, const std::string&);
template std::string VidurValues::get(const json&, const std::string&, const std::string&);

double VidurValues::positive(const json& section, const std::string& path, const std::string& key) {
    const auto value = get<double>(section, path, key);
    if (value > 0 && std::isfinite(value)) return value;
    wrong(joined(path, key), fmt::format("expected a number above 0, found {}", found(section.at(key))));
    return 1;
}

std::int64_t VidurValues::count(const json& section, const std::string& path, const std::string& key) {
    const json& value = section.at(key);
    if (value.is_number() && value.get<double>() >= 1 && value.get<double>() <= kMost)
        return static_cast<std::int64_t>(value.get<double>());
    wrong(joined(path, key), fmt::format("expected a number from 1 to {}, found {}", kMost, found(value)));
    return 1;
}

std::string VidurValues::number(const json& section, const std::string& path, const std::string& key) {
    const json& value = section.at(key);
    if (value.is_number()) return text_of(value);
    wrong(joined(path, key), fmt::format("expected a number, found {}", found(value)));
    return {};
}

std::string VidurValues::numbers(const json& section, const std::string& path, const std::string& key) {
    const json& values = section.at(key);
    std::vector<std::string> parts;
    for (const json& value : values)
        if (value.is_number()) parts.push_back(text_of(value));
    if (!values.is_array() || parts.empty() || parts.size() != values.size())
        wrong(joined(path, key), fmt::format("expected a list of numbers, found {}", found(values)));
    return fmt::format("[{}]", join(parts));
}

}  // namespace regatta::scenario
