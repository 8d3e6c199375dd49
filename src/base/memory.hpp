#pragma once

#include <cstddef>
#include <cstdint>

namespace regatta {

/// The most that this process has had in memory at once [bytes].
[[nodiscard]] std::int64_t peak_memory_bytes();

inline constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

/// Asks for the memory that lies there in large pages where the system gives them to who asks: one first use instead of
/// 512. For memory that will all be used. For speed only: nothing tells whether it was heard.
void ask_for_large_pages(void* memory, std::size_t bytes);

}  // namespace regatta
