#pragma once

#include <cstdint>

namespace regatta::workload {

/// The handle of a prompt by the ids of its blocks, added from the first one on: the handle after each block names the
/// chain up to there, so that prompts which share leading blocks share the handles of those. Never 0, which means none.
class PrefixHandle {
public:
    constexpr void add(std::uint64_t block) {
        // The mixing step of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
        // OOPSLA 2014, figure 15), fed with the chain so far.
        std::uint64_t z = (value_ ^ block) + 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        // Multiplied once more, so that what comes first and what comes next do not count alike.
        value_ = (z ^ (z >> 31)) * 0xd1342543de82ef95;
        if (value_ == 0) value_ = 1;
    }
    [[nodiscard]] constexpr std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0;
};

}  // namespace regatta::workload
