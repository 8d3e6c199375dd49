#pragma once

#include <compare>
#include <cstdint>

namespace regatta {

/// The nearest integer, halves away from zero, of 0 <= value < 2^62: std::llround without the call of a library.
[[nodiscard]] inline std::int64_t rounded(double value) {
    const auto whole = static_cast<std::int64_t>(value);
    // The difference is exact, for both are near to each other.
    return whole + (value - static_cast<double>(whole) >= 0.5 ? 1 : 0);
}

/// Simulated time, or a span of it: whole nanoseconds in 64 bits. The clock of the simulation is never floating point.
class SimTime {
public:
    constexpr SimTime() = default;
    [[nodiscard]] static constexpr SimTime from_ns(std::int64_t ns) { return SimTime(ns); }
    [[nodiscard]] static constexpr SimTime from_us(std::int64_t us) { return SimTime(us * 1'000); }
    [[nodiscard]] static constexpr SimTime from_ms(std::int64_t ms) { return SimTime(ms * 1'000'000); }
    [[nodiscard]] static constexpr SimTime from_s(std::int64_t s) { return SimTime(s * 1'000'000'000); }
    /// The one place where floating-point seconds become a time: to the nearest nanosecond, halves away from zero.
    /// Throws InputError when the value is not finite or beyond 73 years.
    [[nodiscard]] static SimTime from_seconds(double seconds);

    /// Later than everything that happens; a quarter of the range, so that adding a latency does not overflow.
    [[nodiscard]] static constexpr SimTime never() { return SimTime(std::int64_t{1} << 61); }
    [[nodiscard]] constexpr bool is_never() const { return ns_ >= (std::int64_t{1} << 61); }

    [[nodiscard]] constexpr std::int64_t ns() const { return ns_; }
    [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns_) * 1e-9; }

    friend constexpr auto operator<=>(SimTime, SimTime) = default;
    friend constexpr SimTime operator+(SimTime a, SimTime b) { return SimTime(a.ns_ + b.ns_); }
    friend constexpr SimTime operator-(SimTime a, SimTime b) { return SimTime(a.ns_ - b.ns_); }
    friend constexpr SimTime operator*(SimTime a, std::int64_t n) { return SimTime(a.ns_ * n); }
    constexpr SimTime& operator+=(SimTime b) {
        ns_ += b.ns_;
        return *this;
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& ns_;
    }

private:
    constexpr explicit SimTime(std::int64_t ns) : ns_(ns) {}
    std::int64_t ns_ = 0;
};

}  // namespace regatta
