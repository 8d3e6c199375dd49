#pragma once

#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/workload/registry.hpp"

/// The built-in arrival processes. They share one pair of files: each is a single formula.
namespace regatta::workload {

/// Exponential gaps of mean 1/rate: independent users.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_poisson(double rate_per_s, const Parameters& parameters);

/// The same with long gaps cut short: no Poisson process any more, and more often than the rate says. What Vidur does.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_truncated_poisson(double rate_per_s, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> truncated_poisson_parameters();

/// Gamma gaps of mean 1/rate and a chosen coefficient of variation: burstier (cv > 1) or more even (cv < 1) than
/// Poisson.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_gamma(double rate_per_s, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> gamma_parameters();

/// Every gap is 1/rate.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_constant(double rate_per_s, const Parameters& parameters);

/// No gaps at all: the whole stream arrives at its first instant. The rate is not used; the stream needs a limit.
[[nodiscard]] std::unique_ptr<ArrivalProcess> make_all_at_once(double rate_per_s, const Parameters& parameters);

}  // namespace regatta::workload
