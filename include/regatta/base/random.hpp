#pragma once

#include <cstdint>

namespace regatta {

/// What a random number is for. Values are part of what a seed means: never renumber, only append.
enum class RandomPurpose : std::uint32_t {
    Arrival = 1,
    PromptLength = 2,
    OutputLength = 3,
    Route = 4,
    PholdIncrement = 5,
    Sample = 6,
    Shuffle = 7,
    Bootstrap = 8,
    Acceptance = 9,
    UpTime = 10,
    DownTime = 11,
    Reprovision = 12,
};

/// 128 random bits.
struct RandomPair {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// Random bits addressed by (seed, purpose, entity, index): the same whoever asks, whenever. `index` < 2^56.
/// Philox2x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11).
[[nodiscard]] RandomPair random_pair(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity,
                                     std::uint64_t index);
/// The first 64 of them.
[[nodiscard]] std::uint64_t random_bits(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity,
                                        std::uint64_t index);

/// A uniform number in the open interval (0, 1) from 64 random bits: the upper 53, centred, so that its logarithm is
/// always finite.
[[nodiscard]] constexpr double open_unit(std::uint64_t bits) {
    return (static_cast<double>(bits >> 11) + 0.5) * 0x1.0p-53;
}

/// Uniform in the open interval (0, 1): 53 bits, centred, so that its logarithm is always finite.
[[nodiscard]] double uniform_open(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index);

/// Uniform whole number in [0, bound); bound > 0. By multiplication; the bias is below bound / 2^64.
[[nodiscard]] constexpr std::uint64_t uniform_below(std::uint64_t bound, std::uint64_t bits) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(bits) * bound) >> 64);
}

}  // namespace regatta
