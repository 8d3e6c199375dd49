#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/workload/registry.hpp"

namespace regatta::workload {

/// Lengths from `least` to `most` whose probability falls as length^-exponent (a Zipf law, cut at both ends). Exact for
/// the first 4,096 lengths; further out sums become integrals from half-integer to half-integer, which are off by less
/// than exponent (exponent + 1) / (24 length^2), 2e-7 for an exponent of 2 (the next term of the midpoint rule).
class Zipf final : public LengthDistribution {
public:
    struct Options {
        double exponent = 1;  ///< at least 0
        std::int64_t least = 1;
        std::int64_t most = 1;
    };
    explicit Zipf(const Options& options);
    [[nodiscard]] std::int64_t tokens(double uniform) const override;

private:
    /// The integral of x^-exponent from a to b.
    [[nodiscard]] double integral(double a, double b) const;
    /// Where b must lie for the integral to be `mass`.
    [[nodiscard]] double end_of(double a, double mass) const;

    Options options_;
    std::vector<double> cumulative_;  ///< element i: weight of the lengths up to least + i
    double total_ = 0;
};

[[nodiscard]] std::unique_ptr<LengthDistribution> make_zipf(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> zipf_parameters();

}  // namespace regatta::workload
