#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta {

/// A sum of 64-bit numbers that cannot overflow: value = high * 2^64 + low.
struct WideSum {
    std::int64_t high = 0;
    std::uint64_t low = 0;

    /// Adds value * count, exactly.
    void add(std::int64_t value, std::int64_t count);
    WideSum& operator+=(const WideSum& other);
    /// sum / count, rounded once to a double; 0 when count is 0.
    [[nodiscard]] double mean(std::int64_t count) const;
    struct Division {
        std::int64_t quotient = 0;
        std::int64_t rest = 0;
    };
    /// For sums >= 0 and divisors > 0 whose quotient fits.
    [[nodiscard]] Division divided_by(std::int64_t divisor) const;
    friend constexpr bool operator==(const WideSum&, const WideSum&) = default;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& high& low;
    }
};

/// Counts of durations in log-linear buckets: exact below 256 ns, then 128 buckets per power of two, so that a bucket
/// is at most 1/128 of its values wide and a quantile (reported at the middle of its bucket) is off by at most 0.4 %.
/// Counts are integers and the sum is exact, so sketches merged in any order are equal.
class LatencySketch {
public:
    LatencySketch();
    LatencySketch(const LatencySketch& other);
    LatencySketch(LatencySketch&& other) noexcept;
    LatencySketch& operator=(LatencySketch other) noexcept;
    ~LatencySketch();

    /// Adds `count` >= 0 values of `value` >= 0.
    void fill(SimTime value, std::int64_t count = 1);
    LatencySketch& operator+=(const LatencySketch& other);

    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] const WideSum& sum_ns() const { return sum_ns_; }
    /// Exact mean [ns]; 0 when nothing was filled.
    [[nodiscard]] double mean_ns() const { return sum_ns_.mean(count_); }
    /// The value at rank ceil(p * count) in order of size, to the middle of its bucket [ns]; 0 < p <= 1.
    /// 0 when nothing was filled.
    [[nodiscard]] std::int64_t quantile_ns(double p) const;

    /// One bucket that is not empty: values in [lower_ns, upper_ns).
    struct Bucket {
        std::int64_t lower_ns = 0;
        std::int64_t upper_ns = 0;
        std::int64_t count = 0;
        friend constexpr bool operator==(const Bucket&, const Bucket&) = default;
    };
    /// The buckets that are not empty, in order of size.
    [[nodiscard]] std::vector<Bucket> buckets() const;
    /// A sketch from what buckets() and sum_ns() gave. Throws BugError when `lower_ns` is no bucket's lower edge.
    [[nodiscard]] static LatencySketch from_buckets(const std::vector<Bucket>& buckets, const WideSum& sum_ns);

    /// The smallest value that falls into the bucket after that of `value`, so that a caller with an arithmetic series
    /// of values can count how many fall into one bucket.
    [[nodiscard]] static SimTime bucket_end(SimTime value);

    /// Adds `count` values that all fall into the bucket of `value` and add up to `total`: one call for a whole run of
    /// an arithmetic series.
    void fill_bucket(SimTime value, std::int64_t count, SimTime total);

    friend bool operator==(const LatencySketch& a, const LatencySketch& b);

    /// Serializes as its buckets that are not empty.
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        std::vector<std::int64_t> flat = Archive::is_saving::value ? to_flat() : std::vector<std::int64_t>();
        archive& flat;
        if (Archive::is_loading::value) *this = from_flat(flat);
    }

private:
    struct Counts;  ///< Boost.Histogram over the bucket axis
    void add_to_bucket(int bucket, std::int64_t count);
    [[nodiscard]] std::vector<std::int64_t> to_flat() const;
    [[nodiscard]] static LatencySketch from_flat(const std::vector<std::int64_t>& flat);

    std::unique_ptr<Counts> counts_;  ///< none as long as nothing was filled: it holds a number per bucket (58 kB)
    std::int64_t count_ = 0;
    WideSum sum_ns_;
};

}  // namespace regatta
