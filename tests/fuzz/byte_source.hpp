#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

namespace regatta::fuzz {

/// Turns the bytes of an input into decisions, front to back; zeros when they are used up.
class ByteSource {
public:
    explicit ByteSource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    [[nodiscard]] bool is_empty() const { return bytes_.empty(); }
    std::uint8_t byte() {
        if (bytes_.empty()) return 0;
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }
    /// Below `bound`, which is above 0.
    std::size_t below(std::size_t bound) { return (std::size_t{byte()} << 8U | byte()) % bound; }
    /// What breaks arithmetic, or anything at all.
    std::int64_t hostile_number() {
        constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
        constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
        constexpr std::array kBad = {std::int64_t{0},
                                     std::int64_t{1},
                                     std::int64_t{-1},
                                     kLeast,
                                     kMost,
                                     kMost - 1,
                                     kLeast + 1,
                                     kMost / 2,
                                     kLeast / 2,
                                     std::int64_t{1} << 61,
                                     std::int64_t{1} << 40,
                                     std::int64_t{1} << 32,
                                     std::int64_t{1} << 16,
                                     std::int64_t{255},
                                     std::int64_t{65535},
                                     std::int64_t{-2}};
        const std::size_t which = byte() % (kBad.size() + 4);
        if (which < kBad.size()) return kBad[which];
        std::uint64_t any = 0;
        for (int i = 0; i < (which % 2 == 0 ? 8 : 2); ++i)
            any = any << 8U | byte();
        return static_cast<std::int64_t>(any);
    }

private:
    std::span<const std::uint8_t> bytes_;
};

}  // namespace regatta::fuzz
