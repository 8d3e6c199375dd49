#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace regatta::workload {

/// How deep lists and maps of JSON may lie in each other. What reads and writes them further on is recursive.
inline constexpr std::size_t kMaxJsonDepth = 32;

/// Where a text of JSON first goes deeper than that [bytes from its front]; none: nowhere. Texts that are no JSON may
/// be given, too.
[[nodiscard]] std::optional<std::size_t> too_deep_at(std::string_view json);

}  // namespace regatta::workload
