#include "regatta/base/random.hpp"

#include <Random123/philox.h>

namespace regatta {

std::uint64_t random_bits(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index) {
    // Key: the seed. Counter: the entity (64 bits), the low half of the index, and one word that holds the purpose above
    // the high half of the index: distinct for purposes below 2^8 and indices below 2^56.
    const auto high = static_cast<std::uint32_t>(index >> 32);
    r123::Philox4x32::key_type key = {
        {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
    r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(entity),
                                           static_cast<std::uint32_t>(entity >> 32),
                                           static_cast<std::uint32_t>(index),
                                           (static_cast<std::uint32_t>(purpose) << 24) ^ high}};
    const r123::Philox4x32::ctr_type out = r123::Philox4x32()(counter, key);
    return (static_cast<std::uint64_t>(out[1]) << 32) | out[0];
}

double uniform_open(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index) {
    const std::uint64_t bits = random_bits(seed, purpose, entity, index) >> 11;
    return (static_cast<double>(bits) + 0.5) * 0x1.0p-53;
}

std::uint64_t uniform_below(std::uint64_t bound, std::uint64_t bits) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(bits) * bound) >> 64);
}

}  // namespace regatta
