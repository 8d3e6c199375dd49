#include "workload/rate_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

// A hundredth of a nanosecond: what is left to iterate below the rounding to whole ones.
constexpr double kCloseEnough_s = 1e-11;
// Newton's method takes 3 to 6 steps; halving the bracket alone would need 60 for a day down to 1e-11 s.
constexpr int kMostIterations = 200;

void check_points(const std::vector<RateCurve::Point>& points) {
    std::vector<std::string> problems;
    if (points.empty()) throw InputError("expected at least one point [time, rate]");
    if (points.front().at != SimTime())
        problems.push_back(fmt::format("[0]: expected the first point at 0s, found {} s", points.front().at.seconds()));
    bool is_zero = true;
    for (std::size_t i = 0; i < points.size(); ++i) {
        is_zero = is_zero && points[i].rate_per_s == 0;
        if (i > 0 && points[i].at <= points[i - 1].at)
            problems.push_back(fmt::format("[{}]: expected a time after the {} s of the point before, found {} s", i,
                                           points[i - 1].at.seconds(), points[i].at.seconds()));
    }
    if (is_zero) problems.emplace_back("expected a rate above 0 somewhere, found 0 everywhere");
    if (!problems.empty()) throw InputError(problems);
}

// With the power of 20 the peak is 7.98 times the mean: 4^n / binomial(2n, n).
constexpr int kSharpest = 20;

/// ((1 + cos x) / 2)^n = 4^-n (binomial(2n, n) + 2 sum_k binomial(2n, n - k) cos(k x)).
/// Source: Gradshteyn, Ryzhik, "Table of Integrals, Series, and Products", 1.320.5, with cos^2(x/2) = (1 + cos x) / 2.
std::vector<double> swings_of(const RateCurve::Daily& daily) {
    double mean = 1;  // of the power
    for (int n = 1; n <= kSharpest; ++n) {
        mean *= (2.0 * n - 1) / (2.0 * n);
        const double base = (daily.mean_per_s - mean * daily.peak_per_s) / (1 - mean);
        if (base < 0) continue;
        if (n == 1) return {daily.peak_per_s - daily.mean_per_s};
        std::vector<double> swings;
        double share = mean;  // binomial(2n, n - k) / 4^n
        for (int k = 1; k <= n; ++k) {
            share *= static_cast<double>(n - k + 1) / (n + k);
            swings.push_back(2 * (daily.peak_per_s - base) * share);
        }
        return swings;
    }
    throw InputError(fmt::format("peak: {}/s is more than {:.3g} times the mean of {}/s; expected less, or steps",
                                 daily.peak_per_s, 1 / mean, daily.mean_per_s));
}

}  // namespace

RateCurve RateCurve::of_steps(const std::vector<Point>& points) {
    check_points(points);
    RateCurve curve;
    for (const Point& point : points)
        curve.pieces_.push_back({.from = point.at, .rate_per_s = point.rate_per_s});
    return curve;
}

RateCurve RateCurve::of_ramp(const std::vector<Point>& points) {
    RateCurve curve = of_steps(points);
    for (std::size_t i = 0; i + 1 < points.size(); ++i)
        curve.pieces_[i].slope_per_s2 =
            (points[i + 1].rate_per_s - points[i].rate_per_s) / (points[i + 1].at - points[i].at).seconds();
    return curve;
}

RateCurve RateCurve::of_day(const Daily& daily) {
    if (daily.peak_per_s < daily.mean_per_s)
        throw InputError(fmt::format("peak: {}/s is below the mean of {}/s", daily.peak_per_s, daily.mean_per_s));
    RateCurve curve;
    curve.daily_ = daily;
    curve.swings_ = swings_of(daily);
    curve.pieces_.push_back({});
    return curve;
}

void RateCurve::add_spikes(const std::vector<Spike>& spikes) {
    for (const Spike& spike : spikes) {
        cut_at(spike.from);
        cut_at(spike.until);
    }
    for (Piece& piece : pieces_) {
        for (const Spike& spike : spikes) {
            if (piece.from < spike.from || piece.from >= spike.until) continue;
            piece.factor *= spike.factor;
            piece.rate_per_s *= spike.factor;
            piece.slope_per_s2 *= spike.factor;
        }
    }
}

void RateCurve::cut_at(SimTime at) {
    const std::size_t index = piece_at(at);
    if (pieces_[index].from == at) return;
    Piece rest = pieces_[index];
    rest.rate_per_s += rest.slope_per_s2 * (at - rest.from).seconds();
    rest.from = at;
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(index) + 1, rest);
}

std::size_t RateCurve::piece_at(SimTime at) const {
    const auto later = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                        [](SimTime time, const Piece& piece) { return time < piece.from; });
    return static_cast<std::size_t>(later - pieces_.begin()) - 1;
}

SimTime RateCurve::end_of(std::size_t piece) const {
    return piece + 1 < pieces_.size() ? pieces_[piece + 1].from : SimTime::never();
}

double RateCurve::piece_rate(const Piece& piece, SimTime at) const {
    if (!daily_) return std::max(0.0, piece.rate_per_s + piece.slope_per_s2 * (at - piece.from).seconds());
    return piece.factor * day_rate(phase_s(at));
}

double RateCurve::day_rate(double phase_s) const {
    const double angle = 2 * std::numbers::pi * phase_s / daily_->period.seconds();
    double rate = daily_->mean_per_s;
    for (std::size_t i = 0; i < swings_.size(); ++i)
        rate += swings_[i] * std::cos(static_cast<double>(i + 1) * angle);
    // A sharp peak's rest is nearly 0, and its waves do not cancel to the last bit.
    return swings_.size() > 1 ? std::max(rate, 0.0) : rate;
}

double RateCurve::rate_per_s(SimTime at) const {
    return piece_rate(pieces_[piece_at(at)], at);
}

double RateCurve::piece_mass(const Piece& piece, SimTime from, SimTime until) const {
    const SimTime span = until - from;
    if (!daily_) return (piece_rate(piece, from) + piece.slope_per_s2 * span.seconds() / 2) * span.seconds();
    const std::int64_t period_ns = daily_->period.ns();
    const std::int64_t periods = span.ns() / period_ns;
    const double whole = static_cast<double>(periods) * daily_->period.seconds() * daily_->mean_per_s;
    return piece.factor * (whole + day_mass(phase_s(from), SimTime::from_ns(span.ns() % period_ns).seconds()));
}

double RateCurve::expected(SimTime from, SimTime until) const {
    double sum = 0;
    for (std::size_t i = piece_at(from); from < until; ++i) {
        const SimTime end = std::min(end_of(i), until);
        sum += piece_mass(pieces_[i], from, end);
        from = end;
    }
    return sum;
}

SimTime RateCurve::after(SimTime from, double count) const {
    for (std::size_t i = piece_at(from);; ++i) {
        const Piece& piece = pieces_[i];
        const SimTime end = end_of(i);
        if (!end.is_never()) {
            const double mass = piece_mass(piece, from, end);
            if (count > mass) {
                count -= mass;
                from = end;
                continue;
            }
        }
        // The one place where it becomes a time again.
        const double wait_s = piece_wait_s(piece, from, count);
        return wait_s < SimTime::never().seconds() ? std::min(end, from + SimTime::from_seconds(wait_s))
                                                   : SimTime::never();
    }
}

double RateCurve::mean_per_s(std::optional<SimTime> until) const {
    const SimTime span = until ? *until : daily_ ? daily_->period : pieces_.back().from;
    return span > SimTime() ? expected(SimTime(), span) / span.seconds() : rate_per_s(SimTime());
}

double RateCurve::piece_wait_s(const Piece& piece, SimTime from, double count) const {
    if (!(count > 0)) return 0;
    if (daily_) return day_wait_s(from, count / piece.factor);
    // rate * wait + slope / 2 * wait^2 = count, solved in the form that does not cancel; without slope count / rate.
    const double rate = piece_rate(piece, from);
    return 2 * count / (rate + std::sqrt(std::max(0.0, rate * rate + 2 * piece.slope_per_s2 * count)));
}

/// Since the last peak [s], from 0 to the period: whole nanoseconds, so that the cosine of a late day is as good as
/// that of the first.
double RateCurve::phase_s(SimTime at) const {
    const std::int64_t period_ns = daily_->period.ns();
    std::int64_t phase_ns = (at - daily_->peak_at).ns() % period_ns;
    if (phase_ns < 0) phase_ns += period_ns;
    return SimTime::from_ns(phase_ns).seconds();
}

/// The integral over `span_s`, at most a period. The difference of two sines is written as a product: for two instants
/// that are near to each other they would cancel.
double RateCurve::day_mass(double phase_s, double span_s) const {
    const double period_s = daily_->period.seconds();
    double mass = daily_->mean_per_s * span_s;
    for (std::size_t i = 0; i < swings_.size(); ++i) {
        const auto wave = static_cast<double>(i + 1);
        mass += swings_[i] * period_s / (std::numbers::pi * wave) *
                std::cos(2 * std::numbers::pi * wave * (phase_s + span_s / 2) / period_s) *
                std::sin(std::numbers::pi * wave * span_s / period_s);
    }
    return mass;
}

/// Newton's method inside a bracket that only ever shrinks: the integral grows with time, and every rank goes the same
/// steps.
double RateCurve::day_wait_s(SimTime from, double count) const {
    const double period_s = daily_->period.seconds();
    const double per_period = daily_->mean_per_s * period_s;
    const double periods = std::floor(count / per_period);
    count -= periods * per_period;
    const double phase = phase_s(from);
    double least_s = 0;
    double most_s = period_s;
    double wait_s = std::min(count / daily_->mean_per_s, most_s);
    for (int i = 0; i < kMostIterations; ++i) {
        const double excess = day_mass(phase, wait_s) - count;
        (excess < 0 ? least_s : most_s) = wait_s;
        double next_s = wait_s - excess / day_rate(phase + wait_s);
        if (!(next_s > least_s && next_s < most_s)) next_s = least_s + (most_s - least_s) / 2;
        const bool is_close = std::abs(next_s - wait_s) < kCloseEnough_s;
        wait_s = next_s;
        if (is_close) break;
    }
    return periods * period_s + wait_s;
}

}  // namespace regatta::workload
