#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "regatta/base/random.hpp"

namespace regatta::workload {

inline constexpr std::uint64_t kSamples = 20'000;

/// The k-th of kSamples uniform numbers of a fixed seed.
inline double uniform_number(std::uint64_t k) {
    return uniform_open(20260101, RandomPurpose::Arrival, 0, k);
}

/// Largest distance between the empirical distribution of `values` and `cumulative`.
inline double kolmogorov_distance(std::vector<double> values, const std::function<double(double)>& cumulative) {
    std::sort(values.begin(), values.end());
    const double count = static_cast<double>(values.size());
    double distance = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double expected = cumulative(values[i]);
        distance = std::max(
            {distance, expected - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - expected});
    }
    return distance;
}

/// A right sample exceeds this distance once in a thousand seeds (asymptotic quantile of Kolmogorov's distribution,
/// 1.95 / sqrt(n)); the seed is fixed, so that it either does or does not.
inline double kolmogorov_bound() {
    return 1.95 / std::sqrt(static_cast<double>(kSamples));
}

inline double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

inline double cv_of(const std::vector<double>& values) {
    const double mean = mean_of(values);
    double squares = 0;
    for (const double value : values)
        squares += (value - mean) * (value - mean);
    return std::sqrt(squares / static_cast<double>(values.size())) / mean;
}

}  // namespace regatta::workload
