#include "regatta/base/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <charconv>

namespace regatta {

void Digest::add(std::uint64_t tag, std::span<const std::byte> row) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(row.data(), row.size(), tag);
    low_ += hash.low64;
    high_ += hash.high64 + (low_ < hash.low64 ? 1U : 0U);
}

Digest& Digest::operator+=(const Digest& other) {
    low_ += other.low_;
    high_ += other.high_ + (low_ < other.low_ ? 1U : 0U);
    return *this;
}

std::string Digest::to_hex() const {
    constexpr std::array<char, 17> kDigits = {"0123456789abcdef"};
    std::string text(32, '0');
    for (std::size_t i = 0; i < 16; ++i) {
        text[15 - i] = kDigits[(high_ >> (4 * i)) & 0xFU];
        text[31 - i] = kDigits[(low_ >> (4 * i)) & 0xFU];
    }
    return text;
}

bool Digest::from_hex(const std::string& text, Digest& digest) {
    if (text.size() != 32 || text.find_first_not_of("0123456789abcdef") != std::string::npos) return false;
    std::from_chars(text.data(), text.data() + 16, digest.high_, 16);
    std::from_chars(text.data() + 16, text.data() + 32, digest.low_, 16);
    return true;
}

}  // namespace regatta
