#pragma once

#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/workload/registry.hpp"

/// The built-in length distributions. They share one pair of files: each is a single formula. A continuous variate
/// becomes a whole number of tokens by rounding to the nearest, and at least 1. Makers throw InputError, without a
/// place, when parameters that are right one by one do not fit together.
namespace regatta::workload {

[[nodiscard]] std::unique_ptr<LengthDistribution> make_fixed(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> fixed_parameters();

/// Each whole number from `least` to `most` is equally likely.
[[nodiscard]] std::unique_ptr<LengthDistribution> make_uniform(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> uniform_parameters();

[[nodiscard]] std::unique_ptr<LengthDistribution> make_exponential(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> exponential_parameters();

[[nodiscard]] std::unique_ptr<LengthDistribution> make_lognormal(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> lognormal_parameters();

/// A measured distribution by some of its quantiles, straight lines between them.
[[nodiscard]] std::unique_ptr<LengthDistribution> make_quantiles(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> quantiles_parameters();

}  // namespace regatta::workload
