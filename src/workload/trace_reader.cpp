#include "workload/trace_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "regatta/base/errors.hpp"
#include "workload/trace_values.hpp"

namespace regatta::workload {
namespace {

struct Format {
    std::string_view arrival;
    std::string_view prompt;
    std::string_view output;
};
constexpr std::array<Format, 3> kFormats = {{{"arrived_at", "num_prefill_tokens", "num_decode_tokens"},
                                             {"TIMESTAMP", "ContextTokens", "GeneratedTokens"},
                                             {"arrival_s", "input_tokens", "output_tokens"}}};

// Longest piece of a file that a message repeats.
constexpr std::size_t kMostShown = 120;

// What stands in the file, fit for a terminal: printable, and not endless.
std::string shown(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, kMostShown)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    return text.size() > kMostShown ? result + "..." : result;
}

std::string seconds_text(std::int64_t ns) {
    return fmt::format("{} s", static_cast<double>(ns) * 1e-9);
}

}  // namespace

TraceReader::TraceReader(const TraceInput& input) : input_(input), rows_(input.path) {
    if (!rows_.next())
        throw InputError(fmt::format("{}: the file is empty; expected a header line such as {},{},{}", input_.path,
                                     kFormats[0].arrival, kFormats[0].prompt, kFormats[0].output));
    fields_per_row_ = rows_.fields().size();
    find_columns();
}

std::string TraceReader::at_line(std::string_view problem) const {
    return fmt::format("{}:{}: {}", input_.path, rows_.line(), problem);
}

TraceReader::Column TraceReader::column(std::string_view name) const {
    const auto names = rows_.fields();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        throw InputError(at_line(fmt::format("no column \"{}\"; the columns are {}{}", name,
                                             shown(fmt::format("{}", fmt::join(names, ", "))),
                                             did_you_mean(name, {names.begin(), names.end()}))));
    }
    if (std::find(found + 1, names.end(), name) != names.end())
        throw InputError(at_line(fmt::format("the column \"{}\" appears twice", name)));
    return {.name = std::string(name), .index = static_cast<std::size_t>(found - names.begin())};
}

void TraceReader::find_columns() {
    static const std::vector<std::string> kKeys = {"arrival", "prompt_tokens", "output_tokens"};
    if (!input_.columns.empty()) {
        for (const auto& [key, name] : input_.columns)
            if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
                throw InputError(
                    fmt::format("{}: columns.{}: no such key{}", input_.path, key, did_you_mean(key, kKeys)));
        const auto named = [&](const std::string& key) {
            const auto found = input_.columns.find(key);
            if (found == input_.columns.end())
                throw InputError(
                    fmt::format("{}: columns: {} is missing; expected arrival, prompt_tokens and "
                                "output_tokens together",
                                input_.path, key));
            return column(found->second);
        };
        arrival_ = named(kKeys[0]);
        prompt_ = named(kKeys[1]);
        output_ = named(kKeys[2]);
        return;
    }
    const auto names = rows_.fields();
    for (const Format& format : kFormats) {
        const auto is_of_format = [&](std::string_view name) {
            return name == format.arrival || name == format.prompt || name == format.output;
        };
        // Two of the three names tell what is meant; column() then says which one is missing.
        if (std::count_if(names.begin(), names.end(), is_of_format) < 2) continue;
        arrival_ = column(format.arrival);
        prompt_ = column(format.prompt);
        output_ = column(format.output);
        return;
    }
    std::vector<std::string> known;
    for (const Format& format : kFormats)
        known.push_back(fmt::format("{},{},{}", format.arrival, format.prompt, format.output));
    throw InputError(at_line(fmt::format("unknown columns: {}; expected {}, or their names in workload.columns",
                                         shown(fmt::format("{}", fmt::join(names, ","))), fmt::join(known, " or "))));
}

std::int64_t TraceReader::read_arrival_ns() {
    const std::string_view text = field(arrival_);
    if (rows_read_ == 0) {
        const auto timestamp = parse_timestamp_ns(text);
        has_timestamps_ = timestamp.has_value();
        first_timestamp_ns_ = timestamp.value_or(0);
    }
    if (has_timestamps_) {
        const auto timestamp = parse_timestamp_ns(text);
        if (!timestamp)
            throw InputError(
                at_line(fmt::format("{}: expected a time stamp like 2023-11-16 18:15:46.6805900, found \"{}\"",
                                    arrival_.name, shown(text))));
        return *timestamp - first_timestamp_ns_;
    }
    const auto seconds_ns = parse_seconds_ns(text);
    if (!seconds_ns)
        throw InputError(at_line(fmt::format("{}: expected {} from 0 to {}, found \"{}\"", arrival_.name,
                                             rows_read_ == 0 ? "a time stamp, or seconds" : "seconds",
                                             kMostTraceSeconds, shown(text))));
    return *seconds_ns;
}

std::uint32_t TraceReader::read_tokens(const Column& column) const {
    const auto tokens = parse_tokens(field(column));
    if (!tokens)
        throw InputError(at_line(fmt::format("{}: expected a whole number from 1 to {}, found \"{}\"", column.name,
                                             kMostTraceTokens, shown(field(column)))));
    return *tokens;
}

SimTime TraceReader::replayed(std::int64_t own_time_ns) const {
    const std::int64_t shifted_ns = own_time_ns - input_.window_from.ns();
    if (input_.rate_scale == 1) return SimTime::from_ns(shifted_ns);
    // One division of IEEE doubles, the same everywhere, rounded once to whole ns; whole ns are exact in a double up to
    // 2^53 ns, which is 104 days.
    return SimTime::from_ns(std::llround(static_cast<double>(shifted_ns) / input_.rate_scale));
}

std::optional<TraceRow> TraceReader::next() {
    while (!(input_.limit && rows_selected_ >= *input_.limit) && rows_.next()) {
        if (rows_.fields().size() != fields_per_row_)
            throw InputError(at_line(
                fmt::format("expected {} fields as in the header, found {}", fields_per_row_, rows_.fields().size())));
        const std::int64_t own_time_ns = read_arrival_ns();
        if (own_time_ns < last_own_time_ns_)
            throw InputError(at_line(
                fmt::format("{}: \"{}\" is {} before the line above; expected arrivals in order of time", arrival_.name,
                            shown(field(arrival_)), seconds_text(last_own_time_ns_ - own_time_ns))));
        last_own_time_ns_ = own_time_ns;
        const TraceRow row{.row = rows_read_++,
                           .arrival = {},
                           .prompt_tokens = read_tokens(prompt_),
                           .output_tokens = read_tokens(output_)};
        if (own_time_ns >= input_.window_to.ns()) return std::nullopt;
        if (own_time_ns < input_.window_from.ns()) continue;
        ++rows_selected_;
        TraceRow selected = row;
        selected.arrival = replayed(own_time_ns);
        return selected;
    }
    return std::nullopt;
}

}  // namespace regatta::workload
