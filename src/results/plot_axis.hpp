#pragma once

#include <string>
#include <vector>

namespace regatta::results {

/// One axis of a plot: where values stand on it, and its ticks.
class PlotAxis {
public:
    struct Tick {
        double value = 0;
        std::string label;  ///< empty: a minor one
    };
    /// `least` < `most`; with a logarithm both above 0.
    PlotAxis(bool is_log, double least, double most);

    [[nodiscard]] double least() const { return least_; }
    [[nodiscard]] double most() const { return most_; }
    /// 0 at the least value, 1 at the most; outside of [0, 1] for values outside.
    [[nodiscard]] double position(double value) const;
    /// Ascending, of round values.
    [[nodiscard]] std::vector<Tick> ticks() const;

private:
    [[nodiscard]] std::vector<Tick> log_ticks() const;
    [[nodiscard]] std::vector<Tick> linear_ticks() const;

    bool is_log_;
    double least_;
    double most_;
};

}  // namespace regatta::results
