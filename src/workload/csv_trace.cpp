#include "workload/csv_trace.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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

// Of the plain format, what `regatta workload --csv` adds to it.
constexpr std::string_view kPrefixColumn = "prefix";

}  // namespace

CsvTrace::CsvTrace(const std::string& path, std::map<std::string, std::string> columns)
    : path_(path), columns_(std::move(columns)), rows_(path) {
    if (!rows_.next())
        throw InputError(fmt::format("{}: the file is empty; expected a header line such as {},{},{}", path_,
                                     kFormats[0].arrival, kFormats[0].prompt, kFormats[0].output));
    fields_per_row_ = rows_.fields().size();
    find_columns();
}

std::string CsvTrace::at_line(std::string_view problem) const {
    return fmt::format("{}:{}: {}", path_, rows_.line(), problem);
}

CsvTrace::Column CsvTrace::column(std::string_view name) const {
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

void CsvTrace::find_columns() {
    static const std::vector<std::string> kKeys = {"arrival", "prompt_tokens", "output_tokens"};
    if (!columns_.empty()) {
        for (const auto& [key, name] : columns_)
            if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
                throw InputError(fmt::format("{}: columns.{}: no such key{}", path_, key, did_you_mean(key, kKeys)));
        const auto named = [&](const std::string& key) {
            const auto found = columns_.find(key);
            if (found == columns_.end())
                throw InputError(
                    fmt::format("{}: columns: {} is missing; expected arrival, prompt_tokens and "
                                "output_tokens together",
                                path_, key));
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
        if (&format == &kFormats.back() && std::find(names.begin(), names.end(), kPrefixColumn) != names.end())
            prefix_ = column(kPrefixColumn);
        return;
    }
    std::vector<std::string> known;
    for (const Format& format : kFormats)
        known.push_back(fmt::format("{},{},{}", format.arrival, format.prompt, format.output));
    throw InputError(at_line(fmt::format("unknown columns: {}; expected {}, or their names in workload.columns",
                                         shown(fmt::format("{}", fmt::join(names, ","))), fmt::join(known, " or "))));
}

std::int64_t CsvTrace::read_arrival_ns() {
    const std::string_view text = field(arrival_);
    if (is_first_) {
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
        const std::int64_t since_first_ns = *timestamp - first_timestamp_ns_;
        if (since_first_ns > kMostTraceSeconds * 1'000'000'000)
            throw InputError(at_line(fmt::format("{}: \"{}\" is more than {} s after the first row", arrival_.name,
                                                 shown(text), kMostTraceSeconds)));
        return since_first_ns;
    }
    const auto seconds_ns = parse_seconds_ns(text);
    if (!seconds_ns)
        throw InputError(
            at_line(fmt::format("{}: expected {} from 0 to {}, found \"{}\"", arrival_.name,
                                is_first_ ? "a time stamp, or seconds" : "seconds", kMostTraceSeconds, shown(text))));
    return *seconds_ns;
}

std::uint32_t CsvTrace::read_tokens(const Column& column) const {
    const auto tokens = parse_tokens(field(column));
    if (!tokens)
        throw InputError(at_line(fmt::format("{}: expected a whole number from 1 to {}, found \"{}\"", column.name,
                                             kMostTraceTokens, shown(field(column)))));
    return *tokens;
}

std::uint64_t CsvTrace::read_prefix(const Column& column) const {
    const auto prefix = parse_handle(field(column));
    if (!prefix)
        throw InputError(at_line(
            fmt::format("{}: expected a whole number below 2^64, found \"{}\"", column.name, shown(field(column)))));
    return *prefix;
}

std::optional<OwnRow> CsvTrace::next() {
    if (!rows_.next()) return std::nullopt;
    if (rows_.fields().size() != fields_per_row_)
        throw InputError(at_line(
            fmt::format("expected {} fields as in the header, found {}", fields_per_row_, rows_.fields().size())));
    OwnRow row;
    row.time_ns = read_arrival_ns();
    row.prompt_tokens = read_tokens(prompt_);
    row.output_tokens = read_tokens(output_);
    if (prefix_) row.prefix = read_prefix(*prefix_);
    is_first_ = false;
    return row;
}

std::string CsvTrace::arrival_text() const {
    return fmt::format("{}: \"{}\"", arrival_.name, shown(field(arrival_)));
}

}  // namespace regatta::workload
