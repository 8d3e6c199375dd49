#include "results/chunk_packing.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <future>
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

std::vector<std::byte> deflated(std::span<const std::byte> bytes) {
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::vector<std::byte> result(size);
    const int code =
        compress2(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                  static_cast<uLong>(bytes.size()), kDeflateLevel);
    REGATTA_CHECK(code == Z_OK, fmt::format("zlib gave {} for {} bytes", code, bytes.size()));
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
        std::vector<std::byte> shuffled;
        for (std::size_t i = next++; i < count; i = next++) {
            shuffle(chunks.subspan(i * chunk_bytes, chunk_bytes), row_bytes, shuffled);
            packed[i] = deflated(shuffled);
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
