#include "base/memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>

namespace regatta {

std::int64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
}

void ask_for_large_pages(void* memory, std::size_t bytes) {
    const auto start = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = (start + kLargePageBytes - 1) / kLargePageBytes * kLargePageBytes;
    const std::uintptr_t last = (start + bytes) / kLargePageBytes * kLargePageBytes;
    if (first < last) ::madvise(static_cast<char*>(memory) + (first - start), last - first, MADV_HUGEPAGE);
}

}  // namespace regatta
