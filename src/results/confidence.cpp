#include "results/confidence.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

// In double throughout: the library's tables of long double are computed as the program starts, and not on every
// machine.
using Student =
    boost::math::students_t_distribution<double,
                                         boost::math::policies::policy<boost::math::policies::promote_double<false>>>;

/// Two-sided 95 %.
double student(double degrees_of_freedom) {
    return boost::math::quantile(Student(degrees_of_freedom), 0.975);
}

struct Moments {
    double count = 0;
    double mean = 0;
    double variance = 0;  ///< of one value; 0: fewer than two
};

Moments moments_of(std::span<const double> values) {
    REGATTA_CHECK(!values.empty(), "no replication to estimate from");
    Moments moments{.count = static_cast<double>(values.size())};
    for (const double value : values)
        moments.mean += value / moments.count;
    if (values.size() < 2) return moments;
    for (const double value : values)
        moments.variance += (value - moments.mean) * (value - moments.mean) / (moments.count - 1);
    return moments;
}

}  // namespace

Estimate estimate(std::span<const double> values) {
    const Moments moments = moments_of(values);
    Estimate estimate{.mean = moments.mean,
                      .deviation = std::sqrt(moments.variance),
                      .least = *std::min_element(values.begin(), values.end()),
                      .most = *std::max_element(values.begin(), values.end())};
    if (values.size() > 1)
        estimate.half_width = student(moments.count - 1) * std::sqrt(moments.variance / moments.count);
    return estimate;
}

bool Difference::exceeds_noise() const {
    return half_width && std::abs(mean) > *half_width;
}

Difference paired_difference(std::span<const double> first, std::span<const double> other) {
    REGATTA_CHECK(first.size() == other.size(), "pairs of replications without a partner");
    std::vector<double> differences;
    for (std::size_t i = 0; i < first.size(); ++i)
        differences.push_back(other[i] - first[i]);
    const Estimate of = estimate(differences);
    return {.mean = of.mean, .half_width = of.half_width};
}

Difference independent_difference(std::span<const double> first, std::span<const double> other) {
    Moments a = moments_of(first);
    Moments b = moments_of(other);
    Difference difference{.mean = b.mean - a.mean};
    if (a.count < 2 && b.count < 2) return difference;
    if (a.count < 2 || b.count < 2) {
        const Moments& known = a.count < 2 ? b : a;
        difference.half_width = student(known.count - 1) * std::sqrt(known.variance * (1 + 1 / known.count));
        return difference;
    }
    const double of_a = a.variance / a.count;
    const double of_b = b.variance / b.count;
    if (of_a + of_b <= 0) {
        difference.half_width = 0;
        return difference;
    }
    const double degrees = (of_a + of_b) * (of_a + of_b) / (of_a * of_a / (a.count - 1) + of_b * of_b / (b.count - 1));
    difference.half_width = student(degrees) * std::sqrt(of_a + of_b);
    return difference;
}

}  // namespace regatta::results
