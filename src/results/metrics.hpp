#pragma once

#include <span>
#include <string>
#include <string_view>

namespace regatta::results {

/// One figure of the summary, or a family of them, defined once: the reference page and a test that every figure of
/// the JSON summary is defined go by this.
struct Metric {
    enum class Kind {
        Number,
        Latency,  ///< a distribution of times: count, mean_s, p50_s, ...
        Sizes,    ///< a distribution of small whole numbers: mean, p50, ...
    };
    std::string_view path;  ///< in the JSON summary, members joined by dots
    std::string_view title;
    Kind kind = Kind::Number;
    std::string_view unit;  ///< empty: a plain number
    std::string_view meaning;
    std::string_view rows = {};  ///< what it is computed from, in columns of the result file; empty: see the meaning
};

/// What is said of requests: of all, and of each stream and class.
[[nodiscard]] std::span<const Metric> request_metrics();
/// What is said of replicas: of the fleet, and of each pool.
[[nodiscard]] std::span<const Metric> fleet_metrics();
/// What is said of the run as a whole, and of how it was carried out.
[[nodiscard]] std::span<const Metric> run_metrics();

/// docs/reference/metrics.md.
[[nodiscard]] std::string metrics_reference();

}  // namespace regatta::results
