#pragma once

#include <optional>
#include <span>

namespace regatta::results {

/// What independent replications say of a figure.
struct Estimate {
    double mean = 0;
    /// Of the 95 % confidence interval of the mean, by Student's distribution; none: fewer than two replications.
    std::optional<double> half_width = {};
    double deviation = 0;  ///< of one replication; 0: fewer than two
    double least = 0;
    double most = 0;
};
/// `values` has at least one.
[[nodiscard]] Estimate estimate(std::span<const double> values);

/// The difference of two means, and how well it is known.
struct Difference {
    double mean = 0;
    std::optional<double> half_width = {};  ///< 95 %; none: nothing tells the noise
    /// Neither within the noise nor unknown.
    [[nodiscard]] bool exceeds_noise() const;
};
/// What `other` has more than `first`, pair by pair: element i of both comes from the same random numbers.
[[nodiscard]] Difference paired_difference(std::span<const double> first, std::span<const double> other);
/// Of replications that have nothing to do with each other: Welch, "The generalization of 'Student's' problem when
/// several different population variances are involved", Biometrika 34, 1947. Where one side has a single value, the
/// other's spread stands for it, too.
[[nodiscard]] Difference independent_difference(std::span<const double> first, std::span<const double> other);

}  // namespace regatta::results
