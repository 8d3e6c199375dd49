#include "regatta/base/sketch.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <bit>
#include <boost/histogram.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta {
namespace {

// 2^7 = 128 buckets per power of two: the 0.4 % of the header follow from it.
constexpr int kMantissaBits = 7;
constexpr std::int64_t kBucketsPerOctave = std::int64_t{1} << kMantissaBits;
// The largest value is 2^63 - 1: exponent 62.
constexpr int kBuckets = static_cast<int>((62 - kMantissaBits) * kBucketsPerOctave + 2 * kBucketsPerOctave);

/// Drops all but the leading 1 + kMantissaBits bits; what is left and how far it was shifted make the bucket.
constexpr int bucket_of(std::int64_t value) {
    const int shift =
        std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value))) - 1 - kMantissaBits);
    return static_cast<int>(shift * kBucketsPerOctave + (value >> shift));
}

/// The smallest value of `bucket`.
constexpr std::int64_t lower_edge(int bucket) {
    if (bucket >= kBuckets) return std::numeric_limits<std::int64_t>::max();
    const std::int64_t shift = std::max<std::int64_t>(0, bucket / kBucketsPerOctave - 1);
    return (bucket - shift * kBucketsPerOctave) << shift;
}
static_assert(bucket_of(std::numeric_limits<std::int64_t>::max()) == kBuckets - 1);
static_assert(lower_edge(bucket_of(255)) == 255 && lower_edge(bucket_of(256)) == 256 &&
              bucket_of(257) == bucket_of(256));

/// The axis of Boost.Histogram for these buckets.
struct LogLinearAxis {
    using value_type = std::int64_t;
    [[nodiscard]] boost::histogram::axis::index_type index(std::int64_t value) const noexcept {
        return bucket_of(value);
    }
    [[nodiscard]] boost::histogram::axis::index_type size() const noexcept { return kBuckets; }
    [[nodiscard]] std::int64_t value(boost::histogram::axis::index_type bucket) const { return lower_edge(bucket); }
    friend bool operator==(const LogLinearAxis&, const LogLinearAxis&) = default;
};

__extension__ typedef __int128 Wide;

Wide to_wide(const WideSum& sum) {
    return (static_cast<Wide>(sum.high) << 64) + static_cast<Wide>(sum.low);
}

WideSum from_wide(Wide sum) {
    return {.high = static_cast<std::int64_t>(sum >> 64), .low = static_cast<std::uint64_t>(sum)};
}

}  // namespace

void WideSum::add(std::int64_t value, std::int64_t count) {
    *this = from_wide(to_wide(*this) + static_cast<Wide>(value) * count);
}

WideSum& WideSum::operator+=(const WideSum& other) {
    return *this = from_wide(to_wide(*this) + to_wide(other));
}

double WideSum::mean(std::int64_t count) const {
    if (count == 0) return 0;
    // Quotient and remainder apart, so that nothing is lost before the one rounding that shows.
    const Wide sum = to_wide(*this);
    return static_cast<double>(sum / count) + static_cast<double>(sum % count) / static_cast<double>(count);
}

WideSum::Division WideSum::divided_by(std::int64_t divisor) const {
    const Wide sum = to_wide(*this);
    return {.quotient = static_cast<std::int64_t>(sum / divisor), .rest = static_cast<std::int64_t>(sum % divisor)};
}

struct LatencySketch::Counts {
    using Storage = boost::histogram::dense_storage<std::int64_t>;
    boost::histogram::histogram<std::tuple<LogLinearAxis>, Storage> histogram{LogLinearAxis{}};

    /// Boost's own fill goes through its generic indexing, at several times the cost of this.
    [[nodiscard]] std::int64_t& operator[](int bucket) {
        return boost::histogram::unsafe_access::storage(histogram)[static_cast<std::size_t>(bucket)];
    }
};

LatencySketch::LatencySketch() = default;
LatencySketch::LatencySketch(const LatencySketch& other)
    : counts_(other.counts_ ? std::make_unique<Counts>(*other.counts_) : nullptr),
      count_(other.count_),
      sum_ns_(other.sum_ns_) {}
LatencySketch::LatencySketch(LatencySketch&& other) noexcept = default;
LatencySketch& LatencySketch::operator=(LatencySketch other) noexcept {
    counts_ = std::move(other.counts_);
    count_ = other.count_;
    sum_ns_ = other.sum_ns_;
    return *this;
}
LatencySketch::~LatencySketch() = default;

void LatencySketch::add_to_bucket(int bucket, std::int64_t count) {
    if (!counts_) [[unlikely]]
        counts_ = std::make_unique<Counts>();
    (*counts_)[bucket] += count;
    count_ += count;
}

void LatencySketch::fill(SimTime value, std::int64_t count) {
    REGATTA_CHECK(value.ns() >= 0 && count >= 0, fmt::format("{} values of {} ns", count, value.ns()));
    add_to_bucket(bucket_of(value.ns()), count);
    sum_ns_.add(value.ns(), count);
}

void LatencySketch::fill_bucket(SimTime value, std::int64_t count, SimTime total) {
    REGATTA_CHECK(value.ns() >= 0 && count >= 0 && total.ns() >= 0,
                  fmt::format("{} values like {} ns, {} ns in all", count, value.ns(), total.ns()));
    add_to_bucket(bucket_of(value.ns()), count);
    sum_ns_.add(total.ns(), 1);
}

LatencySketch& LatencySketch::operator+=(const LatencySketch& other) {
    if (other.counts_ && counts_) {
        counts_->histogram += other.counts_->histogram;
    } else if (other.counts_) {
        counts_ = std::make_unique<Counts>(*other.counts_);
    }
    count_ += other.count_;
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
    if (!counts_) return result;
    for (int bucket = 0; bucket < kBuckets; ++bucket)
        if (const std::int64_t count = (*counts_)[bucket]; count != 0)
            result.push_back({.lower_ns = lower_edge(bucket), .upper_ns = lower_edge(bucket + 1), .count = count});
    return result;
}

LatencySketch LatencySketch::from_buckets(const std::vector<Bucket>& buckets, const WideSum& sum_ns) {
    LatencySketch sketch;
    for (const Bucket& bucket : buckets) {
        REGATTA_CHECK(bucket.lower_ns >= 0 && lower_edge(bucket_of(bucket.lower_ns)) == bucket.lower_ns,
                      fmt::format("no bucket begins at {} ns", bucket.lower_ns));
        sketch.add_to_bucket(bucket_of(bucket.lower_ns), bucket.count);
    }
    sketch.sum_ns_ = sum_ns;
    return sketch;
}

SimTime LatencySketch::bucket_end(SimTime value) {
    REGATTA_CHECK(value.ns() >= 0, fmt::format("{} ns has no bucket", value.ns()));
    return SimTime::from_ns(lower_edge(bucket_of(value.ns()) + 1));
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
