#pragma once

#include <cmath>
#include <cstdint>

namespace regatta::bench {

/// Exponential increments of mean one second, in whole nanoseconds. Cheap on purpose (splitmix64; Steele, Lea, Flood,
/// OOPSLA 2014): what is measured is what they are put into.
class Increments {
public:
    explicit Increments(std::uint64_t seed) : state_(seed) {}

    [[nodiscard]] std::uint64_t bits() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    [[nodiscard]] std::int64_t next_ns() {
        const double unit = (static_cast<double>(bits() >> 11) + 0.5) * 0x1.0p-53;
        return static_cast<std::int64_t>(-std::log(unit) * 1e9);
    }

private:
    std::uint64_t state_;
};

}  // namespace regatta::bench
