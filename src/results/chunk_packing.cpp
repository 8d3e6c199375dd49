#include "results/chunk_packing.hpp"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

constexpr int kDeflateLevel = 1;
constexpr std::size_t kMostThreads = 8;

std::size_t thread_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
}

/// All first bytes of the rows, then all second bytes, and so on: bytes that are alike come to lie together.
void shuffle(std::span<const std::byte> chunk, std::size_t row_bytes, std::vector<std::byte>& shuffled) {
    shuffled.resize(chunk.size());
    const std::size_t rows = chunk.size() / row_bytes;
    for (std::size_t byte = 0; byte < row_bytes; ++byte) {
        std::byte* const plane = shuffled.data() + byte * rows;
        for (std::size_t row = 0; row < rows; ++row)
            plane[row] = chunk[row * row_bytes + byte];
    }
}

struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

/// As zlib writes it, which HDF5 reads.
std::vector<std::byte> deflated(const Compressor& compressor, std::span<const std::byte> bytes) {
    std::vector<std::byte> result(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()));
    const std::size_t size =
        libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), result.data(), result.size());
    REGATTA_CHECK(size > 0, fmt::format("{} bytes were not deflated", bytes.size()));
    result.resize(size);
    return result;
}

}  // namespace

std::vector<std::vector<std::byte>> pack_chunks(std::span<const std::byte> chunks, std::size_t chunk_bytes,
                                                std::size_t row_bytes) {
    const std::size_t count = chunks.size() / chunk_bytes;
    std::vector<std::vector<std::byte>> packed(count);
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        const Compressor compressor(libdeflate_alloc_compressor(kDeflateLevel));
        REGATTA_CHECK(compressor != nullptr, "no memory to deflate with");
        std::vector<std::byte> shuffled;
        for (std::size_t i = next++; i < count; i = next++) {
            shuffle(chunks.subspan(i * chunk_bytes, chunk_bytes), row_bytes, shuffled);
            packed[i] = deflated(compressor, shuffled);
        }
    };
    std::vector<std::future<void>> others;
    for (std::size_t i = 1; i < std::min(thread_count(), count); ++i)
        others.push_back(std::async(std::launch::async, work));
    work();
    for (std::future<void>& other : others)
        other.get();
    return packed;
}

std::size_t chunks_at_once() {
    return 4 * thread_count();
}

}  // namespace regatta::results
