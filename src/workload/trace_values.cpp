#include "workload/trace_values.hpp"

#include <charconv>
#include <chrono>
#include <string>

namespace regatta::workload {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr int kNsDigits = 9;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

// Digits of a decimal number without its point; `point` says after how many of them it stood.
struct Decimal {
    std::string_view whole;
    std::string_view fraction;
    std::int64_t exponent = 0;

    [[nodiscard]] std::int64_t digits() const { return static_cast<std::int64_t>(whole.size() + fraction.size()); }
    [[nodiscard]] int digit(std::int64_t i) const {
        const auto index = static_cast<std::size_t>(i);
        return (index < whole.size() ? whole[index] : fraction[index - whole.size()]) - '0';
    }
};

std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count]))
        ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

std::optional<Decimal> split_decimal(std::string_view text) {
    Decimal decimal;
    if (text.starts_with('+')) text.remove_prefix(1);
    decimal.whole = take_digits(text);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        decimal.fraction = take_digits(text);
    }
    if (decimal.digits() == 0) return std::nullopt;
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+')) text.remove_prefix(1);
        const auto exponent = whole_number<std::int32_t>(text);
        if (!exponent) return std::nullopt;
        decimal.exponent = *exponent;
        text = {};
    }
    if (!text.empty()) return std::nullopt;
    return decimal;
}

// Reads exactly `count` digits as a number from `least` to `most`.
std::optional<int> take_number(std::string_view& text, std::size_t count, int least, int most) {
    if (text.size() < count) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, count)) {
        if (!is_digit(c)) return std::nullopt;
        number = number * 10 + (c - '0');
    }
    if (number < least || number > most) return std::nullopt;
    text.remove_prefix(count);
    return number;
}

bool take(std::string_view& text, std::string_view choices) {
    if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// "2023-11-16" in days since 1970.
std::optional<std::int64_t> take_days(std::string_view& text) {
    const auto year = take_number(text, 4, 1970, 2200);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2, 1, 12);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2, 1, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count();
}

// "18:15:46.6805900" in ns since midnight; seconds may be left out of an offset, so they are read apart.
std::optional<std::int64_t> take_minutes(std::string_view& text) {
    const auto hours = take_number(text, 2, 0, 23);
    if (!hours || !take(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2, 0, 59);
    if (!minutes) return std::nullopt;
    return *hours * 60 + *minutes;
}

// "Z", "+00:00", "-05:30" or nothing, in minutes east of UTC.
std::optional<std::int64_t> take_offset(std::string_view& text) {
    if (text.empty() || take(text, "Zz")) return 0;
    const bool is_west = text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const auto minutes = take_minutes(text);
    if (!minutes) return std::nullopt;
    return is_west ? -*minutes : *minutes;
}

}  // namespace

std::optional<std::int64_t> parse_seconds_ns(std::string_view text) {
    const auto decimal = split_decimal(text);
    if (!decimal) return std::nullopt;
    // So many of the digits stand before the ninth decimal; the next one rounds.
    const std::int64_t kept = static_cast<std::int64_t>(decimal->whole.size()) + decimal->exponent + kNsDigits;
    constexpr std::int64_t kMostNs = kMostTraceSeconds * kNsPerSecond;
    std::int64_t ns = 0;
    for (std::int64_t i = 0; i < kept; ++i) {
        if (i >= decimal->digits() && ns == 0) break;  // nothing but zeros: a large exponent changes nothing
        const int digit = i < decimal->digits() ? decimal->digit(i) : 0;
        if (ns > (kMostNs - digit) / 10) return std::nullopt;
        ns = ns * 10 + digit;
    }
    if (kept >= 0 && kept < decimal->digits() && decimal->digit(kept) >= 5) ++ns;
    if (ns > kMostNs) return std::nullopt;
    return ns;
}

std::optional<std::int64_t> parse_timestamp_ns(std::string_view text) {
    const auto days = take_days(text);
    if (!days || !take(text, " Tt")) return std::nullopt;
    const auto minutes = take_minutes(text);
    if (!minutes || !take(text, ":")) return std::nullopt;
    const std::string_view seconds = text.substr(0, text.find_first_not_of("0123456789."));
    // Two digits before the point; 60 is a leap second.
    if (seconds.size() < 2 || !is_digit(seconds[0]) || !is_digit(seconds[1])) return std::nullopt;
    if (seconds.size() > 2 && seconds[2] != '.') return std::nullopt;
    const auto seconds_ns = parse_seconds_ns(seconds);
    if (!seconds_ns || *seconds_ns > 61 * kNsPerSecond) return std::nullopt;
    text.remove_prefix(seconds.size());
    const auto offset_minutes = take_offset(text);
    if (!offset_minutes || !text.empty()) return std::nullopt;
    const std::int64_t total_minutes = *days * 24 * 60 + *minutes - *offset_minutes;
    return total_minutes * 60 * kNsPerSecond + *seconds_ns;
}

std::optional<std::uint32_t> parse_tokens(std::string_view text) {
    const auto tokens = whole_number<std::int64_t>(text);
    if (!tokens || *tokens < 1 || *tokens > kMostTraceTokens) return std::nullopt;
    return static_cast<std::uint32_t>(*tokens);
}

std::optional<std::uint64_t> parse_handle(std::string_view text) {
    return whole_number<std::uint64_t>(text);
}

}  // namespace regatta::workload
