#include "scenario/rate_file.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "regatta/base/errors.hpp"
#include "scenario/quantity.hpp"
#include "workload/trace_values.hpp"

namespace regatta::scenario {
namespace {

using Point = workload::RateCurve::Point;

constexpr std::string_view kHeader = "time_s,rate_per_s";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Reads line by line, and stops at the first mistake: one in the times makes all that follow look wrong.
class RateFile {
public:
    RateFile(std::string_view text, int source, Problems& problems)
        : rest_(text), source_(source), problems_(problems) {}

    std::vector<Point> read() {
        std::vector<Point> points;
        if (!next_line() || line_text_ != kHeader) {
            fail(fmt::format("expected the header {}, found \"{}\"", kHeader, line_text_));
            return {};
        }
        while (next_line()) {
            const auto point = read_point();
            if (!point) return {};
            if (points.empty() && point->at != SimTime()) {
                fail("expected the first line at time 0");
                return {};
            }
            if (!points.empty() && point->at <= points.back().at) {
                fail("expected a time after that of the line before");
                return {};
            }
            points.push_back(*point);
        }
        if (points.empty()) fail("expected lines of time and rate after the header");
        return points;
    }

private:
    /// Goes to the next line that is not blank.
    bool next_line() {
        line_text_ = {};
        while (!rest_.empty() && line_text_.empty()) {
            const std::size_t end = rest_.find('\n');
            line_text_ = trimmed(rest_.substr(0, end));
            rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
            ++line_;
        }
        return !line_text_.empty();
    }

    std::optional<Point> read_point() {
        const std::size_t comma = line_text_.find(',');
        const auto at_ns = workload::parse_seconds_ns(trimmed(line_text_.substr(0, comma)));
        const auto rate =
            read_number(comma == std::string_view::npos ? std::string_view() : trimmed(line_text_.substr(comma + 1)));
        if (at_ns && rate && *rate >= 0) return Point{.at = SimTime::from_ns(*at_ns), .rate_per_s = *rate};
        fail(fmt::format("expected a time in seconds and a rate per second of at least 0, such as 300,40; found \"{}\"",
                         line_text_));
        return std::nullopt;
    }

    void fail(const std::string& what) { problems_.add({source_, line_, 1}, "", what); }

    std::string_view rest_;
    std::string_view line_text_;
    int line_ = 0;
    int source_;
    Problems& problems_;
};

}  // namespace

std::optional<workload::RateCurve> rate_curve_of_file(const std::string& text, int source, Problems& problems) {
    const std::vector<Point> points = RateFile(text, source, problems).read();
    if (points.empty()) return std::nullopt;
    try {
        return workload::RateCurve::of_steps(points);
    } catch (const InputError& error) {
        // In order and from 0 on they are: what is left concerns the file as a whole.
        for (const std::string& problem : error.problems())
            problems.add({source, 0, 0}, "", problem);
        return std::nullopt;
    }
}

}  // namespace regatta::scenario
