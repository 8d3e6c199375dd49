#include "regatta/base/byte_block.hpp"

#include <new>

#include "base/memory.hpp"

namespace regatta::blocks {

void* take(std::size_t bytes) {
    if (bytes < kLargePageBytes) return ::operator new(bytes);
    void* const block = ::operator new(bytes, std::align_val_t(kLargePageBytes));
    ask_for_large_pages(block, bytes);
    return block;
}

void give_back(void* block, std::size_t bytes) noexcept {
    if (bytes < kLargePageBytes)
        ::operator delete(block);
    else
        ::operator delete(block, std::align_val_t(kLargePageBytes));
}

}  // namespace regatta::blocks
