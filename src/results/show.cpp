#include "results/show.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace regatta::results {
namespace {

/// Three digits for what is below 1000; `number` >= 0.
std::string three_digits(double number) {
    if (number < 9.995) return fmt::format("{:.2f}", number);
    if (number < 99.95) return fmt::format("{:.1f}", number);
    return fmt::format("{:.0f}", number);
}

struct Unit {
    double size;
    const char* name;
};

}  // namespace

std::string show_time(double ns) {
    constexpr double kSecond = 1e9;
    if (ns >= 99.95 * kSecond) {
        const auto seconds = static_cast<std::int64_t>(std::llround(ns / kSecond));
        if (seconds >= 36'000) return fmt::format("{} h {:02} min", show_count(seconds / 3600), seconds % 3600 / 60);
        return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
    }
    // Half a unit of the last digit below 1000, so that 999.6 us reads as 1.00 ms.
    constexpr std::array<Unit, 4> kUnits = {{{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}}};
    if (ns < 999.5) return fmt::format("{:.0f} ns", ns);
    for (const Unit& unit : kUnits)
        if (ns / unit.size < 999.5) return fmt::format("{} {}", three_digits(ns / unit.size), unit.name);
    return fmt::format("{} s", three_digits(ns / kSecond));
}

std::string show_count(std::int64_t count) {
    std::string digits = fmt::format("{}", count);
    const std::size_t first = count < 0 ? 1 : 0;
    for (std::size_t end = digits.size(); end > first + 3; end -= 3)
        digits.insert(end - 3, 1, ',');
    return digits;
}

std::string show_number(double number) {
    return number < 999.5 ? three_digits(number) : show_count(static_cast<std::int64_t>(std::llround(number)));
}

std::string show_large(double number) {
    constexpr std::array<Unit, 4> kUnits = {{{1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}}};
    if (number < 9'999.5) return show_count(static_cast<std::int64_t>(std::llround(number)));
    for (const Unit& unit : kUnits)
        if (number / unit.size < 999.5) return fmt::format("{} {}", three_digits(number / unit.size), unit.name);
    return fmt::format("{:.3g}", number);
}

std::string show_scaled(double number) {
    constexpr std::array<Unit, 8> kUnits = {
        {{1e-6, "u"}, {1e-3, "m"}, {1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}, {1e15, "P"}}};
    if (number <= 0) return "0 ";
    for (const Unit& unit : kUnits)
        if (number / unit.size < 999.5) return fmt::format("{} {}", three_digits(number / unit.size), unit.name);
    return fmt::format("{:.3g} ", number);
}

std::string show_bytes(double bytes) {
    constexpr std::array<Unit, 4> kUnits = {{{1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {1e12, "TB"}}};
    if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
    for (const Unit& unit : kUnits)
        if (bytes / unit.size < 999.5) return fmt::format("{} {}", three_digits(bytes / unit.size), unit.name);
    return fmt::format("{:.3g} B", bytes);
}

std::string show_percent(double fraction) {
    // Anything less than all is never shown as 100 %.
    if (fraction < 1 && fraction >= 0.9995) return "99.9 %";
    return fmt::format("{:.1f} %", 100 * fraction);
}

}  // namespace regatta::results
