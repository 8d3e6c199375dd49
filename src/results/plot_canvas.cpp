#include "results/plot_canvas.hpp"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/temporary_file.hpp"

namespace regatta::results {
namespace {

constexpr double kPngScale = 2;  // pixels of a point

struct Destroy {
    void operator()(cairo_t* context) const { cairo_destroy(context); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy>;

bool is_svg(const std::string& path) {
    if (path.ends_with(".svg")) return true;
    if (path.ends_with(".png")) return false;
    throw InputError(fmt::format("{}: expected a name that ends in .svg or .png", path));
}

Surface surface_of(const std::string& path, const std::string& temporary_path, double width, double height) {
    if (is_svg(path)) return Surface(cairo_svg_surface_create(temporary_path.c_str(), width, height));
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width * kPngScale),
                                               static_cast<int>(height * kPngScale)));
    cairo_surface_set_device_scale(surface.get(), kPngScale, kPngScale);
    return surface;
}

/// A regular polygon, or a star when `inner` is less than 1.
void outline(cairo_t* context, double x, double y, double radius, int corners, double turn, double inner = 1) {
    const int steps = inner < 1 ? 2 * corners : corners;
    for (int i = 0; i < steps; ++i) {
        const double angle = turn + 2 * std::numbers::pi * i / steps;
        const double reach = radius * (i % 2 == 1 ? inner : 1);
        cairo_line_to(context, x + reach * std::cos(angle), y + reach * std::sin(angle));
    }
    cairo_close_path(context);
}

constexpr double kUp = -std::numbers::pi / 2;

void marker_outline(cairo_t* context, std::size_t shape, double x, double y, double radius) {
    switch (shape % PlotCanvas::kMarkers) {
        case 0:
            cairo_new_sub_path(context);
            return cairo_arc(context, x, y, radius, 0, 2 * std::numbers::pi);
        case 1:
            return outline(context, x, y, 1.2 * radius, 4, std::numbers::pi / 4);
        case 2:
            return outline(context, x, y + 0.2 * radius, 1.3 * radius, 3, kUp);
        case 3:
            return outline(context, x, y, 1.3 * radius, 4, kUp);
        case 4:
            return outline(context, x, y - 0.2 * radius, 1.3 * radius, 3, -kUp);
        case 5:
            return outline(context, x, y, 1.15 * radius, 6, 0);
        default:
            return outline(context, x, y, 1.5 * radius, 4, kUp, 0.45);
    }
}

}  // namespace

struct PlotCanvas::State {
    State(std::string wanted, double width, double height)
        : path(std::move(wanted)),
          temporary_path(path + ".part"),
          temporary(temporary_path, path),
          surface(surface_of(path, temporary_path, width, height)),
          context(cairo_create(surface.get())) {}

    [[nodiscard]] cairo_t* get() const { return context.get(); }
    void color(const PlotColor& color) const {
        cairo_set_source_rgba(get(), color.red, color.green, color.blue, color.opacity);
    }
    void font(const Font& font) const {
        cairo_select_font_face(get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               font.is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(get(), font.size);
        color(font.color);
    }
    void paint(const Paint& paint) const {
        color(paint.inside);
        cairo_fill_preserve(get());
        color(paint.edge);
        cairo_set_line_width(get(), paint.edge_width);
        cairo_stroke(get());
    }
    void trace(const PlotBox& box) const {
        cairo_rectangle(get(), box.left, box.top, box.right - box.left, box.bottom - box.top);
    }

    std::string path;
    std::string temporary_path;
    TemporaryFile temporary;  ///< outlives the open file
    Surface surface;
    std::unique_ptr<cairo_t, Destroy> context;
};

PlotCanvas::PlotCanvas(std::string path, double width, double height) {
    static_cast<void>(is_svg(path));
    state_ = std::make_unique<State>(std::move(path), width, height);
    fill({0, 0, width, height}, {1, 1, 1});
}

PlotCanvas::~PlotCanvas() = default;

void PlotCanvas::line(double x0, double y0, double x1, double y1, double width, const PlotColor& color,
                      bool is_dashed) {
    const std::array<double, 2> dashes = {4 * width, 2 * width};
    cairo_set_dash(state_->get(), dashes.data(), is_dashed ? static_cast<int>(dashes.size()) : 0, 0);
    state_->color(color);
    cairo_set_line_width(state_->get(), width);
    cairo_move_to(state_->get(), x0, y0);
    cairo_line_to(state_->get(), x1, y1);
    cairo_stroke(state_->get());
    cairo_set_dash(state_->get(), nullptr, 0, 0);
}

void PlotCanvas::lines(const std::vector<Point>& points, double width, const PlotColor& color,
                       const std::vector<double>& dashes) {
    if (points.empty()) return;
    cairo_set_dash(state_->get(), dashes.data(), static_cast<int>(dashes.size()), 0);
    cairo_set_line_join(state_->get(), CAIRO_LINE_JOIN_ROUND);
    state_->color(color);
    cairo_set_line_width(state_->get(), width);
    cairo_move_to(state_->get(), points.front().x, points.front().y);
    for (const Point& point : points)
        cairo_line_to(state_->get(), point.x, point.y);
    cairo_stroke(state_->get());
    cairo_set_dash(state_->get(), nullptr, 0, 0);
}

void PlotCanvas::fill(const PlotBox& box, const PlotColor& color) {
    state_->color(color);
    state_->trace(box);
    cairo_fill(state_->get());
}

void PlotCanvas::frame(const PlotBox& box, const PlotColor& color) {
    state_->color(color);
    state_->trace(box);
    cairo_set_line_width(state_->get(), 1);
    cairo_stroke(state_->get());
}

void PlotCanvas::marker(std::size_t shape, double x, double y, double radius, const Paint& paint) {
    marker_outline(state_->get(), shape, x, y, radius);
    state_->paint(paint);
}

void PlotCanvas::star(double x, double y, double radius, const Paint& paint) {
    outline(state_->get(), x, y, radius, 5, kUp, 0.45);
    state_->paint(paint);
}

double PlotCanvas::text_width(const std::string& text, const Font& font) {
    state_->font(font);
    cairo_text_extents_t extents;
    cairo_text_extents(state_->get(), text.c_str(), &extents);
    return extents.x_advance;
}

void PlotCanvas::text(double x, double y, const std::string& text, const Font& font, double align) {
    const double width = text_width(text, font);
    cairo_move_to(state_->get(), x - align * width, y);
    cairo_show_text(state_->get(), text.c_str());
    cairo_new_path(state_->get());
}

void PlotCanvas::upright_text(double x, double y, const std::string& text, const Font& font) {
    cairo_save(state_->get());
    cairo_translate(state_->get(), x, y);
    cairo_rotate(state_->get(), kUp);
    this->text(0, 0, text, font, 0.5);
    cairo_restore(state_->get());
}

void PlotCanvas::clip(const PlotBox& box) {
    cairo_save(state_->get());
    state_->trace(box);
    cairo_clip(state_->get());
}

void PlotCanvas::unclip() {
    cairo_restore(state_->get());
}

void PlotCanvas::save() {
    cairo_status_t status = cairo_status(state_->get());
    if (status == CAIRO_STATUS_SUCCESS && !is_svg(state_->path))
        status = cairo_surface_write_to_png(state_->surface.get(), state_->temporary_path.c_str());
    cairo_surface_finish(state_->surface.get());
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(state_->surface.get());
    if (status != CAIRO_STATUS_SUCCESS)
        throw IoError(fmt::format("{}: cannot be written: {}", state_->path, cairo_status_to_string(status)));
    state_->temporary.keep();
}

}  // namespace regatta::results
