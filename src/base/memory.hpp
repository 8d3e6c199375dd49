#pragma once

#include <cstdint>

namespace regatta {

/// The most that this process has had in memory at once [bytes].
[[nodiscard]] std::int64_t peak_memory_bytes();

}  // namespace regatta
