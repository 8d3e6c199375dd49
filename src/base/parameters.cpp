#include "regatta/base/parameters.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta {

namespace {

template <class T>
const T& value_of(const Parameters& parameters, std::string_view key) {
    const auto found = parameters.all().find(key);
    REGATTA_CHECK(found != parameters.all().end(), fmt::format("parameter \"{}\" was not declared", key));
    const T* value = std::get_if<T>(&found->second);
    REGATTA_CHECK(value != nullptr, fmt::format("parameter \"{}\" was declared with another kind", key));
    return *value;
}

}  // namespace

std::int64_t Parameters::count(std::string_view key) const {
    return value_of<std::int64_t>(*this, key);
}
double Parameters::real(std::string_view key) const {
    return value_of<double>(*this, key);
}
bool Parameters::flag(std::string_view key) const {
    return value_of<bool>(*this, key);
}
SimTime Parameters::duration(std::string_view key) const {
    return value_of<SimTime>(*this, key);
}
const std::string& Parameters::word(std::string_view key) const {
    return value_of<std::string>(*this, key);
}
const std::vector<double>& Parameters::numbers(std::string_view key) const {
    return value_of<std::vector<double>>(*this, key);
}
const std::vector<std::pair<double, double>>& Parameters::points(std::string_view key) const {
    return value_of<std::vector<std::pair<double, double>>>(*this, key);
}
const std::vector<std::pair<SimTime, double>>& Parameters::rate_points(std::string_view key) const {
    return value_of<std::vector<std::pair<SimTime, double>>>(*this, key);
}
const std::vector<std::pair<std::string, std::int64_t>>& Parameters::counts(std::string_view key) const {
    return value_of<std::vector<std::pair<std::string, std::int64_t>>>(*this, key);
}

}  // namespace regatta
