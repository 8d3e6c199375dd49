#include "regatta/base/sketch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta {
namespace {

__extension__ typedef __int128 Wide;

Wide to_wide(const WideSum& sum) {
    return (static_cast<Wide>(sum.high) << 64) + static_cast<Wide>(sum.low);
}

WideSum from_wide(Wide sum) {
    return {.high = static_cast<std::int64_t>(sum >> 64), .low = static_cast<std::uint64_t>(sum)};
}

}  // namespace

WideSum& WideSum::operator+=(const WideSum& other) {
    return *this = from_wide(to_wide(*this) + to_wide(other));
}

double WideSum::mean(std::int64_t count) const {
    if (count == 0) return 0;
    // Quotient and remainder apart, so that nothing is lost before the one rounding that shows.
    const Wide sum = to_wide(*this);
    const Wide whole = sum / count;
    return static_cast<double>(whole) + static_cast<double>(sum % count) / static_cast<double>(count);
}

WideSum::Division WideSum::divided_by(std::int64_t divisor) const {
    const Wide sum = to_wide(*this);
    return {.quotient = static_cast<std::int64_t>(sum / divisor), .rest = static_cast<std::int64_t>(sum % divisor)};
}

void LatencySketch::refuse(SimTime value, std::int64_t count, SimTime total) {
    fail_check(__FILE__, __LINE__, "values, counts and sums are not negative",
               fmt::format("{} values like {} ns, {} ns in all", count, value.ns(), total.ns()));
}

void LatencySketch::make_buckets() {
    counts_.resize(kBuckets, 0);
}

LatencySketch& LatencySketch::operator+=(const LatencySketch& other) {
    // No bucket holds more than all of them.
    REGATTA_CHECK(!__builtin_add_overflow(count_, other.count_, &count_),
                  fmt::format("{} more values than 64 bits count", other.count_));
    if (!other.counts_.empty()) {
        make_buckets();
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            counts_[bucket] += other.counts_[bucket];
    }
    sum_ns_ += other.sum_ns_;
    return *this;
}

std::int64_t LatencySketch::quantile_ns(double p) const {
    REGATTA_CHECK(p > 0 && p <= 1, fmt::format("quantile {}", p));
    const auto rank = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(p * static_cast<double>(count_))), 1,
                                               std::max<std::int64_t>(count_, 1));
    std::int64_t seen = 0;
    for (const Bucket& bucket : buckets()) {
        seen += bucket.count;
        if (seen >= rank) return bucket.lower_ns + (bucket.upper_ns - bucket.lower_ns) / 2;
    }
    return 0;
}

std::vector<LatencySketch::Bucket> LatencySketch::buckets() const {
    std::vector<Bucket> result;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket)
        if (const std::int64_t count = counts_[bucket]; count != 0)
            result.push_back({.lower_ns = lower_edge(bucket), .upper_ns = lower_edge(bucket + 1), .count = count});
    return result;
}

LatencySketch LatencySketch::from_buckets(const std::vector<Bucket>& buckets, const WideSum& sum_ns) {
    LatencySketch sketch;
    for (const Bucket& bucket : buckets) {
        REGATTA_CHECK(bucket.lower_ns >= 0 && lower_edge(bucket_of(bucket.lower_ns)) == bucket.lower_ns,
                      fmt::format("no bucket begins at {} ns", bucket.lower_ns));
        REGATTA_CHECK(bucket.count > 0 && bucket.count <= std::numeric_limits<std::int64_t>::max() - sketch.count_,
                      fmt::format("{} values from {} ns on", bucket.count, bucket.lower_ns));
        sketch.add_to_bucket(bucket_of(bucket.lower_ns), bucket.count);
    }
    sketch.sum_ns_ = sum_ns;
    return sketch;
}

bool operator==(const LatencySketch& a, const LatencySketch& b) {
    return a.count_ == b.count_ && a.sum_ns_ == b.sum_ns_ && a.buckets() == b.buckets();
}

std::vector<std::int64_t> LatencySketch::to_flat() const {
    std::vector<std::int64_t> flat = {sum_ns_.high, static_cast<std::int64_t>(sum_ns_.low)};
    for (const Bucket& bucket : buckets()) {
        flat.push_back(bucket.lower_ns);
        flat.push_back(bucket.count);
    }
    return flat;
}

LatencySketch LatencySketch::from_flat(const std::vector<std::int64_t>& flat) {
    REGATTA_CHECK(flat.size() >= 2 && flat.size() % 2 == 0, fmt::format("{} numbers make no sketch", flat.size()));
    std::vector<Bucket> buckets;
    for (std::size_t i = 2; i < flat.size(); i += 2)
        buckets.push_back({.lower_ns = flat[i], .upper_ns = 0, .count = flat[i + 1]});
    return from_buckets(buckets, {.high = flat[0], .low = static_cast<std::uint64_t>(flat[1])});
}

}  // namespace regatta
