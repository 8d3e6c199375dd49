#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta {

/// A sum of 64-bit numbers that cannot overflow: value = high * 2^64 + low.
struct WideSum {
    std::int64_t high = 0;
    std::uint64_t low = 0;

    /// Adds value * count, exactly.
    void add(std::int64_t value, std::int64_t count) {
        __extension__ using Wide = __int128;
        const Wide sum = (static_cast<Wide>(high) << 64) + low + static_cast<Wide>(value) * count;
        high = static_cast<std::int64_t>(sum >> 64);
        low = static_cast<std::uint64_t>(sum);
    }
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
    /// Adds `count` >= 0 values of `value` >= 0.
    void fill(SimTime value, std::int64_t count = 1) {
        if (value.ns() < 0 || count < 0) [[unlikely]]
            refuse(value, count, value);
        add_to_bucket(bucket_of(value.ns()), count);
        sum_ns_.add(value.ns(), count);
    }
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
    [[nodiscard]] static SimTime bucket_end(SimTime value) {
        if (value.ns() < 0) [[unlikely]]
            refuse(value, 1, value);
        return SimTime::from_ns(lower_edge(bucket_of(value.ns()) + 1));
    }

    /// Adds `count` values that all fall into the bucket of `value` and add up to `total`: one call for a whole run of
    /// an arithmetic series.
    void fill_bucket(SimTime value, std::int64_t count, SimTime total) { fill_both(value, count, total, 1, nullptr); }

    /// fill_bucket(), and into `other` each value `times` times: cheaper than one after the other. `times` >= 0;
    /// `other` may be null when it is 0.
    void fill_both(SimTime value, std::int64_t count, SimTime total, std::int64_t times, LatencySketch* other) {
        if (value.ns() < 0 || count < 0 || total.ns() < 0) [[unlikely]]
            refuse(value, count, total);
        const std::size_t bucket = bucket_of(value.ns());
        add_to_bucket(bucket, count);
        sum_ns_.add(total.ns(), 1);
        if (other == nullptr || times == 0) return;
        other->add_to_bucket(bucket, count * times);
        other->sum_ns_.add(total.ns(), times);
    }

    friend bool operator==(const LatencySketch& a, const LatencySketch& b);

    /// Serializes as its buckets that are not empty.
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        std::vector<std::int64_t> flat = Archive::is_saving::value ? to_flat() : std::vector<std::int64_t>();
        archive& flat;
        if (Archive::is_loading::value) *this = from_flat(flat);
    }

private:
    // 2^7 = 128 buckets per power of two: the 0.4 % above follow from it.
    static constexpr int kMantissaBits = 7;
    static constexpr std::int64_t kBucketsPerOctave = std::int64_t{1} << kMantissaBits;
    // The largest value is 2^63 - 1: exponent 62.
    static constexpr std::size_t kBuckets = (62 - kMantissaBits) * kBucketsPerOctave + 2 * kBucketsPerOctave;

    /// Drops all but the leading 1 + kMantissaBits bits; what is left and how far it was shifted make the bucket.
    [[nodiscard]] static constexpr std::size_t bucket_of(std::int64_t value) {
        // With a bit set that no shift depends on, small values need no case of their own.
        const auto width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value | kBucketsPerOctave)));
        const int shift = width - 1 - kMantissaBits;
        return static_cast<std::size_t>(shift * kBucketsPerOctave + (value >> shift));
    }
    /// The smallest value of `bucket`.
    [[nodiscard]] static constexpr std::int64_t lower_edge(std::size_t bucket) {
        if (bucket >= kBuckets) return std::numeric_limits<std::int64_t>::max();
        const auto number = static_cast<std::int64_t>(bucket);
        const std::int64_t shift = std::max<std::int64_t>(0, number / kBucketsPerOctave - 1);
        return (number - shift * kBucketsPerOctave) << shift;
    }
    void add_to_bucket(std::size_t bucket, std::int64_t count) {
        if (counts_.empty()) [[unlikely]]
            make_buckets();
        counts_[bucket] += count;
        count_ += count;
    }
    void make_buckets();  // apart, like refusing: so that filling needs no stack
    [[noreturn]] static void refuse(SimTime value, std::int64_t count, SimTime total);
    [[nodiscard]] std::vector<std::int64_t> to_flat() const;
    [[nodiscard]] static LatencySketch from_flat(const std::vector<std::int64_t>& flat);

    std::vector<std::int64_t> counts_;  ///< by bucket, 58 kB; none as long as nothing was filled
    std::int64_t count_ = 0;
    WideSum sum_ns_;
};

}  // namespace regatta
