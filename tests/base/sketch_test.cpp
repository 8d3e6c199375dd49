#include "regatta/base/sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"

namespace regatta {
namespace {

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

/// Values from 1 ns to a few hours, evenly over the orders of magnitude.
std::vector<std::int64_t> random_values(std::uint64_t seed, std::size_t count) {
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < count; ++i)
        values.push_back(static_cast<std::int64_t>(std::exp(30 * uniform_open(seed, RandomPurpose::Arrival, 0, i))));
    return values;
}

LatencySketch sketch_of(const std::vector<std::int64_t>& values) {
    LatencySketch sketch;
    for (const std::int64_t value : values)
        sketch.fill(ns(value));
    return sketch;
}

TEST(LatencySketch, OfNothingIsZero) {
    const LatencySketch sketch;
    EXPECT_EQ(sketch.count(), 0);
    EXPECT_EQ(sketch.mean_ns(), 0);
    EXPECT_EQ(sketch.quantile_ns(0.5), 0);
    EXPECT_TRUE(sketch.buckets().empty());
}

TEST(LatencySketch, KeepsQuantilesWithinTheStatedError) {
    std::vector<std::int64_t> values = random_values(1, 20'001);
    const LatencySketch sketch = sketch_of(values);
    std::sort(values.begin(), values.end());
    for (const double p : {0.001, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
        SCOPED_TRACE(p);
        const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
        const auto exact = static_cast<double>(values[rank - 1]);
        EXPECT_NEAR(static_cast<double>(sketch.quantile_ns(p)), exact, 0.004 * exact);
    }
}

TEST(LatencySketch, IsExactForSmallValues) {
    const LatencySketch sketch = sketch_of({0, 1, 254, 255});
    EXPECT_EQ(sketch.quantile_ns(0.25), 0);
    EXPECT_EQ(sketch.quantile_ns(0.5), 1);
    EXPECT_EQ(sketch.quantile_ns(0.75), 254);
    EXPECT_EQ(sketch.quantile_ns(1.0), 255);
}

TEST(LatencySketch, KeepsTheMeanExactBeyondSixtyFourBits) {
    LatencySketch sketch;
    const std::int64_t large = std::int64_t{1} << 62;
    sketch.fill(ns(large), 1'000'000'000);
    sketch.fill(ns(0), 1'000'000'000);
    EXPECT_EQ(sketch.mean_ns(), static_cast<double>(large / 2));
}

TEST(LatencySketch, MergesToTheSketchOfAllValues) {
    const std::vector<std::int64_t> values = random_values(2, 3'000);
    LatencySketch merged;
    for (std::size_t part = 0; part < 3; ++part)
        merged += sketch_of({values.begin() + static_cast<std::ptrdiff_t>(1'000 * part),
                             values.begin() + static_cast<std::ptrdiff_t>(1'000 * (part + 1))});
    EXPECT_TRUE(merged == sketch_of(values));
}

TEST(LatencySketch, FillsABucketLikeItsValuesOneByOne) {
    const std::int64_t first = 10'000'000;
    const SimTime end = LatencySketch::bucket_end(ns(first));
    LatencySketch one_by_one;
    std::int64_t count = 0;
    std::int64_t total_ns = 0;
    for (std::int64_t value = first; value < end.ns(); value += 1'000) {
        one_by_one.fill(ns(value));
        ++count;
        total_ns += value;
    }
    ASSERT_GT(count, 10);
    LatencySketch at_once;
    at_once.fill_bucket(ns(first), count, ns(total_ns));
    EXPECT_TRUE(at_once == one_by_one);
    EXPECT_EQ(at_once.buckets().size(), 1U);
}

TEST(LatencySketch, EndsABucketWhereTheNextBegins) {
    for (const std::int64_t value : random_values(3, 1'000)) {
        SCOPED_TRACE(value);
        const SimTime end = LatencySketch::bucket_end(ns(value));
        ASSERT_GT(end.ns(), value);
        EXPECT_EQ(sketch_of({value, end.ns() - 1}).buckets().size(), 1U);
        EXPECT_EQ(sketch_of({value, end.ns()}).buckets().size(), 2U);
    }
}

TEST(LatencySketch, TakesTheLargestTime) {
    LatencySketch sketch;
    sketch.fill(ns(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(sketch.buckets().front().upper_ns, std::numeric_limits<std::int64_t>::max());
}

TEST(LatencySketch, ComesBackFromItsBucketsAndSum) {
    const LatencySketch sketch = sketch_of(random_values(4, 500));
    EXPECT_TRUE(LatencySketch::from_buckets(sketch.buckets(), sketch.sum_ns()) == sketch);
}

TEST(LatencySketch, ComesBackFromAnArchive) {
    const LatencySketch sketch = sketch_of(random_values(5, 500));
    ByteBlock stream;
    OutArchive(stream) << sketch;
    LatencySketch read;
    InArchive(stream) >> read;
    EXPECT_TRUE(read == sketch);
}

TEST(LatencySketch, RefusesNegativeTimesAndUnknownBuckets) {
    LatencySketch sketch;
    EXPECT_THROW(sketch.fill(ns(-1)), BugError);
    EXPECT_THROW((void)LatencySketch::bucket_end(ns(-1)), BugError);
    EXPECT_THROW((void)LatencySketch::from_buckets({{.lower_ns = 257, .upper_ns = 258, .count = 1}}, {}), BugError);
}

}  // namespace
}  // namespace regatta
