#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta {

/// What kind of value a scenario key takes. Decides how it is read, checked, shown and documented.
enum class ParameterKind {
    Count,           ///< whole number (int64)
    Real,            ///< decimal number
    Fraction,        ///< decimal number in [0, 1]
    Duration,        ///< with unit: "50us", "10min"; stored as SimTime
    Rate,            ///< per second: "40/s"; stored as double per second
    Bytes,           ///< with unit: "80GiB"; stored as int64 bytes
    BytesPerSecond,  ///< "3.35TB/s" or "400Gbps"; stored as double bytes per second
    Power,           ///< "700W"; stored as double watts
    Price,           ///< "2.5USD/h"; stored as double US dollars per hour
    Intensity,       ///< "473g/kWh"; stored as double grams of CO2 equivalent per kilowatt-hour
    Flag,            ///< true or false
    Word,            ///< text, or one of `choices`
    File,            ///< path of a file, from where the scenario lies; stored as text, as an absolute path
    Numbers,         ///< list of decimal numbers; stored as vector<double>
    Points,          ///< list of pairs [[fraction, value], ...]; stored as vector<pair<double, double>>
    RatePoints,      ///< list of pairs [[time, rate], ...]; stored as vector<pair<SimTime, double>>
    Counts,          ///< map of names to whole numbers, {name: 8}; stored as vector<pair<string, int64>>
};

/// One declared option of a policy or section: everything the reader, the checker, `regatta catalog` and the reference
/// page need to know about it.
struct Parameter {
    std::string key;
    ParameterKind kind = ParameterKind::Count;
    std::string default_text = {};  ///< as a user would write it; ignored when `is_required`
    bool is_required = false;
    double least = -1e300;  ///< in base units (ns are given as seconds for Duration)
    double most = 1e300;
    std::vector<std::string> choices = {};  ///< for Word: what is allowed; empty allows any text
    std::string sentence = {};              ///< what it means, one sentence
};

/// Values of declared parameters, complete (defaults filled in) and checked against their declaration.
class Parameters {
public:
    using Value = std::variant<std::int64_t, double, bool, SimTime, std::string, std::vector<double>,
                               std::vector<std::pair<double, double>>, std::vector<std::pair<SimTime, double>>,
                               std::vector<std::pair<std::string, std::int64_t>>>;

    void set(std::string key, Value value) { values_[std::move(key)] = std::move(value); }
    [[nodiscard]] bool has(std::string_view key) const { return values_.find(key) != values_.end(); }
    /// Each throws BugError when the key was not declared with that kind.
    [[nodiscard]] std::int64_t count(std::string_view key) const;  ///< Count, Bytes
    /// Real, Fraction, Rate, BytesPerSecond, Power, Price, Intensity
    [[nodiscard]] double real(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key) const;
    [[nodiscard]] SimTime duration(std::string_view key) const;
    [[nodiscard]] const std::string& word(std::string_view key) const;  ///< Word, File
    [[nodiscard]] const std::vector<double>& numbers(std::string_view key) const;
    [[nodiscard]] const std::vector<std::pair<double, double>>& points(std::string_view key) const;
    [[nodiscard]] const std::vector<std::pair<SimTime, double>>& rate_points(std::string_view key) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::int64_t>>& counts(std::string_view key) const;
    [[nodiscard]] const std::map<std::string, Value, std::less<>>& all() const { return values_; }
    friend bool operator==(const Parameters&, const Parameters&) = default;

private:
    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace regatta
