#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/base/random.hpp"
#include "regatta/base/time.hpp"

namespace regatta::serving {

/// A fixed fraction of steps, chosen by a hash of replica and start: whoever asks, on whatever rank, lazily or step by
/// step, and whatever the seed, gets the same answer; and a larger fraction takes all that a smaller one takes.
class StepSample {
public:
    /// All steps.
    StepSample() = default;
    /// `fraction`: from 0 to 1.
    explicit StepSample(double fraction) : below_(static_cast<std::uint64_t>(fraction * 0x1.0p32)) {}

    [[nodiscard]] bool takes(ReplicaId replica, SimTime start) const {
        constexpr std::uint64_t kIndexBits = (std::uint64_t{1} << 56U) - 1;
        return below_ == kAll || random_bits(0, RandomPurpose::Sample, replica.value(),
                                             static_cast<std::uint64_t>(start.ns()) & kIndexBits) >>
                                     32U < below_;
    }

private:
    static constexpr std::uint64_t kAll = std::uint64_t{1} << 32U;
    std::uint64_t below_ = kAll;  ///< of 2^32
};

}  // namespace regatta::serving
