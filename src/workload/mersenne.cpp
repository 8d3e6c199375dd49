#include "workload/mersenne.hpp"

#include <algorithm>

namespace regatta::workload {

Mersenne::Mersenne(std::uint32_t seed) {
    words_[0] = seed;
    for (std::uint32_t i = 1; i < kWords; ++i)
        words_[i] = 1'812'433'253U * (words_[i - 1] ^ (words_[i - 1] >> 30U)) + i;
}

Mersenne::Mersenne(std::span<const std::uint32_t> key) : Mersenne(19'650'218U) {
    std::size_t i = 1;
    std::size_t j = 0;
    const auto step_on = [&] {
        if (++i < kWords) return;
        words_[0] = words_[kWords - 1];
        i = 1;
    };
    const auto mixed = [&](std::uint32_t factor) { return (words_[i - 1] ^ (words_[i - 1] >> 30U)) * factor; };
    for (std::size_t k = std::max(kWords, key.size()); k > 0; --k) {
        words_[i] = (words_[i] ^ mixed(1'664'525U)) + key[j] + static_cast<std::uint32_t>(j);
        step_on();
        j = (j + 1) % key.size();
    }
    for (std::size_t k = kWords - 1; k > 0; --k) {
        words_[i] = (words_[i] ^ mixed(1'566'083'941U)) - static_cast<std::uint32_t>(i);
        step_on();
    }
    words_[0] = 0x80000000U;
}

void Mersenne::twist() {
    constexpr std::size_t kShift = 397;
    for (std::size_t i = 0; i < kWords; ++i) {
        const std::uint32_t joined = (words_[i] & 0x80000000U) | (words_[(i + 1) % kWords] & 0x7fffffffU);
        words_[i] = words_[(i + kShift) % kWords] ^ (joined >> 1U) ^ ((joined & 1U) != 0 ? 0x9908b0dfU : 0U);
    }
    at_ = 0;
}

std::uint32_t Mersenne::next() {
    if (at_ == kWords) twist();
    std::uint32_t word = words_[at_++];
    word ^= word >> 11U;
    word ^= (word << 7U) & 0x9d2c5680U;
    word ^= (word << 15U) & 0xefc60000U;
    return word ^ (word >> 18U);
}

}  // namespace regatta::workload
