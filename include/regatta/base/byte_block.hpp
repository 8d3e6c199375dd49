#pragma once

#include <cstddef>
#include <vector>

namespace regatta {

/// Memory of a large block begins at a page, so that it can go to a disk from where it lies, and comes in large pages
/// where the system gives them to who asks: one first use instead of 512.
namespace blocks {

inline constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

/// Throws std::bad_alloc.
[[nodiscard]] void* take(std::size_t bytes);
/// With as many bytes as were asked for.
void give_back(void* block, std::size_t bytes) noexcept;

}  // namespace blocks

/// Takes memory from there. Stateless.
template <class T>
struct BlockAllocator {
    using value_type = T;

    BlockAllocator() = default;
    template <class Other>
    explicit BlockAllocator(const BlockAllocator<Other>& /*other*/) {}

    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(blocks::take(count * sizeof(T))); }
    void deallocate(T* block, std::size_t count) noexcept { blocks::give_back(block, count * sizeof(T)); }
    friend bool operator==(const BlockAllocator& /*one*/, const BlockAllocator& /*other*/) { return true; }
};

/// What is sent, saved and read: of other ranks, of disks.
using ByteBlock = std::vector<char, BlockAllocator<char>>;

}  // namespace regatta
