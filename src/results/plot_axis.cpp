#include "results/plot_axis.hpp"

#include <fmt/format.h>

#include <cmath>

namespace regatta::results {
namespace {

constexpr int kTicksWanted = 8;  // of a linear axis
// Below so many decades, 2 and 5 of each are labelled, too.
constexpr double kFewDecades = 2.5;

/// "0.01", "5", "20,000": no exponent where people would not write one.
std::string label_of(double value) {
    if (value >= 1e6 || (value > 0 && value < 1e-4)) return fmt::format("{:g}", value);
    std::string text = fmt::format("{:.10g}", value);
    for (std::size_t end = std::min(text.find('.'), text.size()); end > 3; end -= 3)
        text.insert(end - 3, ",");
    return text;
}

}  // namespace

PlotAxis::PlotAxis(bool is_log, double least, double most) : is_log_(is_log), least_(least), most_(most) {}

double PlotAxis::position(double value) const {
    if (is_log_) return std::log(value / least_) / std::log(most_ / least_);
    return (value - least_) / (most_ - least_);
}

std::vector<PlotAxis::Tick> PlotAxis::ticks() const {
    return is_log_ ? log_ticks() : linear_ticks();
}

std::vector<PlotAxis::Tick> PlotAxis::log_ticks() const {
    const bool is_short = std::log10(most_ / least_) < kFewDecades;
    std::vector<Tick> ticks;
    for (int decade = static_cast<int>(std::floor(std::log10(least_))); std::pow(10, decade) <= most_; ++decade)
        for (int digit = 1; digit <= 9; ++digit) {
            const double value = digit * std::pow(10, decade);
            if (value < least_ || value > most_) continue;
            const bool is_labelled = digit == 1 || (is_short && (digit == 2 || digit == 5));
            ticks.push_back({value, is_labelled ? label_of(value) : ""});
        }
    return ticks;
}

std::vector<PlotAxis::Tick> PlotAxis::linear_ticks() const {
    const double wanted = (most_ - least_) / kTicksWanted;
    const double decade = std::pow(10, std::floor(std::log10(wanted)));
    const double ratio = wanted / decade;
    const double step = decade * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    std::vector<Tick> ticks;
    for (auto count = static_cast<int>(std::ceil(least_ / step)); count * step <= most_; ++count)
        ticks.push_back({count * step, label_of(count * step)});
    return ticks;
}

}  // namespace regatta::results
