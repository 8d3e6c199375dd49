#pragma once

#include <cstddef>
#include <cstdint>

namespace regatta {

/// The most that this process has had in memory at once [bytes].
[[nodiscard]] std::int64_t peak_memory_bytes();

/// Asks for the memory that lies there in large pages where the system gives them to who asks: one first use instead of
/// 512. For memory that will all be used. For speed only: nothing tells whether it was heard.
void ask_for_large_pages(void* memory, std::size_t bytes);

/// What is to be allocated piece by piece, about so much in all, gets large pages where the system gives them to who
/// asks: finding small ones takes longer than what is done with what lies there. For speed only, and once, before these
/// are allocated. Nothing happens for little, or with another C library than glibc.
void ask_for_large_heap_pages(std::int64_t bytes);

}  // namespace regatta
