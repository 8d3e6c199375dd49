#pragma once

#include <string>

#include "results/report/run_data.hpp"

namespace regatta::results::report {

/// Which fraction of the values is at or below x [s].
[[nodiscard]] LineSeries distribution(const LatencySketch& sketch);
[[nodiscard]] Axis latency_axis(const std::string& label);
[[nodiscard]] Axis share_axis(const std::string& label);

/// The distribution of something that pools count.
struct PoolDistribution {
    const char* id;
    const char* title;
    const char* note;
    const char* x_label;
    const char* y_label;
    LatencySketch PoolSums::*sketch;
};
[[nodiscard]] Chart pool_distribution_chart(const Runs& runs, const PoolDistribution& what);

}  // namespace regatta::results::report
