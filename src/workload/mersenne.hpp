#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace regatta::workload {

/// MT19937, for the random numbers of programs that are compared with: they draw in turn from one generator, so that
/// agreement with them needs the same words in the same order. Everything of our own is addressed (base/random.hpp).
/// Source: Matsumoto, Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998; seeding as in their revision of 2002.
class Mersenne {
public:
    /// Seeded by one number (`init_genrand`), as by numpy's RandomState(seed).
    explicit Mersenne(std::uint32_t seed);
    /// Seeded by a key (`init_by_array`), as by Python's random.seed(number): the number's 32-bit words.
    explicit Mersenne(std::span<const std::uint32_t> key);

    [[nodiscard]] std::uint32_t next();

private:
    static constexpr std::size_t kWords = 624;
    void twist();

    std::array<std::uint32_t, kWords> words_{};
    std::size_t at_ = kWords;
};

}  // namespace regatta::workload
