#pragma once

#include <cstdint>

#include "regatta/base/time.hpp"

namespace regatta::routing {

/// What may be taken at an instant: fills at a constant rate up to a burst, and starts full. One of several equal ones
/// that share a rate and a burst. Exact: what it holds is counted in grains, so small that it fills by a whole number
/// of them in each nanosecond; how often it is looked at makes no difference.
///
/// A rate is taken in units of 10^-12 per second, to which the floating-point number that a user's text became is
/// rounded once. With n buckets a grain is 10^-21 / n: a bucket fills by its rate in 10^-12/s grains per nanosecond,
/// and holds burst * 10^21 of them.
class TokenBucket {
public:
    struct Options {
        double rate_per_s = 1;      ///< of all buckets together; 10^-12 to 10^15
        std::int64_t burst = 1;     ///< likewise; 1 to 10^12
        std::uint32_t buckets = 1;  ///< that share them
    };
    explicit TokenBucket(const Options& options);

    /// `now` must not fall from call to call.
    [[nodiscard]] bool holds(std::int64_t amount, SimTime now);
    /// Held at `now`, as the last call said.
    void take(std::int64_t amount);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        auto high = static_cast<std::uint64_t>(level_ >> 64);
        auto low = static_cast<std::uint64_t>(level_);
        archive& filled_at_& high& low;
        level_ = static_cast<Grains>((static_cast<UnsignedGrains>(high) << 64) | low);
    }

private:
    __extension__ using Grains = __int128;
    __extension__ using UnsignedGrains = unsigned __int128;

    [[nodiscard]] static Grains in_rate_units(double rate_per_s);

    Grains rate_;  ///< per nanosecond
    Grains capacity_;
    Grains one_;  ///< what a unit costs
    Grains level_;
    SimTime filled_at_;
};

}  // namespace regatta::routing
