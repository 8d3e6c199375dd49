#include "timing/profile_polynomial.hpp"

#include <Eigen/Dense>
#include <algorithm>

namespace regatta::timing {
namespace {

double power(double base, int exponent) {
    double result = 1;
    for (int i = 0; i < exponent; ++i)
        result *= base;
    return result;
}

}  // namespace

ProfilePolynomial::ProfilePolynomial(const ProfileFit& fit, const ProfileSamples& samples) {
    for (const ProfileSample& sample : samples) {
        scale_a_ = std::max(scale_a_, sample.a);
        scale_b_ = std::max(scale_b_, sample.b);
    }
    const bool has_a = scale_a_ > 1;
    const auto degree = static_cast<int>(fit.degree);
    for (int power_of_a = 0; power_of_a <= (has_a ? degree : 0); ++power_of_a)
        for (int power_of_b = 0; power_of_a + power_of_b <= degree; ++power_of_b) {
            const bool is_constant = power_of_a + power_of_b == 0;
            const bool has_power = power_of_a > 1 || power_of_b > 1;
            if ((is_constant && !fit.has_intercept) || (has_power && fit.interaction_only)) continue;
            terms_.push_back({.power_of_a = power_of_a, .power_of_b = power_of_b});
        }
    const auto rows = static_cast<Eigen::Index>(samples.size());
    const auto columns = static_cast<Eigen::Index>(terms_.size());
    Eigen::MatrixXd matrix(rows, columns);
    Eigen::VectorXd ms(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
        const ProfileSample& sample = samples[static_cast<std::size_t>(row)];
        for (Eigen::Index column = 0; column < columns; ++column)
            matrix(row, column) = value(terms_[static_cast<std::size_t>(column)], sample.a, sample.b);
        ms(row) = sample.ms;
    }
    // Rank revealing: a file may have fewer points than terms.
    const Eigen::VectorXd factors = matrix.colPivHouseholderQr().solve(ms);
    for (Eigen::Index column = 0; column < columns; ++column)
        terms_[static_cast<std::size_t>(column)].factor = factors(column);
}

double ProfilePolynomial::value(const Term& term, double a, double b) const {
    return power(a / scale_a_, term.power_of_a) * power(b / scale_b_, term.power_of_b);
}

double ProfilePolynomial::at(double a, double b) const {
    double ms = 0;
    for (const Term& term : terms_)
        ms += term.factor * value(term, a, b);
    return std::max(ms, 0.0);
}

}  // namespace regatta::timing
