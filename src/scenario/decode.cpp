#include "scenario/decode.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

using Value = Parameters::Value;

bool takes_unit(ParameterKind kind) {
    return kind == ParameterKind::Duration || kind == ParameterKind::Rate || kind == ParameterKind::Bytes ||
           kind == ParameterKind::BytesPerSecond || kind == ParameterKind::Power || kind == ParameterKind::Price ||
           kind == ParameterKind::Intensity;
}

std::string noun_of(ParameterKind kind) {
    switch (kind) {
        case ParameterKind::Count:
            return "a whole number";
        case ParameterKind::Real:
            return "a number";
        case ParameterKind::Fraction:
            return "a fraction";
        case ParameterKind::Duration:
            return "a duration";
        case ParameterKind::Rate:
            return "a rate";
        case ParameterKind::Bytes:
            return "an amount of memory";
        case ParameterKind::BytesPerSecond:
            return "a bandwidth";
        case ParameterKind::Power:
            return "a power";
        case ParameterKind::Price:
            return "a price";
        case ParameterKind::Intensity:
            return "a carbon intensity";
        case ParameterKind::Flag:
            return "true or false";
        case ParameterKind::Word:
            return "a text";
        case ParameterKind::File:
            return "a file";
        case ParameterKind::Numbers:
            return "a number or a list of them";
        case ParameterKind::Points:
            return "a list of pairs [[fraction, value], ...]";
        case ParameterKind::RatePoints:
            return "a list of pairs [[time, rate], ...]";
        case ParameterKind::Counts:
            return "a map of names to whole numbers";
    }
    return "";
}

struct Bounds {
    double least;
    double most;
};

/// A quantity with a unit is never negative unless declared so; a fraction lies between 0 and 1.
Bounds bounds_of(const Parameter& declared) {
    Bounds bounds{declared.least, declared.most};
    const bool is_fraction = declared.kind == ParameterKind::Fraction;
    if (takes_unit(declared.kind) && bounds.least < -1e299) bounds.least = 0;
    if (is_fraction) bounds = {std::max(bounds.least, 0.0), std::min(bounds.most, 1.0)};
    return bounds;
}

std::string write_bound(double bound, ParameterKind kind) {
    switch (kind) {
        case ParameterKind::Duration:
            return write_duration(SimTime::from_seconds(bound));
        case ParameterKind::Rate:
        case ParameterKind::RatePoints:
            return write_rate(bound);
        case ParameterKind::Bytes:
            return write_bytes(std::llround(bound));
        case ParameterKind::BytesPerSecond:
            return write_bandwidth(bound);
        case ParameterKind::Power:
            return write_power(bound);
        case ParameterKind::Price:
            return write_price(bound);
        case ParameterKind::Intensity:
            return write_intensity(bound);
        case ParameterKind::Count:
        case ParameterKind::Counts:
            return fmt::format("{:.0f}", bound);
        case ParameterKind::Real:
        case ParameterKind::Fraction:
        case ParameterKind::Numbers:
        case ParameterKind::Points:
            return write_number(bound);
        case ParameterKind::Flag:
        case ParameterKind::Word:
        case ParameterKind::File:
            return "";
    }
    return "";
}

std::string range_of(const Parameter& declared) {
    const Bounds bounds = bounds_of(declared);
    const bool has_least = bounds.least > -1e299;
    const bool has_most = bounds.most < 1e299;
    const auto text = [&](double bound) { return write_bound(bound, declared.kind); };
    if (has_least && has_most) return fmt::format(" from {} to {}", text(bounds.least), text(bounds.most));
    if (has_least) return fmt::format(" of at least {}", text(bounds.least));
    if (has_most) return fmt::format(" of at most {}", text(bounds.most));
    return "";
}

/// Comparable with the declared bounds; durations in seconds, through whole ns so that 1ns meets a bound of 1e-9.
bool is_in_range(double value, const Parameter& declared) {
    const Bounds bounds = bounds_of(declared);
    if (declared.kind == ParameterKind::Duration)
        return (bounds.least < -1e299 || value >= std::round(bounds.least * 1e9)) &&
               (bounds.most > 1e299 || value <= std::round(bounds.most * 1e9));
    return value >= bounds.least && value <= bounds.most;
}

tl::unexpected<std::string> refused(const Parameter& declared, const std::string& found) {
    return tl::make_unexpected(fmt::format("expected {}, found {}", expected_of(declared), found));
}

template <class T>
Read<Value> checked(const Read<T>& read, const Parameter& declared, const Node& node) {
    if (!read) return tl::make_unexpected(read.error());
    double comparable = 0;
    if constexpr (std::is_same_v<T, SimTime>)
        comparable = static_cast<double>(read->ns());
    else
        comparable = static_cast<double>(*read);
    if (!is_in_range(comparable, declared)) return refused(declared, node.as_found());
    return Value(*read);
}

Read<Value> decode_scalar(const Node& node, const Parameter& declared) {
    switch (declared.kind) {
        case ParameterKind::Count:
            return checked(read_whole_number(node.text), declared, node);
        case ParameterKind::Real:
        case ParameterKind::Fraction:
            return checked(read_number(node.text), declared, node);
        case ParameterKind::Duration:
            return checked(read_duration(node.text), declared, node);
        case ParameterKind::Rate:
            return checked(read_rate(node.text), declared, node);
        case ParameterKind::Bytes:
            return checked(read_bytes(node.text), declared, node);
        case ParameterKind::BytesPerSecond:
            return checked(read_bandwidth(node.text), declared, node);
        case ParameterKind::Power:
            return checked(read_power(node.text), declared, node);
        case ParameterKind::Price:
            return checked(read_price(node.text), declared, node);
        case ParameterKind::Intensity:
            return checked(read_intensity(node.text), declared, node);
        case ParameterKind::Flag:
            if (node.text == "true") return Value(true);
            if (node.text == "false") return Value(false);
            return refused(declared, node.as_found());
        case ParameterKind::Word:
        case ParameterKind::File: {
            const auto& choices = declared.choices;
            if (node.text.empty()) return refused(declared, "an empty text");
            if (choices.empty() || std::find(choices.begin(), choices.end(), node.text) != choices.end())
                return Value(node.text);
            return tl::make_unexpected(fmt::format("expected {}, found \"{}\"{}", expected_of(declared), node.text,
                                                   did_you_mean(node.text, choices)));
        }
        case ParameterKind::Numbers:
        case ParameterKind::Points:
        case ParameterKind::RatePoints:
        case ParameterKind::Counts:
            break;
    }
    return refused(declared, node.as_found());
}

Read<double> number_in(const Node& node) {
    if (node.kind != Node::Kind::Scalar || node.is_quoted)
        return tl::make_unexpected("expected a number, found " + node.as_found());
    return read_number(node.text);
}

/// A lone number is a list of one.
Read<Value> decode_numbers(const Node& list, const Parameter& declared) {
    if (list.kind == Node::Kind::Scalar) {
        Node wrapped;
        wrapped.kind = Node::Kind::List;
        wrapped.items.push_back(list);
        return number_in(list) ? decode_numbers(wrapped, declared) : refused(declared, list.as_found());
    }
    std::vector<double> numbers;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        const Read<double> number = number_in(list.items[i]);
        if (!number) return tl::make_unexpected(fmt::format("element {}: {}", i, number.error()));
        if (!is_in_range(*number, declared))
            return tl::make_unexpected(fmt::format("element {}: expected a number{}, found {}", i, range_of(declared),
                                                   list.items[i].as_found()));
        numbers.push_back(*number);
    }
    return Value(std::move(numbers));
}

bool is_pair(const Node& node) {
    return node.kind == Node::Kind::List && node.items.size() == 2;
}

std::string no_pair(const char* what, const Node& found) {
    return fmt::format(
        "expected a pair [{}], found {}", what,
        found.kind == Node::Kind::List ? fmt::format("a list of {}", found.items.size()) : found.as_found());
}

Read<Value> decode_rate_points(const Node& list) {
    const Parameter time{.key = "time", .kind = ParameterKind::Duration};
    const Parameter rate{.key = "rate", .kind = ParameterKind::Rate};
    std::vector<std::pair<SimTime, double>> points;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        const Node& pair = list.items[i];
        const auto wrong = [&](const std::string& what) {
            return tl::make_unexpected(fmt::format("point {}: {}", i, what));
        };
        if (!is_pair(pair)) return wrong(no_pair("time, rate", pair));
        const Read<Value> at = decode(pair.items[0], time);
        const Read<Value> rate_per_s = decode(pair.items[1], rate);
        if (!at) return wrong(at.error());
        if (!rate_per_s) return wrong(rate_per_s.error());
        points.emplace_back(std::get<SimTime>(*at), std::get<double>(*rate_per_s));
    }
    return Value(std::move(points));
}

Read<Value> decode_points(const Node& list, const Parameter& declared) {
    std::vector<std::pair<double, double>> points;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        const Node& pair = list.items[i];
        const auto wrong = [&](const std::string& what) {
            return tl::make_unexpected(fmt::format("point {}: {}", i, what));
        };
        if (!is_pair(pair)) return wrong(no_pair("fraction, value", pair));
        const Read<double> fraction = number_in(pair.items[0]);
        const Read<double> value = number_in(pair.items[1]);
        if (!fraction) return wrong(fraction.error());
        if (!value) return wrong(value.error());
        if (*fraction < 0 || *fraction > 1)
            return wrong("expected a fraction from 0 to 1, found " + pair.items[0].as_found());
        if (!is_in_range(*value, declared))
            return wrong(fmt::format("expected a value{}, found {}", range_of(declared), pair.items[1].as_found()));
        points.emplace_back(*fraction, *value);
    }
    return Value(std::move(points));
}

Read<Value> decode_counts(const Node& map, const Parameter& declared) {
    std::vector<std::pair<std::string, std::int64_t>> counts;
    for (std::size_t i = 0; i < map.items.size(); ++i) {
        const Node& item = map.items[i];
        const std::string& name = map.keys[i].text;
        if (item.kind != Node::Kind::Scalar || item.is_quoted)
            return tl::make_unexpected(fmt::format("{}: expected a whole number, found {}", name, item.as_found()));
        const Read<std::int64_t> count = read_whole_number(item.text);
        if (!count) return tl::make_unexpected(fmt::format("{}: {}", name, count.error()));
        if (!is_in_range(static_cast<double>(*count), declared))
            return tl::make_unexpected(
                fmt::format("{}: expected a whole number{}, found {}", name, range_of(declared), item.as_found()));
        counts.emplace_back(name, *count);
    }
    return Value(std::move(counts));
}

}  // namespace

std::string expected_of(const Parameter& declared) {
    if (declared.kind == ParameterKind::Word && declared.choices.size() == 1) return declared.choices.front();
    if (declared.kind == ParameterKind::Word && !declared.choices.empty()) return "one of: " + join(declared.choices);
    return noun_of(declared.kind) + range_of(declared);
}

Read<Value> decode(const Node& node, const Parameter& declared) {
    if (declared.kind == ParameterKind::Counts)
        return node.kind == Node::Kind::Map ? decode_counts(node, declared) : refused(declared, node.as_found());
    const bool is_list = declared.kind == ParameterKind::Numbers || declared.kind == ParameterKind::Points ||
                         declared.kind == ParameterKind::RatePoints;
    if (declared.kind == ParameterKind::RatePoints && node.kind == Node::Kind::List) return decode_rate_points(node);
    const bool is_lone_number = declared.kind == ParameterKind::Numbers && node.kind == Node::Kind::Scalar;
    if (is_lone_number || (is_list && node.kind == Node::Kind::List))
        return declared.kind == ParameterKind::Numbers ? decode_numbers(node, declared) : decode_points(node, declared);
    if (is_list || node.kind != Node::Kind::Scalar) return refused(declared, node.as_found());
    const bool is_text =
        takes_unit(declared.kind) || declared.kind == ParameterKind::Word || declared.kind == ParameterKind::File;
    // JSON cannot write 50us without quotes, but it can write 8; so quotes around a plain number are a slip.
    if (node.is_quoted && !is_text) return refused(declared, node.as_found() + "; leave out the quotes");
    return decode_scalar(node, declared);
}

Value decode_default(const Parameter& declared) {
    Problems problems;
    Node node;
    const int source = problems.add_source("default of " + declared.key);
    const bool is_read = parse_document(declared.default_text, source, node, problems);
    REGATTA_CHECK(is_read, "default \"" + declared.default_text + "\" of " + declared.key);
    Read<Value> value = decode(node, declared);
    REGATTA_CHECK(value.has_value(), "default of " + declared.key + ": " + value.error());
    return *std::move(value);
}

std::string write_value(const Value& value, ParameterKind kind) {
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        return kind == ParameterKind::Bytes ? write_bytes(*whole) : fmt::format("{}", *whole);
    if (const auto* real = std::get_if<double>(&value)) {
        if (kind == ParameterKind::Rate) return write_rate(*real);
        if (kind == ParameterKind::Power) return write_power(*real);
        if (kind == ParameterKind::Price) return write_price(*real);
        if (kind == ParameterKind::Intensity) return write_intensity(*real);
        return kind == ParameterKind::BytesPerSecond ? write_bandwidth(*real) : write_number(*real);
    }
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* time = std::get_if<SimTime>(&value)) return write_duration(*time);
    if (const auto* word = std::get_if<std::string>(&value)) return quote_if_needed(*word);
    std::vector<std::string> parts;
    if (const auto* counts = std::get_if<std::vector<std::pair<std::string, std::int64_t>>>(&value)) {
        for (const auto& [name, count] : *counts)
            parts.push_back(fmt::format("{}: {}", quote_if_needed(name), count));
        return fmt::format("{{{}}}", join(parts));
    }
    if (const auto* numbers = std::get_if<std::vector<double>>(&value))
        for (const double number : *numbers)
            parts.push_back(write_number(number));
    if (const auto* points = std::get_if<std::vector<std::pair<double, double>>>(&value))
        for (const auto& [fraction, point] : *points)
            parts.push_back(fmt::format("[{}, {}]", write_number(fraction), write_number(point)));
    if (const auto* points = std::get_if<std::vector<std::pair<SimTime, double>>>(&value))
        for (const auto& [at, rate] : *points)
            parts.push_back(fmt::format("[{}, {}]", write_duration(at), write_rate(rate)));
    return fmt::format("[{}]", join(parts));
}

std::string quote_if_needed(const std::string& text) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.' || c == '/' || c == '+';
    };
    const bool begins_well = !text.empty() && text.front() != '-' && text.front() != '.' && text.front() != '+';
    static const std::vector<std::string> kMisread = {"null", "Null", "NULL", "none", "true", "false"};
    if (begins_well && std::all_of(text.begin(), text.end(), is_plain) &&
        std::find(kMisread.begin(), kMisread.end(), text) == kMisread.end())
        return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            quoted += fmt::format("\\{}", c);
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else
            quoted += c;
    }
    return quoted + "\"";
}

std::string join(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words)
        joined += (joined.empty() ? "" : ", ") + word;
    return joined;
}

}  // namespace regatta::scenario
