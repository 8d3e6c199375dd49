#include "scenario/quantity.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

/// `base_units` of the base unit make one of this unit.
struct Unit {
    std::string_view name;
    std::int64_t base_units;
};

constexpr std::int64_t kSecond = 1'000'000'000;  // [ns]
constexpr std::array kDurations = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", kSecond},
    Unit{"min", 60 * kSecond},
    Unit{"h", 3'600 * kSecond},
    Unit{"d", 86'400 * kSecond},
};
constexpr std::array kBytes = {
    Unit{"B", 1},
    Unit{"KB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
    Unit{"KiB", std::int64_t{1} << 10},
    Unit{"MiB", std::int64_t{1} << 20},
    Unit{"GiB", std::int64_t{1} << 30},
    Unit{"TiB", std::int64_t{1} << 40},
};
constexpr std::array kBandwidths = {
    // In bits, so that whole numbers serve for both ways of counting.
    Unit{"B/s", 8},
    Unit{"KB/s", 8'000},
    Unit{"MB/s", 8'000'000},
    Unit{"GB/s", 8'000'000'000},
    Unit{"TB/s", 8'000'000'000'000},
    Unit{"KiB/s", std::int64_t{8} << 10},
    Unit{"MiB/s", std::int64_t{8} << 20},
    Unit{"GiB/s", std::int64_t{8} << 30},
    Unit{"TiB/s", std::int64_t{8} << 40},
    Unit{"bps", 1},
    Unit{"Kbps", 1'000},
    Unit{"Mbps", 1'000'000},
    Unit{"Gbps", 1'000'000'000},
    Unit{"Tbps", 1'000'000'000'000},
};
constexpr std::array kRates = {
    // seconds in the unit
    Unit{"/s", 1},
    Unit{"/min", 60},
    Unit{"/h", 3'600},
    Unit{"/d", 86'400},
};
constexpr std::array kFlops = {
    Unit{"GFLOPS", 1'000'000'000},   Unit{"TFLOPS", 1'000'000'000'000},   Unit{"PFLOPS", 1'000'000'000'000'000},
    Unit{"TOPS", 1'000'000'000'000}, Unit{"POPS", 1'000'000'000'000'000},
};
constexpr std::array kPowers = {Unit{"W", 1}, Unit{"kW", 1'000}};
constexpr std::array kPrices = {Unit{"USD/h", 1}};
constexpr std::array kIntensities = {Unit{"g/kWh", 1}, Unit{"kg/kWh", 1'000}};

/// Other spellings people try, with the one that is read.
struct Alias {
    std::string_view other;
    std::string_view ours;
};
constexpr std::array kAliases = {
    Alias{"sec", "s"},        Alias{"secs", "s"},         Alias{"second", "s"},
    Alias{"seconds", "s"},    Alias{"m", "min"},          Alias{"mins", "min"},
    Alias{"minute", "min"},   Alias{"minutes", "min"},    Alias{"hr", "h"},
    Alias{"hour", "h"},       Alias{"hours", "h"},        Alias{"day", "d"},
    Alias{"days", "d"},       Alias{"msec", "ms"},        Alias{"usec", "us"},
    Alias{"\u00b5s", "us"},   Alias{"\u03bcs", "us"},     Alias{"K", "KB"},
    Alias{"M", "MB"},         Alias{"G", "GB"},           Alias{"T", "TB"},
    Alias{"Ki", "KiB"},       Alias{"Mi", "MiB"},         Alias{"Gi", "GiB"},
    Alias{"Ti", "TiB"},       Alias{"Gb/s", "Gbps"},      Alias{"Gbit/s", "Gbps"},
    Alias{"GBps", "GB/s"},    Alias{"rps", "/s"},         Alias{"qps", "/s"},
    Alias{"/sec", "/s"},      Alias{"/second", "/s"},     Alias{"/m", "/min"},
    Alias{"/minute", "/min"}, Alias{"/hour", "/h"},       Alias{"/day", "/d"},
    Alias{"watt", "W"},       Alias{"watts", "W"},        Alias{"USD/hour", "USD/h"},
    Alias{"USD/hr", "USD/h"}, Alias{"$/h", "USD/h"},      Alias{"$/hour", "USD/h"},
    Alias{"USD", "USD/h"},    Alias{"gCO2/kWh", "g/kWh"}, Alias{"gCO2e/kWh", "g/kWh"},
};

/// Length of the plain decimal number at the start: -?(0|[1-9][0-9]*)(.[0-9]+)?; 0 when there is none.
std::size_t plain_decimal_length(std::string_view text) {
    const auto digits_from = [&](std::size_t i) {
        while (i < text.size() && text[i] >= '0' && text[i] <= '9')
            ++i;
        return i;
    };
    const std::size_t start = !text.empty() && text[0] == '-' ? 1 : 0;
    const std::size_t end = digits_from(start);
    if (end == start || (text[start] == '0' && end - start > 1)) return 0;
    if (end + 1 < text.size() && text[end] == '.' && digits_from(end + 1) > end + 1) return digits_from(end + 1);
    return end;
}

std::size_t number_length(std::string_view text) {
    const std::size_t plain = plain_decimal_length(text);
    if (plain == 0 || plain >= text.size() || (text[plain] != 'e' && text[plain] != 'E')) return plain;
    std::size_t i = plain + 1;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const std::size_t digits = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9')
        ++i;
    return i > digits ? i : plain;
}

std::string unit_names(std::span<const Unit> units) {
    std::string names;
    for (const Unit& unit : units)
        names += (names.empty() ? "" : ", ") + std::string(unit.name);
    return names;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
    const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
    return found == units.end() ? nullptr : &*found;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

/// "; did you mean ..." for a unit that is nearly one of ours.
std::string unit_hint(std::span<const Unit> units, std::string_view number, std::string_view wanted) {
    const auto answer = [&](std::string_view unit) { return fmt::format("; did you mean \"{}{}\"?", number, unit); };
    if (wanted.empty()) return "";
    for (const Alias& alias : kAliases)
        if (alias.other == wanted && find_unit(units, alias.ours) != nullptr) return answer(alias.ours);
    for (const Unit& unit : units)
        if (lower(unit.name) == lower(wanted)) return answer(unit.name);
    return "";
}

/// A number and its unit, both still text.
struct Parts {
    std::string_view number;
    const Unit* unit = nullptr;
};

/// `kind` is the noun of the message: "a duration".
Read<Parts> split(std::string_view text, std::string_view kind, std::span<const Unit> units, bool takes_exponent) {
    const std::size_t length = takes_exponent ? number_length(text) : plain_decimal_length(text);
    std::string_view rest = text.substr(length);
    while (!rest.empty() && rest.front() == ' ')
        rest.remove_prefix(1);
    const Unit* unit = length == 0 ? nullptr : find_unit(units, rest);
    if (unit != nullptr) return Parts{text.substr(0, length), unit};
    return tl::make_unexpected(fmt::format("expected {} with a unit ({}), found \"{}\"{}", kind, unit_names(units),
                                           text, length == 0 ? "" : unit_hint(units, text.substr(0, length), rest)));
}

/// number * base_units as a whole number, none when it is not one or does not fit into 64 bits.
std::optional<std::int64_t> exact_product(std::string_view number, std::int64_t base_units) {
    std::string digits(number);
    std::int64_t scale = 1;
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
        while (digits.back() == '0')
            digits.pop_back();
        const std::size_t decimals = digits.size() - point - 1;
        if (decimals > 18) return std::nullopt;
        for (std::size_t i = 0; i < decimals; ++i)
            scale *= 10;
        digits.erase(point, 1);
    }
    std::int64_t mantissa = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mantissa);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    const std::int64_t common = std::gcd(base_units, scale);
    base_units /= common;
    scale /= common;
    if (mantissa % scale != 0) return std::nullopt;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(mantissa / scale, base_units, &product)) return std::nullopt;
    return product;
}

double to_double(std::string_view number) {
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc{} && end == number.data() + number.size() ? value : std::nan("");
}

Read<double> too_large(std::string_view text) {
    return tl::make_unexpected(fmt::format("expected a number that a computer can hold, found \"{}\"", text));
}

/// In the base unit.
Read<double> read_multiple(std::string_view text, std::string_view kind, std::span<const Unit> units) {
    const auto parts = split(text, kind, units, true);
    if (!parts) return tl::make_unexpected(parts.error());
    const double value = to_double(parts->number) * static_cast<double>(parts->unit->base_units);
    return std::isfinite(value) ? Read<double>(value) : too_large(text);
}

/// The largest unit that divides the value exactly.
std::string write_exactly(std::int64_t value, std::span<const Unit> units) {
    const Unit* best = &units.front();
    for (const Unit& unit : units)
        if (value != 0 && value % unit.base_units == 0 && unit.base_units > best->base_units) best = &unit;
    return fmt::format("{}{}", value / best->base_units, best->name);
}

}  // namespace

std::vector<std::string_view> units_of(ParameterKind kind) {
    const auto names = [](std::span<const Unit> units) {
        std::vector<std::string_view> result;
        for (const Unit& unit : units)
            result.push_back(unit.name);
        return result;
    };
    if (kind == ParameterKind::Duration) return names(kDurations);
    if (kind == ParameterKind::Bytes) return names(kBytes);
    if (kind == ParameterKind::BytesPerSecond) return names(kBandwidths);
    if (kind == ParameterKind::Rate) return names(kRates);
    if (kind == ParameterKind::Power) return names(kPowers);
    if (kind == ParameterKind::Price) return names(kPrices);
    if (kind == ParameterKind::Intensity) return names(kIntensities);
    return {};
}

Read<SimTime> read_duration(std::string_view text) {
    const auto parts = split(text, "a duration", kDurations, false);
    if (!parts) return tl::make_unexpected(parts.error());
    const auto ns = exact_product(parts->number, parts->unit->base_units);
    if (ns && *ns < SimTime::never().ns() && *ns > -SimTime::never().ns()) return SimTime::from_ns(*ns);
    const double approximate_ns = to_double(parts->number) * static_cast<double>(parts->unit->base_units);
    const bool is_long = std::abs(approximate_ns) >= static_cast<double>(SimTime::never().ns());
    return tl::make_unexpected(
        fmt::format("expected a duration {}, found \"{}\"", is_long ? "below 73 years" : "of whole nanoseconds", text));
}

Read<std::int64_t> read_bytes(std::string_view text) {
    const auto parts = split(text, "an amount of memory", kBytes, false);
    if (!parts) return tl::make_unexpected(parts.error());
    if (const auto bytes = exact_product(parts->number, parts->unit->base_units)) return *bytes;
    // 79.6GiB is no whole number of bytes: to the nearest one.
    const double bytes = to_double(parts->number) * static_cast<double>(parts->unit->base_units);
    if (parts->unit->base_units > 1 && std::abs(bytes) < 9e18) return std::llround(bytes);
    return tl::make_unexpected(fmt::format("expected a whole number of bytes below 8 million TiB, found \"{}\"", text));
}

Read<double> read_bandwidth(std::string_view text) {
    const auto parts = split(text, "a bandwidth", kBandwidths, true);
    if (!parts) return tl::make_unexpected(parts.error());
    const double value = to_double(parts->number) * (static_cast<double>(parts->unit->base_units) / 8.0);
    return std::isfinite(value) ? Read<double>(value) : too_large(text);
}

Read<double> read_rate(std::string_view text) {
    const auto parts = split(text, "a rate", kRates, true);
    if (!parts) return tl::make_unexpected(parts.error());
    const double value = to_double(parts->number) / static_cast<double>(parts->unit->base_units);
    return std::isfinite(value) ? Read<double>(value) : too_large(text);
}

Read<double> read_flops(std::string_view text) {
    return read_multiple(text, "an arithmetic rate", kFlops);
}
Read<double> read_power(std::string_view text) {
    return read_multiple(text, "a power", kPowers);
}
Read<double> read_price(std::string_view text) {
    return read_multiple(text, "a price", kPrices);
}
Read<double> read_intensity(std::string_view text) {
    return read_multiple(text, "a carbon intensity", kIntensities);
}

Read<std::int64_t> read_whole_number(std::string_view text) {
    const bool is_plain = plain_decimal_length(text) == text.size() && text.find('.') == std::string_view::npos;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!text.empty() && is_plain && error == std::errc{} && end == text.data() + text.size()) return value;
    std::string hint;
    if (is_plain && error == std::errc::result_out_of_range)
        hint = "; at most 9223372036854775807";
    else if (text.size() > 1 && text[0] == '0' && text.find_first_not_of("0123456789") == std::string_view::npos)
        hint = "; write it without the leading zero";
    else if (text.size() > 1 && text[0] == '0' && std::isalpha(static_cast<unsigned char>(text[1])) != 0)
        hint = "; write it in decimal digits";
    return tl::make_unexpected(fmt::format("expected a whole number, found \"{}\"{}", text, hint));
}

Read<double> read_number(std::string_view text) {
    if (text.empty() || number_length(text) != text.size())
        return tl::make_unexpected(fmt::format("expected a number, found \"{}\"", text));
    const double value = to_double(text);
    return std::isfinite(value) ? Read<double>(value) : too_large(text);
}

std::string write_duration(SimTime value) {
    return value == SimTime() ? "0s" : write_exactly(value.ns(), kDurations);
}
std::string write_bytes(std::int64_t value) {
    return write_exactly(value, kBytes);
}
std::string write_number(double value) {
    return fmt::format("{}", value);
}
std::string write_power(double watts) {
    return fmt::format("{}W", watts);
}
std::string write_price(double usd_per_h) {
    return fmt::format("{}USD/h", usd_per_h);
}
std::string write_intensity(double g_per_kwh) {
    return fmt::format("{}g/kWh", g_per_kwh);
}

std::string write_bandwidth(double bytes_per_s) {
    // In a larger unit only where it reads back as the same double.
    for (const auto& [name, scale] : {std::pair{"TB/s", 1e12}, std::pair{"GB/s", 1e9}, std::pair{"MB/s", 1e6}}) {
        if (std::abs(bytes_per_s) < scale) continue;
        std::string text = fmt::format("{}{}", bytes_per_s / scale, name);
        if (const auto back = read_bandwidth(text); text.size() < 12 && back && *back == bytes_per_s) return text;
    }
    return fmt::format("{}B/s", bytes_per_s);
}

std::string write_rate(double per_s) {
    std::string best = fmt::format("{}/s", per_s);
    if (per_s >= 1 || per_s <= 0) return best;
    for (const Unit& unit : kRates) {
        const std::string text = fmt::format("{}{}", per_s * static_cast<double>(unit.base_units), unit.name);
        if (const auto back = read_rate(text); text.size() < best.size() && back && *back == per_s) best = text;
    }
    return best;
}

}  // namespace regatta::scenario
