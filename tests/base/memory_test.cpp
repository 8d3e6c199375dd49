#include "base/memory.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/byte_block.hpp"

namespace regatta {
namespace {

bool has_large_pages() {
    return std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled").good();
}

/// Whether the page at `address` is of memory that large pages were asked for.
bool is_in_large_pages(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/smaps");
    bool is_here = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long first = 0;
        unsigned long last = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2) is_here = first <= wanted && wanted < last;
        if (is_here && line.starts_with("VmFlags:")) return line.find(" hg") != std::string::npos;
    }
    return false;
}

TEST(ByteBlock, LargeOnesBeginAtAPageAndKeepWhatIsInThem) {
    ByteBlock block(100, 'x');
    for (const std::size_t bytes : {std::size_t{1} << 20, blocks::kLargePageBytes, 5 * blocks::kLargePageBytes + 1}) {
        block.resize(bytes, 'y');
        EXPECT_EQ(block[99], 'x');
        EXPECT_EQ(block.back(), 'y');
    }
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data()) % 4096, 0u);
    EXPECT_EQ(is_in_large_pages(block.data() + blocks::kLargePageBytes), has_large_pages());
    block.shrink_to_fit();
    const ByteBlock moved = std::move(block);
    EXPECT_EQ(moved[99], 'x');
}

TEST(Memory, AHeapOfManyPiecesLiesInLargePages) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer has its own heap";
#endif
    if (!has_large_pages()) GTEST_SKIP() << "this Linux has none";
    constexpr std::int64_t kBytes = std::int64_t{64} << 20;
    constexpr std::size_t kPiece = 1024;
    ask_for_large_heap_pages(kBytes);
    std::vector<std::unique_ptr<char[]>> pieces;
    std::size_t in_large_pages = 0;
    for (std::size_t i = 0; i < kBytes / 2 / kPiece; ++i) {
        pieces.push_back(std::make_unique<char[]>(kPiece));
        if (i % 1024 == 512) in_large_pages += is_in_large_pages(pieces.back().get()) ? 1u : 0u;
    }
    EXPECT_GE(in_large_pages, kBytes / 2 / kPiece / 1024 - 2) << "but for the first page";
}

TEST(Memory, PeakIsWhatWasUsed) {
    const std::int64_t before = peak_memory_bytes();
    const std::vector<char> used(std::size_t{64} << 20, 'x');
    EXPECT_GT(peak_memory_bytes() + 0 * used.back(), before);
    EXPECT_GE(peak_memory_bytes(), std::int64_t{64} << 20);
}

}  // namespace
}  // namespace regatta
