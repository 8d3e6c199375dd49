#pragma once

#include <compare>
#include <cstdint>

#include "regatta/base/time.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::serving {

/// An instant to 2^-16 ns: whole nanoseconds and the remainder that a replica's own clock carries from step to step.
class FineClock {
public:
    FineClock() = default;
    explicit FineClock(SimTime instant) : ns_(instant.ns()) {}

    /// `fine` >= 0, in units of 2^-16 ns.
    [[nodiscard]] FineClock plus(std::int64_t fine) const {
        const std::int64_t sum = remainder_ + fine;
        FineClock result;
        result.ns_ = ns_ + (sum >> timing::kFineBits);
        result.remainder_ = sum & (timing::kFinePerNs - 1);
        return result;
    }
    /// Since `earlier`, in units of 2^-16 ns.
    [[nodiscard]] std::int64_t fine_since(const FineClock& earlier) const {
        return ((ns_ - earlier.ns_) << timing::kFineBits) + remainder_ - earlier.remainder_;
    }
    /// The first whole nanosecond that is not before the instant.
    [[nodiscard]] SimTime ceiling() const { return SimTime::from_ns(ns_ + (remainder_ > 0 ? 1 : 0)); }

    friend auto operator<=>(const FineClock&, const FineClock&) = default;
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& ns_& remainder_;
    }

private:
    std::int64_t ns_ = 0;
    std::int64_t remainder_ = 0;  ///< 0 to 2^16 - 1
};

}  // namespace regatta::serving
