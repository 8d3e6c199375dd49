#include "results/roofline_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "results/plot_axis.hpp"
#include "results/plot_canvas.hpp"
#include "results/plot_colors.hpp"

namespace regatta::results {
namespace {

// In points.
constexpr double kWidth = 1200;
constexpr double kHeight = 760;
constexpr double kLeft = 92;
constexpr double kTop = 76;
constexpr double kBottom = 70;
constexpr double kMostLegendWidth = 420;
constexpr double kTextSize = 14;
constexpr double kSmallTextSize = 12.5;
constexpr double kLineHeight = 21;
constexpr double kRoofWidth = 2.2;
constexpr double kTera = 1e12;

constexpr PlotColor kGold = {1.0, 0.78, 0.15};
const PlotCanvas::Font kPlain = {.size = kTextSize, .color = kPlotBlack};
const PlotCanvas::Font kSmall = {.size = kSmallTextSize, .color = kPlotBlack};
const PlotCanvas::Font kFaint = {.size = kSmallTextSize, .color = kPlotGrey};

/// 7 shapes and 8 colours: 56 looks before one comes again.
PlotCanvas::Paint paint_of(const RooflineSeries& series) {
    const PlotColor& color = kPlotColors.at(series.color % kPlotColors.size());
    if (series.is_hollow) return {.inside = color.at(0), .edge = color, .edge_width = 2};
    return {.inside = color.at(0.8), .edge = {1, 1, 1}, .edge_width = 1};
}

/// Grows with the place among all sizes.
double radius_of(const RooflineChart& chart, std::size_t size) {
    constexpr double kLeastRadius = 4.5;
    constexpr double kMostRadius = 11;
    if (chart.sizes.size() < 2) return 6;
    return kLeastRadius +
           (kMostRadius - kLeastRadius) * static_cast<double>(size) / static_cast<double>(chart.sizes.size() - 1);
}

std::string peak_text(const RooflineRoof& roof) {
    return fmt::format("{:.4g} TFLOP/s", roof.peak_flops_per_s / kTera);
}

std::string bandwidth_text(const RooflineRoof& roof) {
    return fmt::format("{:.4g} GB/s", roof.bandwidth_bytes_per_s / 1e9);
}

/// The axes that show all points and the ridges.
std::pair<PlotAxis, PlotAxis> axes_of(const RooflineChart& chart, bool is_log) {
    double least_x = 1e300;
    double most_x = 0;
    double least_y = 1e300;
    double most_y = 0;
    double most_bandwidth = 0;
    for (const RooflinePoint& point : chart.points) {
        least_x = std::min(least_x, point.flops_per_byte);
        most_x = std::max(most_x, point.flops_per_byte);
        least_y = std::min(least_y, point.flops_per_s);
    }
    for (const RooflineRoof& roof : chart.roofs) {
        least_x = std::min(least_x, is_log ? roof.ridge_flops_per_byte() / 30 : 0);
        most_x = std::max(most_x, roof.ridge_flops_per_byte() * (is_log ? 5 : 1.5));
        most_y = std::max(most_y, roof.peak_flops_per_s);
        most_bandwidth = std::max(most_bandwidth, roof.bandwidth_bytes_per_s);
    }
    if (!is_log) return {PlotAxis(false, 0, most_x * 1.06), PlotAxis(false, 0, most_y * 1.15 / kTera)};
    least_x /= 1.8;
    least_y = std::min(least_y / 2, most_bandwidth * least_x);
    return {PlotAxis(true, least_x, most_x * 1.8), PlotAxis(true, least_y / kTera, most_y * 2.2 / kTera)};
}

/// Draws one chart; every method draws a part of it.
class Drawing {
public:
    Drawing(const RooflineChart& chart, bool is_log, PlotCanvas& canvas)
        : chart_(chart), canvas_(canvas), axes_(axes_of(chart, is_log)) {
        for (const std::string& text : legend_texts())
            legend_width_ = std::max(legend_width_, canvas_.text_width(text, kSmall));
        legend_width_ = std::min(legend_width_, kMostLegendWidth - kSymbolWidth) + kSymbolWidth;
        plot_ = {kLeft, kTop, kWidth - legend_width_ - 48, kHeight - kBottom};
    }

    void draw() {
        draw_axes();
        text_within(plot_.left, 36, chart_.title, {.size = 19, .color = kPlotBlack, .is_bold = true},
                    kWidth - kLeft - 20);
        text_within(plot_.left, 60, chart_.subtitle, {.size = kTextSize, .color = kPlotGrey}, kWidth - kLeft - 20);
        canvas_.clip(plot_);
        for (std::size_t i = 0; i < chart_.roofs.size(); ++i)
            draw_roof(chart_.roofs[i], roof_color(i));
        draw_points();
        canvas_.unclip();
        draw_ridges();
        draw_legend();
    }

private:
    static constexpr double kSymbolWidth = 34;

    [[nodiscard]] double x(double flops_per_byte) const {
        return plot_.left + axes_.first.position(flops_per_byte) * (plot_.right - plot_.left);
    }
    [[nodiscard]] double y(double flops_per_s) const {
        return plot_.bottom - axes_.second.position(flops_per_s / kTera) * (plot_.bottom - plot_.top);
    }
    [[nodiscard]] PlotColor roof_color(std::size_t roof) const {
        return chart_.roofs.size() == 1 ? kPlotBlack : kPlotColors.at(roof % kPlotColors.size());
    }

    /// Shortened to the width.
    void text_within(double left, double base, std::string text, const PlotCanvas::Font& font, double width) {
        if (canvas_.text_width(text, font) > width) {
            while (!text.empty() && canvas_.text_width(text + "...", font) > width)
                text.pop_back();
            text += "...";
        }
        canvas_.text(left, base, text, font);
    }

    void draw_axes() {
        const auto grid = [](const PlotAxis::Tick& tick) { return kPlotGrey.at(tick.label.empty() ? 0.13 : 0.3); };
        for (const PlotAxis::Tick& tick : axes_.first.ticks()) {
            const double at = x(tick.value);
            canvas_.line(at, plot_.top, at, plot_.bottom, 1, grid(tick));
            canvas_.text(at, plot_.bottom + 19, tick.label, kSmall, 0.5);
        }
        for (const PlotAxis::Tick& tick : axes_.second.ticks()) {
            const double at = y(tick.value * kTera);
            canvas_.line(plot_.left, at, plot_.right, at, 1, grid(tick));
            canvas_.text(plot_.left - 8, at + 4.5, tick.label, kSmall, 1);
        }
        canvas_.frame(plot_, kPlotGrey);
        canvas_.text((plot_.left + plot_.right) / 2, plot_.bottom + 46, "arithmetic intensity [FLOP/byte]", kPlain,
                     0.5);
        canvas_.upright_text(26, (plot_.top + plot_.bottom) / 2, "performance [TFLOP/s]", kPlain);
    }

    void draw_roof(const RooflineRoof& roof, const PlotColor& color) {
        const double ridge = x(roof.ridge_flops_per_byte());
        const double top = y(roof.peak_flops_per_s);
        const double left = axes_.first.least();
        canvas_.line(x(left), y(left * roof.bandwidth_bytes_per_s), ridge, top, kRoofWidth, color);
        canvas_.line(ridge, top, plot_.right, top, kRoofWidth, color, true);
    }

    /// Larger ones first, so that they hide nothing.
    void draw_points() {
        std::vector<const RooflinePoint*> points;
        for (const RooflinePoint& point : chart_.points)
            points.push_back(&point);
        std::stable_sort(points.begin(), points.end(),
                         [](const RooflinePoint* a, const RooflinePoint* b) { return a->size > b->size; });
        for (const RooflinePoint* point : points) {
            const RooflineSeries& series = chart_.series[point->series];
            canvas_.marker(series.shape, x(point->flops_per_byte), y(point->flops_per_s),
                           radius_of(chart_, point->size), paint_of(series));
        }
    }

    /// Each with its label beside the star, where it covers the least.
    void draw_ridges() {
        std::vector<PlotBox> taken;
        const auto take = [&](double flops_per_byte, double flops_per_s, double radius) {
            const double at_x = x(flops_per_byte);
            const double at_y = y(flops_per_s);
            taken.push_back({at_x - radius, at_y - radius, at_x + radius, at_y + radius});
        };
        for (const RooflinePoint& point : chart_.points)
            take(point.flops_per_byte, point.flops_per_s, radius_of(chart_, point.size));
        for (const RooflineRoof& roof : chart_.roofs) {
            take(roof.ridge_flops_per_byte(), roof.peak_flops_per_s, 12);
            take_lines(roof, taken);
        }
        for (const RooflineRoof& roof : chart_.roofs)
            canvas_.star(x(roof.ridge_flops_per_byte()), y(roof.peak_flops_per_s), 12,
                         {.inside = kGold, .edge = kPlotBlack, .edge_width = 1.2});
        for (const RooflineRoof& roof : chart_.roofs) {
            const double at_x = x(roof.ridge_flops_per_byte());
            const double at_y = y(roof.peak_flops_per_s);
            const std::string of_which = chart_.roofs.size() > 1 ? roof.name + ", ridge " : "ridge ";
            const std::string text = of_which + fmt::format("{:.4g} FLOP/byte", roof.ridge_flops_per_byte());
            const PlotBox box = best_place(at_x, at_y, canvas_.text_width(text, kSmall) + 6, taken);
            canvas_.fill(box, {1, 1, 1, 0.75});
            canvas_.text(box.left + 3, box.bottom - 4.5, text, kSmall);
            taken.push_back(box);
        }
    }

    /// The memory line in small pieces, and the compute line.
    void take_lines(const RooflineRoof& roof, std::vector<PlotBox>& taken) const {
        const double ridge_x = x(roof.ridge_flops_per_byte());
        const double ridge_y = y(roof.peak_flops_per_s);
        const double left = axes_.first.least();
        const double left_y = y(left * roof.bandwidth_bytes_per_s);
        constexpr int kPieces = 60;
        for (int i = 0; i < kPieces; ++i) {
            const double part = static_cast<double>(i) / kPieces;
            const double at_x = plot_.left + part * (ridge_x - plot_.left);
            const double at_y = left_y + part * (ridge_y - left_y);
            taken.push_back({at_x - 5, at_y - 5, at_x + 5, at_y + 5});
        }
        taken.push_back({ridge_x, ridge_y - 2, plot_.right, ridge_y + 2});
    }

    [[nodiscard]] PlotBox best_place(double at_x, double at_y, double width, const std::vector<PlotBox>& taken) const {
        constexpr double kLabelHeight = 18;
        PlotBox best{plot_.left + 8, plot_.top + 8, plot_.left + 8 + width, plot_.top + 8 + kLabelHeight};
        std::ptrdiff_t fewest = PTRDIFF_MAX;
        for (const double below : {14.0, -32.0, 36.0, -54.0, 58.0, -76.0, 80.0, 102.0})
            for (const double left : {at_x + 8, at_x - width - 8, at_x - width / 2}) {
                const PlotBox box{left, at_y + below, left + width, at_y + below + kLabelHeight};
                const auto hits = std::count_if(taken.begin(), taken.end(),
                                                [&](const PlotBox& other) { return box.overlaps(other); });
                if (!plot_.holds(box) || hits >= fewest) continue;
                fewest = hits;
                best = box;
            }
        return best;
    }

    /// Of the roofs' lines, then of the series.
    [[nodiscard]] std::vector<std::string> legend_texts() const {
        std::vector<std::string> texts;
        const RooflineRoof& first = chart_.roofs.front();
        if (chart_.roofs.size() == 1) {
            texts = {"memory: " + bandwidth_text(first), "compute: " + peak_text(first)};
        } else {
            for (const RooflineRoof& roof : chart_.roofs)
                texts.push_back(fmt::format("{}: {}, {}", roof.name, bandwidth_text(roof), peak_text(roof)));
        }
        for (const RooflineSeries& series : chart_.series)
            texts.push_back(series.name);
        return texts;
    }

    /// As many entries as there is room for; the last line says how many are not named.
    void draw_legend() {
        const double left = plot_.right + 26;
        const double size_lines = chart_.sizes.size() > 1 ? 1.5 + static_cast<double>(chart_.sizes.size()) : 0;
        const double room = (plot_.bottom - plot_.top) / kLineHeight - size_lines;
        const std::vector<std::string> texts = legend_texts();
        const std::size_t lines = texts.size() - chart_.series.size();
        const auto most = static_cast<std::size_t>(std::max(6.0, std::floor(room)));
        const std::size_t shown = texts.size() <= most ? texts.size() : most - 1;
        double base = plot_.top + 12;
        for (std::size_t i = 0; i < shown; ++i, base += kLineHeight) {
            if (i < lines)
                draw_line_sample(left, base - 4.5, i);
            else
                canvas_.marker(chart_.series[i - lines].shape, left + 12, base - 4.5, 6,
                               paint_of(chart_.series[i - lines]));
            text_within(left + kSymbolWidth, base, texts[i], kSmall, legend_width_ - kSymbolWidth);
        }
        if (shown < texts.size()) {
            canvas_.text(left + kSymbolWidth, base, fmt::format("and {} more", texts.size() - shown), kFaint);
            base += kLineHeight;
        }
        if (chart_.sizes.size() > 1) draw_sizes(left, base + 0.5 * kLineHeight);
    }

    void draw_line_sample(double left, double at, std::size_t line) {
        const bool is_single = chart_.roofs.size() == 1;
        canvas_.line(left, at, left + 24, at, kRoofWidth, roof_color(is_single ? 0 : line), is_single && line == 1);
    }

    void draw_sizes(double left, double base) {
        canvas_.text(left, base, chart_.size_name, kFaint);
        for (std::size_t i = 0; i < chart_.sizes.size(); ++i) {
            base += kLineHeight;
            if (base > kHeight - 8) return;
            const PlotCanvas::Paint paint = {.inside = kPlotGrey.at(0.3), .edge = kPlotGrey.at(0.5)};
            canvas_.marker(0, left + 12, base - 4.5, radius_of(chart_, i), paint);
            canvas_.text(left + kSymbolWidth, base, fmt::format("{}", chart_.sizes[i]), kSmall);
        }
    }

    const RooflineChart& chart_;
    PlotCanvas& canvas_;
    std::pair<PlotAxis, PlotAxis> axes_;  ///< FLOP/byte, TFLOP/s
    PlotBox plot_;
    double legend_width_ = 0;
};

}  // namespace

void draw_roofline(const RooflineChart& chart, bool is_log, const std::string& path) {
    PlotCanvas canvas(path, kWidth, kHeight);
    Drawing(chart, is_log, canvas).draw();
    canvas.save();
}

}  // namespace regatta::results
