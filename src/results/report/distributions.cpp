#include "results/report/distributions.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace regatta::results::report {
namespace {

constexpr double kNsPerS = 1e9;
// Points of a curve: 0.2 % apart, and every bucket where the tail is.
constexpr double kCurveStep = 0.002;
constexpr double kTail = 0.98;

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / kNsPerS;
}

}  // namespace

LineSeries distribution(const LatencySketch& sketch) {
    LineSeries curve;
    const std::vector<LatencySketch::Bucket> buckets = sketch.buckets();
    if (buckets.empty()) return curve;
    const auto all = static_cast<double>(sketch.count());
    // An axis by logarithm has no 0.
    curve.add(seconds(std::max<std::int64_t>(buckets.front().lower_ns, 1)), 0.0);
    std::int64_t below = 0;
    double last = 0;
    for (const LatencySketch::Bucket& bucket : buckets) {
        below += bucket.count;
        const double fraction = static_cast<double>(below) / all;
        if (fraction < last + kCurveStep && fraction < kTail && below < sketch.count()) continue;
        last = fraction;
        curve.add(seconds(bucket.upper_ns), fraction);
    }
    return curve;
}

Axis latency_axis(const std::string& label) {
    return {.label = label, .unit = "s", .is_log = true};
}

Axis share_axis(const std::string& label) {
    return {.label = label, .unit = "fraction", .least = 0.0, .most = 1.0};
}

Chart pool_distribution_chart(const Runs& runs, const PoolDistribution& what) {
    LinesChart chart{.x = latency_axis(what.x_label), .y = share_axis(what.y_label)};
    for (std::size_t run = 0; run < runs.size(); ++run) {
        std::size_t color = runs.size() > 1 ? run : 0;
        for (const PoolGroup& group : pool_groups_of(runs, run)) {
            LatencySketch sketch;
            for (const std::size_t pool : group.pools)
                sketch += runs[run].outcome.sums.pools()[pool].*what.sketch;
            LineSeries series = distribution(sketch);
            series.label = runs.size() > 1 ? label_of(runs, run, "") : group.label;
            series.color = color++;
            series.dash = run;
            chart.series.push_back(std::move(series));
        }
    }
    return {.id = what.id, .title = what.title, .note = what.note, .content = std::move(chart)};
}

}  // namespace regatta::results::report
