#include "workload/ycsb_zipf.hpp"

#include <algorithm>
#include <cmath>

#include "workload/length_bounds.hpp"

namespace regatta::workload {
namespace {

// The sum over all lengths is made once, term by term: 50 ms for so many.
constexpr double kMostTokens = 1e6;

}  // namespace

YcsbZipf::YcsbZipf(const Options& options)
    : options_(options),
      items_(static_cast<double>(options.most - options.least + 1)),
      alpha_(1 / (1 - options.theta)) {
    for (std::int64_t rank = 1; rank <= options.most - options.least; ++rank)
        zeta_ += std::pow(static_cast<double>(rank), -options.theta);
    constexpr double kZetaOfTwo = 1;  // one term
    eta_ = (1 - std::pow(2 / items_, 1 - options.theta)) / (1 - kZetaOfTwo / (zeta_ + 1e-8));
}

std::int64_t YcsbZipf::tokens(double uniform) const {
    const double weight = uniform * zeta_;
    if (weight < 1) return options_.least;
    if (weight < 1 + std::pow(0.5, options_.theta)) return std::min(options_.least + 1, options_.most);
    const double rank = items_ * std::pow(eta_ * uniform - eta_ + 1, alpha_);
    return std::min(options_.least + static_cast<std::int64_t>(rank), options_.most);
}

std::unique_ptr<LengthDistribution> make_ycsb_zipf(const Parameters& parameters) {
    const LengthBounds bounds = length_bounds(parameters);
    return std::make_unique<YcsbZipf>(
        YcsbZipf::Options{.theta = parameters.real("theta"), .least = bounds.least, .most = bounds.most});
}

std::vector<Parameter> ycsb_zipf_parameters() {
    return with_length_bounds({.key = "theta",
                               .kind = ParameterKind::Real,
                               .is_required = true,
                               .least = 0,
                               .most = 0.999,
                               .sentence = "the r-th shortest length is about as likely as r^-theta"},
                              kMostTokens);
}

}  // namespace regatta::workload
