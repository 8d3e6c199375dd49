#include "regatta/base/byte_block.hpp"

#include <sys/mman.h>

#include <new>

namespace regatta::blocks {

void* take(std::size_t bytes) {
    if (bytes < kLargePageBytes) return ::operator new(bytes);
    void* const block = ::operator new(bytes, std::align_val_t(kLargePageBytes));
    // For speed only: nothing tells whether it was heard. What is left at the end is no large page.
    ::madvise(block, bytes / kLargePageBytes * kLargePageBytes, MADV_HUGEPAGE);
    return block;
}

void give_back(void* block, std::size_t bytes) noexcept {
    if (bytes < kLargePageBytes)
        ::operator delete(block);
    else
        ::operator delete(block, std::align_val_t(kLargePageBytes));
}

}  // namespace regatta::blocks
