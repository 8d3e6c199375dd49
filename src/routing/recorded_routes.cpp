#include "routing/recorded_routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

namespace {

constexpr std::size_t kMostShown = 40;
/// Its fields are kept apart.
constexpr std::size_t kLongestLine = std::size_t{1} << 20;

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    while (true) {
        const std::size_t comma = line.find(',');
        std::string_view field = line.substr(0, comma);
        if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
        fields.push_back(field);
        if (comma == std::string_view::npos) return fields;
        line.remove_prefix(comma + 1);
    }
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

[[noreturn]] void fail(std::size_t line, const std::string& what) {
    throw InputError(fmt::format("file: line {}: {}", line, what));
}

template <class Number>
Number number_in(const std::vector<std::string_view>& fields, std::size_t column, std::size_t line, const char* name) {
    const std::string_view text = column < fields.size() ? fields[column] : std::string_view();
    Number number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size())
        fail(line, fmt::format("{}: expected a whole number, found \"{}\"", name, text.substr(0, kMostShown)));
    return number;
}

}  // namespace

RecordedRoutes::RecordedRoutes(std::string_view text, std::uint32_t replicas) {
    const std::string_view first = take_line(text);
    if (first.size() > kLongestLine)
        fail(1, fmt::format("expected a line of at most {} bytes, found {}", kLongestLine, first.size()));
    const std::vector<std::string_view> header = fields_of(first);
    const auto column = [&](std::string_view name) {
        const auto found = std::find(header.begin(), header.end(), name);
        if (found == header.end())
            fail(1, fmt::format("expected a header with request_id and replica_id; no {}", name));
        return static_cast<std::size_t>(found - header.begin());
    };
    const std::size_t request_column = column("request_id");
    const std::size_t replica_column = column("replica_id");
    for (std::size_t line = 2; !text.empty(); ++line) {
        const std::string_view row = take_line(text);
        if (row.empty()) continue;
        if (row.size() > kLongestLine)
            fail(line, fmt::format("expected a line of at most {} bytes, found {}", kLongestLine, row.size()));
        const auto fields = fields_of(row);
        const auto request = number_in<std::uint64_t>(fields, request_column, line, "request_id");
        const auto replica = number_in<std::uint32_t>(fields, replica_column, line, "replica_id");
        if (replica >= replicas)
            fail(line, fmt::format("replica_id {}; the fleet has {} replicas, from 0 to {}", replica, replicas,
                                   replicas - 1));
        routes_.emplace_back(request, replica);
    }
    std::sort(routes_.begin(), routes_.end());
    const auto twice = std::adjacent_find(routes_.begin(), routes_.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != routes_.end()) throw InputError(fmt::format("file: request {} has two rows", twice->first));
}

std::optional<std::uint32_t> RecordedRoutes::replica_of(std::uint64_t request) const {
    const auto found = std::lower_bound(routes_.begin(), routes_.end(), std::pair{request, std::uint32_t{0}});
    if (found == routes_.end() || found->first != request) return std::nullopt;
    return found->second;
}

}  // namespace regatta::routing
