#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regatta::workload {

/// Latest arrival a trace may hold [s]; far below SimTime::never().
inline constexpr std::int64_t kMostTraceSeconds = 2'000'000'000;
/// Most tokens a prompt or an answer may have.
inline constexpr std::int64_t kMostTraceTokens = 100'000'000;

/// A decimal number of seconds ("4.3146", "5.2e-05") in ns: exact to the ninth decimal, rounded to the nearest beyond
/// it (halves up), without passing through floating point. None: not such a number, below 0 or above kMostTraceSeconds.
[[nodiscard]] std::optional<std::int64_t> parse_seconds_ns(std::string_view text);

/// A time stamp ("2023-11-16 18:15:46.6805900", "2024-05-10T00:00:00.009930+00:00") in ns since 1970 in UTC; one
/// without an offset is taken as UTC. None: not such a time stamp.
[[nodiscard]] std::optional<std::int64_t> parse_timestamp_ns(std::string_view text);

/// A whole number from 1 to kMostTraceTokens; none: not such a number.
[[nodiscard]] std::optional<std::uint32_t> parse_tokens(std::string_view text);

/// A whole number below 2^64; none: not such a number.
[[nodiscard]] std::optional<std::uint64_t> parse_handle(std::string_view text);

}  // namespace regatta::workload
