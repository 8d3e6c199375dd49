#include "workload/zipf.hpp"

#include <algorithm>
#include <cmath>

#include "workload/length_bounds.hpp"

namespace regatta::workload {
namespace {

constexpr std::int64_t kExactLengths = 4096;
// Longer than any context window in sight.
constexpr double kMostTokens = 1e8;
// So near to an exponent of 1 the power and the logarithm agree to 1e-8, and the power would cancel.
constexpr double kNearOne = 1e-9;

}  // namespace

Zipf::Zipf(const Options& options) : options_(options) {
    const std::int64_t exact = std::min(options.most - options.least + 1, kExactLengths);
    double sum = 0;
    for (std::int64_t i = 0; i < exact; ++i) {
        sum += std::pow(static_cast<double>(options.least + i), -options.exponent);
        cumulative_.push_back(sum);
    }
    const double tail_from = static_cast<double>(options.least + exact) - 0.5;
    total_ = sum + integral(tail_from, static_cast<double>(options.most) + 0.5);
}

std::int64_t Zipf::tokens(double uniform) const {
    const double weight = uniform * total_;
    if (weight < cumulative_.back()) {
        const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), weight);
        return options_.least + (found - cumulative_.begin());
    }
    const auto exact = static_cast<std::int64_t>(cumulative_.size());
    const double tail_from = static_cast<double>(options_.least + exact) - 0.5;
    const double end = end_of(tail_from, weight - cumulative_.back());
    // Each length stands for the stretch half a token about it.
    return std::clamp(static_cast<std::int64_t>(std::floor(end + 0.5)), options_.least, options_.most);
}

double Zipf::integral(double a, double b) const {
    if (b <= a) return 0;
    const double power = 1 - options_.exponent;
    const double ratio = std::log(b / a);
    return std::abs(power) < kNearOne ? ratio : std::pow(a, power) * std::expm1(power * ratio) / power;
}

double Zipf::end_of(double a, double mass) const {
    const double power = 1 - options_.exponent;
    if (std::abs(power) < kNearOne) return a * std::exp(mass);
    return a * std::exp(std::log1p(mass * power / std::pow(a, power)) / power);
}

std::unique_ptr<LengthDistribution> make_zipf(const Parameters& parameters) {
    const LengthBounds bounds = length_bounds(parameters);
    return std::make_unique<Zipf>(
        Zipf::Options{.exponent = parameters.real("exponent"), .least = bounds.least, .most = bounds.most});
}

std::vector<Parameter> zipf_parameters() {
    return with_length_bounds({.key = "exponent",
                               .kind = ParameterKind::Real,
                               .is_required = true,
                               .least = 0,
                               .most = 10,
                               .sentence = "a length is as likely as length^-exponent; 0: all equally"},
                              kMostTokens);
}

}  // namespace regatta::workload
