#include "workload/mooncake_trace.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "regatta/base/errors.hpp"
#include "workload/json_depth.hpp"
#include "workload/prefix_handle.hpp"
#include "workload/trace_values.hpp"

namespace regatta::workload {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kMostMs = kMostTraceSeconds * 1000;

/// A value as the file has it, for a message.
std::string found_in(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() ? "nothing" : shown(found->dump());
}

// Whole milliseconds, as published, are exact; others are rounded once, to the nearest ns.
std::optional<std::int64_t> time_ns(const Json& row) {
    const auto found = row.find("timestamp");
    if (found == row.end() || !found->is_number()) return std::nullopt;
    if (found->is_number_float()) {
        const double ms = found->get<double>();
        if (!(ms >= 0 && ms <= static_cast<double>(kMostMs))) return std::nullopt;
        return std::llround(ms * static_cast<double>(kNsPerMs));
    }
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() > std::uint64_t{kMostMs}) return std::nullopt;
    return static_cast<std::int64_t>(found->get<std::uint64_t>()) * kNsPerMs;
}

std::optional<std::uint32_t> tokens(const Json& row, const char* key) {
    const auto found = row.find(key);
    if (found == row.end() || !found->is_number_unsigned()) return std::nullopt;
    const auto count = found->get<std::uint64_t>();
    if (count < 1 || count > std::uint64_t{kMostTraceTokens}) return std::nullopt;
    return static_cast<std::uint32_t>(count);
}

std::optional<std::uint64_t> prefix(const Json& row) {
    PrefixHandle handle;
    const auto found = row.find("hash_ids");
    if (found == row.end()) return handle.value();
    if (!found->is_array()) return std::nullopt;
    for (const Json& id : *found) {
        if (!id.is_number_unsigned()) return std::nullopt;
        handle.add(id.get<std::uint64_t>());
    }
    return handle.value();
}

}  // namespace

std::optional<OwnRow> MooncakeTrace::next() {
    if (!lines_.next()) return std::nullopt;
    const auto fail = [&](const std::string& problem) { return InputError(at_line(problem)); };
    if (too_deep_at(lines_.line())) throw fail(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
    const Json row = Json::parse(lines_.line(), nullptr, false);
    if (!row.is_object())
        throw fail(
            fmt::format("expected a JSON object with timestamp, input_length, output_length and hash_ids, found "
                        "\"{}\"",
                        shown(lines_.line())));
    const auto need = [&](const auto& value, const char* key, const std::string& expected) {
        if (!value) throw fail(fmt::format("{}: expected {}, found {}", key, expected, found_in(row, key)));
        return *value;
    };
    const std::string count = fmt::format("a whole number from 1 to {}", kMostTraceTokens);
    OwnRow own;
    own.time_ns = need(time_ns(row), "timestamp", fmt::format("milliseconds from 0 to {}", kMostMs));
    own.prompt_tokens = need(tokens(row, "input_length"), "input_length", count);
    own.output_tokens = need(tokens(row, "output_length"), "output_length", count);
    own.prefix = need(prefix(row), "hash_ids", "a list of whole numbers");
    arrival_text_ = fmt::format("timestamp: {}", found_in(row, "timestamp"));
    return own;
}

std::string MooncakeTrace::at_line(std::string_view problem) const {
    return fmt::format("{}:{}: {}", lines_.path(), lines_.number(), problem);
}

}  // namespace regatta::workload
