#include "base/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "regatta/base/byte_block.hpp"

namespace regatta {

std::int64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
}

void ask_for_large_pages(void* memory, std::size_t bytes) {
    const auto start = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first =
        (start + blocks::kLargePageBytes - 1) / blocks::kLargePageBytes * blocks::kLargePageBytes;
    const std::uintptr_t last = (start + bytes) / blocks::kLargePageBytes * blocks::kLargePageBytes;
    if (first < last) ::madvise(static_cast<char*>(memory) + (first - start), last - first, MADV_HUGEPAGE);
}

#ifdef __GLIBC__

// malloc extends its heap by a little at a time, of which none is as long as a large page when it is used first. So it
// is made to take all at once.
void ask_for_large_heap_pages(std::int64_t bytes) {
    constexpr std::int64_t kLeast = std::int64_t{16} << 20;
    constexpr int kLargestInHeap = 32 << 20;  // the most that malloc does not take from the system by itself
    constexpr int kUsualPad = 128 << 10;      // glibc's own, mallopt(3)
    if (bytes < kLeast) return;
    const int pad = static_cast<int>(std::min<std::int64_t>(bytes, std::numeric_limits<int>::max()));
    mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
    mallopt(M_TOP_PAD, pad);
    void* const first = std::malloc(static_cast<std::size_t>(kLargestInHeap) / 2);
    const auto start = reinterpret_cast<std::uintptr_t>(first);
    const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    mallopt(M_TOP_PAD, kUsualPad);
    // Else it lies elsewhere: there was no room for it.
    const bool is_in_heap = first != nullptr && end > start && end - start >= static_cast<std::uintptr_t>(pad) &&
                            end - start < static_cast<std::uintptr_t>(pad) + kLargestInHeap;
    if (is_in_heap) ask_for_large_pages(first, end - start);
    std::free(first);
}

#else

void ask_for_large_heap_pages(std::int64_t /*bytes*/) {}

#endif

}  // namespace regatta
