#include "regatta/base/random.hpp"

#include <Random123/philox.h>

namespace regatta {

RandomPair random_pair(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index) {
    // Key: the seed. Counter: the entity, and one word that holds the purpose above the index: distinct for purposes
    // below 2^8 and indices below 2^56.
    const r123::Philox2x64::key_type key = {{seed}};
    const r123::Philox2x64::ctr_type counter = {{entity, (static_cast<std::uint64_t>(purpose) << 56) ^ index}};
    const r123::Philox2x64::ctr_type out = r123::Philox2x64()(counter, key);
    return {.first = out[0], .second = out[1]};
}

std::uint64_t random_bits(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index) {
    return random_pair(seed, purpose, entity, index).first;
}

double uniform_open(std::uint64_t seed, RandomPurpose purpose, std::uint64_t entity, std::uint64_t index) {
    return open_unit(random_bits(seed, purpose, entity, index));
}

}  // namespace regatta
