#include "workload/recorded_arrivals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "regatta/base/errors.hpp"
#include "workload/csv_rows.hpp"
#include "workload/trace_rows.hpp"
#include "workload/trace_values.hpp"

namespace regatta::workload {
namespace {

/// A date or a number of seconds, in ns.
std::optional<std::int64_t> parse_instant_ns(std::string_view text) {
    if (const auto timestamp = parse_timestamp_ns(text)) return timestamp;
    return parse_seconds_ns(text);
}

std::int64_t bound_ns(const RecordedArrivalsInput& input, const std::string& text, std::int64_t otherwise) {
    if (text.empty()) return otherwise;
    if (const auto ns = parse_instant_ns(text)) return *ns;
    throw InputError(fmt::format("{}: expected a date such as 1970-01-04 12:00:00, or seconds, found \"{}\"",
                                 input.path, shown(text)));
}

std::size_t column_of(const CsvRows& rows, const RecordedArrivalsInput& input) {
    const auto names = rows.fields();
    const auto found = std::find(names.begin(), names.end(), input.column);
    if (found == names.end())
        throw InputError(fmt::format("{}:{}: no column \"{}\"; the columns are {}{}", input.path, rows.line(),
                                     input.column, shown(fmt::format("{}", fmt::join(names, ", "))),
                                     did_you_mean(input.column, {names.begin(), names.end()})));
    return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

std::vector<SimTime> read_gaps(const RecordedArrivalsInput& input) {
    const std::int64_t from = bound_ns(input, input.from, -1);
    const std::int64_t to = bound_ns(input, input.to, INT64_MAX);
    CsvRows rows(input.path);
    if (!rows.next())
        throw InputError(fmt::format("{}: the file is empty; expected a header with {}", input.path, input.column));
    const std::size_t column = column_of(rows, input);
    std::optional<std::int64_t> first;
    std::int64_t last = 0;
    SimTime clock;
    std::vector<SimTime> gaps;
    while (rows.next()) {
        const std::string_view text = column < rows.fields().size() ? rows.fields()[column] : std::string_view();
        const auto at = parse_instant_ns(text);
        if (!at)
            throw InputError(fmt::format("{}:{}: {}: expected a date or seconds, found \"{}\"", input.path, rows.line(),
                                         input.column, shown(text)));
        if (*at < last)
            throw InputError(fmt::format("{}:{}: {}: \"{}\" is before the line above; expected times in order",
                                         input.path, rows.line(), input.column, shown(text)));
        last = *at;
        if (*at <= from || *at >= to) continue;
        if (!first) {
            first = *at;
            continue;
        }
        const std::int64_t whole = (*at - *first) / input.whole.ns() * input.whole.ns();
        const double scaled_ns = static_cast<double>(whole) * input.time_scale;
        if (!(scaled_ns < static_cast<double>(SimTime::never().ns())))
            throw InputError(
                fmt::format("{}:{}: {}: \"{}\" is {:.3g} s after the first row at a time_scale of {}; "
                            "expected at most {} s",
                            input.path, rows.line(), input.column, shown(text), scaled_ns * 1e-9, input.time_scale,
                            SimTime::never().ns() / 1'000'000'000));
        const SimTime scaled = SimTime::from_ns(std::llround(scaled_ns));
        gaps.push_back(scaled - clock);
        clock = scaled;
    }
    if (gaps.empty())
        throw InputError(
            fmt::format("{}: fewer than two rows between from and to; no gap is between them", input.path));
    return gaps;
}

double RecordedArrivals::gap_s(std::uint64_t index, double /*uniform*/) const {
    REGATTA_CHECK(index < gaps_.size(), fmt::format("gap {} of {} recorded ones", index, gaps_.size()));
    return gaps_[index].seconds();
}

}  // namespace regatta::workload
