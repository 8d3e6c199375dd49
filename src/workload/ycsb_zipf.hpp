#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/workload/registry.hpp"

namespace regatta::workload {

/// Popularity by rank, the shortest length being the most popular: length least + r - 1 is as likely as about r^-theta.
/// The generator of YCSB, by its closed formula, which Vidur uses for total lengths; `zipf` is the plain power law of
/// the length itself. Source: Gray et al., "Quickly Generating Billion-Record Synthetic Databases", SIGMOD 1994, fig.
/// 1; its sum has, as in YCSB's offspring in Vidur, a term less than there are lengths.
class YcsbZipf final : public LengthDistribution {
public:
    struct Options {
        double theta = 0.6;  ///< in [0, 1)
        std::int64_t least = 1;
        std::int64_t most = 1;
    };
    explicit YcsbZipf(const Options& options);
    [[nodiscard]] std::int64_t tokens(double uniform) const override;

private:
    Options options_;
    double items_;
    double zeta_ = 0;  ///< of items_
    double alpha_;
    double eta_;
};

[[nodiscard]] std::unique_ptr<LengthDistribution> make_ycsb_zipf(const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> ycsb_zipf_parameters();

}  // namespace regatta::workload
