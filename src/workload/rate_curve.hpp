#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::workload {

/// How many requests per second a stream has at each instant from 0 on, never below 0.
///
/// A stream with a curve is a process of rate 1 seen through a changed clock: its n-th request comes when the integral
/// of the rate has grown by the n-th gap of that process. So no request is drawn to be thrown away, each has one random
/// number, and what holds for the process of rate 1 (Poisson gateways each draw their own share) holds for the curve.
/// Source: Cinlar, "Introduction to Stochastic Processes", 1975, section 4.7 (time change of a Poisson process).
class RateCurve {
public:
    struct Point {
        SimTime at;
        double rate_per_s = 0;
    };
    /// base + (peak - base) ((1 + cos(2 pi (t - peak_at) / period)) / 2)^n with the least n >= 1 for which the base is
    /// not below 0: a sine for peaks up to twice the mean, beyond that an ever sharper peak over a quiet rest.
    struct Daily {
        double mean_per_s = 0;
        double peak_per_s = 0;
        SimTime period;
        SimTime peak_at;
        friend bool operator==(const Daily&, const Daily&) = default;
    };
    /// From `from` on and before `until` the rate is `factor` times what it would be; spikes that overlap multiply.
    struct Spike {
        SimTime from;
        SimTime until;
        double factor = 1;
    };

    /// Each rate holds until the next point, the last one for ever. All three throw InputError, each problem beginning
    /// with what it is about: "[2]: ..." is a point, "peak: ..." a field.
    [[nodiscard]] static RateCurve of_steps(const std::vector<Point>& points);
    /// Straight lines between the points; the last rate holds for ever.
    [[nodiscard]] static RateCurve of_ramp(const std::vector<Point>& points);
    [[nodiscard]] static RateCurve of_day(const Daily& daily);
    void add_spikes(const std::vector<Spike>& spikes);

    [[nodiscard]] double rate_per_s(SimTime at) const;
    /// The integral of the rate: how many requests are expected from `from` on and before `until`.
    [[nodiscard]] double expected(SimTime from, SimTime until) const;
    /// The instant, to the nearest ns, when `count` > 0 more requests than by `from` are expected; SimTime::never()
    /// when the rate stays 0 before that.
    [[nodiscard]] SimTime after(SimTime from, double count) const;
    /// The mean rate until `until`; without one, over a period or up to the last change.
    [[nodiscard]] double mean_per_s(std::optional<SimTime> until) const;
    friend bool operator==(const RateCurve&, const RateCurve&) = default;

private:
    /// From `from` on to the next piece: a straight line, or a stretch of the day.
    struct Piece {
        SimTime from;
        double rate_per_s = 0;  ///< at `from`; not of a day
        double slope_per_s2 = 0;
        double factor = 1;  ///< of the spikes; of a day alone, lines have it in their numbers
        friend bool operator==(const Piece&, const Piece&) = default;
    };
    RateCurve() = default;
    [[nodiscard]] std::size_t piece_at(SimTime at) const;
    [[nodiscard]] SimTime end_of(std::size_t piece) const;
    void cut_at(SimTime at);
    [[nodiscard]] double piece_rate(const Piece& piece, SimTime at) const;
    [[nodiscard]] double piece_mass(const Piece& piece, SimTime from, SimTime until) const;
    /// Seconds from `from` on until `count` requests are expected, if the piece lasts so long.
    [[nodiscard]] double piece_wait_s(const Piece& piece, SimTime from, double count) const;
    [[nodiscard]] double phase_s(SimTime at) const;
    [[nodiscard]] double day_rate(double phase_s) const;
    [[nodiscard]] double day_mass(double phase_s, double span_s) const;
    [[nodiscard]] double day_wait_s(SimTime from, double count) const;

    std::vector<Piece> pieces_;  ///< by time, the first one from 0 on
    std::optional<Daily> daily_;
    std::vector<double> swings_;  ///< of a day: what cos(k angle) is multiplied by, k = 1, 2, ... [1/s]
};

}  // namespace regatta::workload
