#include "workload/zstd_frames.hpp"

#include <unistd.h>

#include <array>
#include <optional>

namespace regatta::workload {
namespace {

// All sizes and bits are those of RFC 8878, section 3.1.
constexpr std::uint64_t kFrameMagic = 0xFD2FB528;
constexpr std::uint64_t kSkippableMagic = 0x184D2A50;  // the lowest four bits are free

// Walks over a file; any step beyond its end makes it fail for good.
class Walk {
public:
    Walk(int file, std::int64_t file_bytes) : file_(file), file_bytes_(file_bytes) {}

    [[nodiscard]] bool is_at_end() const { return offset_ == file_bytes_; }
    [[nodiscard]] bool skip(std::int64_t bytes) {
        offset_ += bytes;
        return offset_ <= file_bytes_;
    }
    // The next `bytes` (at most 4) as a little-endian number.
    [[nodiscard]] std::optional<std::uint64_t> number(std::int64_t bytes) {
        std::array<unsigned char, 4> data{};
        const auto count = static_cast<std::size_t>(bytes);
        if (!skip(bytes) || ::pread(file_, data.data(), count, offset_ - bytes) != bytes) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = count; i > 0; --i)
            value = (value << 8) | data[i - 1];
        return value;
    }

private:
    int file_;
    std::int64_t file_bytes_;
    std::int64_t offset_ = 0;
};

// Window, dictionary and content size follow the descriptor.
std::int64_t header_bytes_after(std::uint64_t descriptor) {
    constexpr std::array<std::int64_t, 4> kDictionaryBytes = {0, 1, 2, 4};
    constexpr std::array<std::int64_t, 4> kContentSizeBytes = {0, 2, 4, 8};
    const bool is_single_segment = (descriptor >> 5 & 1) != 0;
    std::int64_t content_size_bytes = kContentSizeBytes[descriptor >> 6 & 3];
    if (content_size_bytes == 0 && is_single_segment) content_size_bytes = 1;
    return (is_single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3] + content_size_bytes;
}

bool skip_blocks(Walk& walk) {
    constexpr std::uint64_t kRepeatedByte = 1;  // the block is one byte, its size says how often it is repeated
    while (true) {
        const auto header = walk.number(3);
        if (!header) return false;
        const bool is_repeated_byte = (*header >> 1 & 3) == kRepeatedByte;
        if (!walk.skip(is_repeated_byte ? 1 : static_cast<std::int64_t>(*header >> 3))) return false;
        if ((*header & 1) != 0) return true;
    }
}

bool skip_frame(Walk& walk) {
    const auto magic = walk.number(4);
    if (!magic) return false;
    if ((*magic & ~std::uint64_t{15}) == kSkippableMagic) {
        const auto size = walk.number(4);
        return size && walk.skip(static_cast<std::int64_t>(*size));
    }
    if (*magic != kFrameMagic) return false;
    const auto descriptor = walk.number(1);
    if (!descriptor || !walk.skip(header_bytes_after(*descriptor)) || !skip_blocks(walk)) return false;
    const bool has_checksum = (*descriptor >> 2 & 1) != 0;
    return walk.skip(has_checksum ? 4 : 0);
}

}  // namespace

bool ends_with_a_whole_zstd_frame(int file, std::int64_t file_bytes) {
    Walk walk(file, file_bytes);
    while (!walk.is_at_end())
        if (!skip_frame(walk)) return false;
    return true;
}

}  // namespace regatta::workload
