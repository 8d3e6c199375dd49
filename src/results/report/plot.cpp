#include "results/report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "results/plot_axis.hpp"
#include "results/plot_canvas.hpp"
#include "results/plot_colors.hpp"
#include "results/show.hpp"

namespace regatta::results::report {
namespace {

// In points.
constexpr double kWidth = 900;
constexpr double kHeight = 480;
constexpr double kLeft = 84;
constexpr double kRight = 24;
constexpr double kTop = 58;
constexpr double kBottom = 88;
constexpr double kTextSize = 12;
constexpr double kLineWidth = 1.8;

const PlotCanvas::Font kPlain = {.size = kTextSize, .color = kPlotBlack};
const PlotCanvas::Font kFaint = {.size = kTextSize, .color = kPlotGrey};

const PlotColor& color_of(std::size_t index) {
    return kPlotColors.at(index % kPlotColors.size());
}

/// By run: a whole line, long dashes, short ones, dots.
std::vector<double> dashes_of(std::size_t run) {
    constexpr std::array<double, 4> kLengths = {0, 8, 4, 1.5};
    const double length = kLengths.at(run % kLengths.size());
    return length > 0 ? std::vector<double>{length, std::max(length * 0.6, 2.0)} : std::vector<double>();
}

/// As people read a value on an axis.
std::string tick_text(const PlotAxis::Tick& tick, const std::string& unit) {
    if (tick.label.empty()) return "";
    if (unit == "s" && tick.value > 0) return show_time(tick.value * 1e9);
    if (unit == "fraction") return fmt::format("{:g} %", 100 * tick.value);
    return tick.label;
}

std::string axis_text(const Axis& axis) {
    const bool says_unit = axis.unit == "s" || axis.unit == "fraction" || axis.unit.empty() || axis.unit == axis.label;
    return says_unit ? axis.label : fmt::format("{} [{}]", axis.label, axis.unit);
}

/// The least and the largest of what is drawn.
struct Extent {
    double least = 1e300;
    double most = -1e300;

    void hold(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }
};

/// What the axis says, or else what is drawn, a little wider.
PlotAxis plot_axis(const Axis& axis, Extent extent) {
    if (extent.most < extent.least) extent = {.least = axis.is_log ? 1.0 : 0.0, .most = axis.is_log ? 10.0 : 1.0};
    if (axis.is_log) {
        const double least = axis.least.value_or(extent.least);
        return {true, least, std::max(axis.most.value_or(extent.most), least * 1.25)};
    }
    const double least = axis.least.value_or(extent.least);
    const double room = axis.most ? 0 : 0.05 * (extent.most - least);
    const double most = axis.most.value_or(extent.most) + room;
    return {false, least, most > least ? most : least + 1};
}

/// A page with its title, two axes and a legend; what a kind of chart draws comes between.
class Drawing {
public:
    Drawing(const Chart& chart, PlotCanvas& canvas, PlotAxis x, PlotAxis y)
        : chart_(chart), canvas_(canvas), x_(x), y_(y) {}

    [[nodiscard]] double x(double value) const { return box.left + x_.position(value) * (box.right - box.left); }
    [[nodiscard]] double y(double value) const { return box.bottom - y_.position(value) * (box.bottom - box.top); }

    void title() {
        canvas_.text(box.left, 24, chart_.title, {.size = 16, .color = kPlotBlack, .is_bold = true});
        canvas_.text(box.left, 43, chart_.note, {.size = 11, .color = kPlotGrey});
    }
    void x_axis(const Axis& axis) {
        double last_end = -1e300;
        for (const PlotAxis::Tick& tick : x_.ticks()) {
            const double at = x(tick.value);
            const std::string text = tick_text(tick, axis.unit);
            canvas_.line(at, box.top, at, box.bottom, 1, kPlotGrey.at(text.empty() ? 0.1 : 0.25));
            const double width = canvas_.text_width(text, kPlain);
            if (text.empty() || at - width / 2 < last_end + 6) continue;
            canvas_.text(at, box.bottom + 17, text, kPlain, 0.5);
            last_end = at + width / 2;
        }
        canvas_.text((box.left + box.right) / 2, box.bottom + 37, axis_text(axis), kPlain, 0.5);
    }
    void y_axis(const Axis& axis) {
        for (const PlotAxis::Tick& tick : y_.ticks()) {
            const double at = y(tick.value);
            canvas_.line(box.left, at, box.right, at, 1, kPlotGrey.at(tick.label.empty() ? 0.1 : 0.25));
            canvas_.text(box.left - 7, at + 4, tick_text(tick, axis.unit), kPlain, 1);
        }
        canvas_.upright_text(18, (box.top + box.bottom) / 2, axis_text(axis), kPlain);
    }

    struct Entry {
        std::string text;
        std::size_t color = 0;
        std::optional<std::size_t> dash = {};  ///< none: an area
    };
    /// Below the chart, as many as the line holds.
    void legend(const std::vector<Entry>& entries) {
        double at = box.left;
        const double base = kHeight - 18;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const Entry& entry = entries[i];
            const double width = 34 + canvas_.text_width(entry.text, kPlain) + 16;
            if (at + width > kWidth - 70 && i + 1 < entries.size()) {
                canvas_.text(at, base, fmt::format("and {} more", entries.size() - i), kFaint);
                return;
            }
            if (entry.dash)
                canvas_.lines({{at, base - 4}, {at + 26, base - 4}}, 2.2, color_of(entry.color),
                              dashes_of(*entry.dash));
            else
                canvas_.fill({at + 10, base - 10, at + 24, base + 2}, color_of(entry.color));
            canvas_.text(at + 31, base, entry.text, kPlain);
            at += width;
        }
    }

    PlotBox box = {kLeft, kTop, kWidth - kRight, kHeight - kBottom};

private:
    const Chart& chart_;
    PlotCanvas& canvas_;
    PlotAxis x_;
    PlotAxis y_;
};

bool is_drawn(const LinesChart& chart, const LineSeries& series, std::size_t i) {
    return series.y[i] && !(chart.x.is_log && series.x[i] <= 0) && !(chart.y.is_log && *series.y[i] <= 0);
}

void draw_marks(const LinesChart& chart, const Drawing& drawing, PlotCanvas& canvas) {
    for (const Mark& mark : chart.marks) {
        const PlotColor color = color_of(mark.kind == "failure" ? 1 : mark.kind == "scale" ? 2 : 7);
        const double left = drawing.x(mark.from);
        const double right = drawing.x(mark.to);
        if (right - left > 1)
            canvas.fill({left, drawing.box.top, right, drawing.box.bottom}, color.at(0.15));
        else
            canvas.line(left, drawing.box.top, left, drawing.box.bottom, 1, color.at(0.6), true);
    }
}

/// Stretches without a value are gaps.
void draw_line(const LinesChart& chart, const LineSeries& series, const Drawing& drawing, PlotCanvas& canvas) {
    std::vector<PlotCanvas::Point> points;
    const auto flush = [&] {
        canvas.lines(points, kLineWidth, color_of(series.color), dashes_of(series.dash));
        points.clear();
    };
    for (std::size_t i = 0; i < series.x.size(); ++i) {
        if (!is_drawn(chart, series, i)) {
            flush();
            continue;
        }
        points.push_back({drawing.x(series.x[i]), drawing.y(*series.y[i])});
        if (series.style == SeriesStyle::Step && i + 1 < series.x.size())
            points.push_back({drawing.x(series.x[i + 1]), drawing.y(*series.y[i])});
    }
    flush();
}

void draw_bars(const LinesChart& chart, const LineSeries& series, const Drawing& drawing, PlotCanvas& canvas) {
    for (std::size_t i = 0; i + 1 < series.x.size(); ++i)
        if (is_drawn(chart, series, i) && *series.y[i] > 0)
            canvas.fill({drawing.x(series.x[i]) + 0.5, drawing.y(*series.y[i]), drawing.x(series.x[i + 1]) - 0.5,
                         drawing.box.bottom},
                        color_of(series.color).at(chart.series.size() > 1 ? 0.55 : 0.85));
}

void draw(const Chart& chart, const LinesChart& lines, PlotCanvas& canvas) {
    Extent x;
    Extent y;
    for (const LineSeries& series : lines.series)
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            if (!(lines.x.is_log && series.x[i] <= 0)) x.hold(series.x[i]);
            if (is_drawn(lines, series, i)) y.hold(*series.y[i]);
        }
    Drawing drawing(chart, canvas, plot_axis(lines.x, x), plot_axis(lines.y, y));
    drawing.title();
    drawing.x_axis(lines.x);
    drawing.y_axis(lines.y);
    canvas.clip(drawing.box);
    draw_marks(lines, drawing, canvas);
    std::vector<Drawing::Entry> entries;
    for (const LineSeries& series : lines.series) {
        const bool is_bars = series.style == SeriesStyle::Bars;
        if (is_bars)
            draw_bars(lines, series, drawing, canvas);
        else
            draw_line(lines, series, drawing, canvas);
        entries.push_back(
            {.text = series.label, .color = series.color, .dash = is_bars ? std::nullopt : std::optional(series.dash)});
    }
    for (const GuideLine& line : lines.lines) {
        const double at = line.is_on_x ? drawing.x(line.value) : drawing.y(line.value);
        if (line.is_on_x)
            canvas.line(at, drawing.box.top, at, drawing.box.bottom, 1.2, kPlotBlack, true);
        else
            canvas.line(drawing.box.left, at, drawing.box.right, at, 1.2, kPlotBlack, true);
    }
    canvas.unclip();
    canvas.frame(drawing.box, kPlotGrey);
    drawing.legend(entries);
}

void draw(const Chart& chart, const StackedChart& stacked, PlotCanvas& canvas) {
    Extent y{.least = 0, .most = 0};
    for (std::size_t i = 0; i < stacked.categories.size(); ++i) {
        double sum = 0;
        for (const StackedChart::Series& series : stacked.series)
            sum += series.y[i];
        y.hold(sum);
    }
    const auto count = static_cast<double>(std::max<std::size_t>(stacked.categories.size(), 1));
    Drawing drawing(chart, canvas, PlotAxis(false, 0, count), plot_axis(stacked.y, y));
    drawing.title();
    drawing.y_axis(stacked.y);
    std::vector<Drawing::Entry> entries;
    for (const StackedChart::Series& series : stacked.series)
        entries.push_back({.text = series.label, .color = series.color});
    for (std::size_t i = 0; i < stacked.categories.size(); ++i) {
        const auto place = static_cast<double>(i);
        double below = 0;
        for (const StackedChart::Series& series : stacked.series) {
            canvas.fill(
                {drawing.x(place + 0.15), drawing.y(below + series.y[i]), drawing.x(place + 0.85), drawing.y(below)},
                color_of(series.color));
            below += series.y[i];
        }
        canvas.text(drawing.x(place + 0.5), drawing.box.bottom + 17, stacked.categories[i], kPlain, 0.5);
    }
    canvas.text((drawing.box.left + drawing.box.right) / 2, drawing.box.bottom + 37, stacked.x_label, kPlain, 0.5);
    canvas.frame(drawing.box, kPlotGrey);
    drawing.legend(entries);
}

/// From white to the first colour.
PlotColor shade(double part) {
    const PlotColor& full = kPlotColors.front();
    const auto mix = [part](double channel) { return 1 + (channel - 1) * part; };
    return {mix(full.red), mix(full.green), mix(full.blue)};
}

void draw(const Chart& chart, const HeatChart& heat, PlotCanvas& canvas) {
    const auto rows = static_cast<double>(std::max<std::size_t>(heat.rows.size(), 1));
    Drawing drawing(chart, canvas, plot_axis(heat.x, {.least = heat.edges.front(), .most = heat.edges.back()}),
                    PlotAxis(false, 0, rows));
    drawing.title();
    const double most = std::max(heat.value.most.value_or(0), 1e-300);
    for (std::size_t row = 0; row < heat.rows.size(); ++row) {
        // The first row at the top.
        const double top = drawing.y(rows - static_cast<double>(row));
        const double bottom = drawing.y(rows - static_cast<double>(row) - 1);
        for (std::size_t column = 0; column + 1 < heat.edges.size(); ++column)
            canvas.fill({drawing.x(heat.edges[column]), top, drawing.x(heat.edges[column + 1]), bottom},
                        shade(heat.values[row][column] / most));
        if (bottom - top >= kTextSize - 1 || row % 8 == 0)
            canvas.text(drawing.box.left - 7, top + std::min(bottom - top, kTextSize), heat.rows[row],
                        {.size = 9, .color = kPlotBlack}, 1);
    }
    drawing.x_axis(heat.x);
    canvas.frame(drawing.box, kPlotGrey);
    constexpr int kShades = 24;
    for (int i = 0; i < kShades; ++i)
        canvas.fill({drawing.box.left + i * 6.0, kHeight - 28, drawing.box.left + i * 6.0 + 6, kHeight - 16},
                    shade(static_cast<double>(i) / (kShades - 1)));
    canvas.text(drawing.box.left + kShades * 6 + 10, kHeight - 18,
                fmt::format("0 to {} {}", show_number(most), heat.value.label), kPlain);
}

}  // namespace

void draw_chart(const Chart& chart, const std::string& path) {
    PlotCanvas canvas(path, kWidth, kHeight);
    std::visit([&](const auto& content) { draw(chart, content, canvas); }, chart.content);
    canvas.save();
}

}  // namespace regatta::results::report
