#pragma once

#include <cstdint>
#include <memory>

#include "regatta/base/random.hpp"
#include "regatta/base/registry.hpp"

namespace regatta::workload {

/// Gaps between arrivals of one stream. One uniform number per gap, by inverse distribution function.
class ArrivalProcess {
public:
    virtual ~ArrivalProcess() = default;
    /// Gap before arrival `index` (0, 1, ...) [s], from a uniform number in (0, 1).
    [[nodiscard]] virtual double gap_s(std::uint64_t index, double uniform) const = 0;
    /// True when `n` independent processes of rate/n each are together the same process (Poisson): gateways then draw
    /// their own shares instead of dealing out one common stream.
    [[nodiscard]] virtual bool splits_freely() const { return false; }
    /// True when time alone never ends the stream: without a limit it would have endlessly many requests at one
    /// instant.
    [[nodiscard]] virtual bool needs_limit() const { return false; }
};

/// Token counts of one stream. One uniform number per length, by inverse distribution function.
class LengthDistribution {
public:
    virtual ~LengthDistribution() = default;
    /// At least 1 [tokens].
    [[nodiscard]] virtual std::int64_t tokens(double uniform) const = 0;
};

/// `rate_per_s` is passed apart from the parameters so that a stream can be split over gateways.
using ArrivalFactory = std::unique_ptr<ArrivalProcess> (*)(double rate_per_s, const Parameters&);
using LengthFactory = std::unique_ptr<LengthDistribution> (*)(const Parameters&);
using ArrivalRegistry = Registry<ArrivalFactory>;
using LengthRegistry = Registry<LengthFactory>;
[[nodiscard]] ArrivalRegistry built_in_arrival_processes();
[[nodiscard]] LengthRegistry built_in_length_distributions();

}  // namespace regatta::workload
