#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace regatta::results {

struct PlotColor {
    double red = 0;
    double green = 0;
    double blue = 0;
    double opacity = 1;
    [[nodiscard]] PlotColor at(double other_opacity) const { return {red, green, blue, other_opacity}; }
};

struct PlotBox {
    double left = 0;
    double top = 0;
    double right = 0;
    double bottom = 0;
    [[nodiscard]] bool overlaps(const PlotBox& other) const {
        return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
    [[nodiscard]] bool holds(const PlotBox& other) const {
        return left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom;
    }
};

/// A page to draw on, in points from its upper left corner; SVG or PNG, as the file's name ends. Everything that is
/// drawn goes through here.
class PlotCanvas {
public:
    /// Throws InputError for another ending.
    PlotCanvas(std::string path, double width, double height);
    ~PlotCanvas();
    PlotCanvas(const PlotCanvas&) = delete;
    PlotCanvas& operator=(const PlotCanvas&) = delete;

    void line(double x0, double y0, double x1, double y1, double width, const PlotColor& color, bool is_dashed = false);
    struct Point {
        double x = 0;
        double y = 0;
    };
    /// From point to point. `dashes`: lengths in points of line and gap by turns; empty: no gaps.
    void lines(const std::vector<Point>& points, double width, const PlotColor& color,
               const std::vector<double>& dashes = {});
    void fill(const PlotBox& box, const PlotColor& color);
    void frame(const PlotBox& box, const PlotColor& color);

    /// So many shapes that are told apart.
    static constexpr std::size_t kMarkers = 7;
    struct Paint {
        PlotColor inside;
        PlotColor edge;
        double edge_width = 1;
    };
    /// One of the shapes (the remainder of `shape`), of about the same area for the same radius.
    void marker(std::size_t shape, double x, double y, double radius, const Paint& paint);
    void star(double x, double y, double radius, const Paint& paint);

    struct Font {
        double size = 12;
        PlotColor color = {};
        bool is_bold = false;
    };
    [[nodiscard]] double text_width(const std::string& text, const Font& font);
    /// `align`: which part of the text stands at x, 0 its beginning, 1 its end; y is the base line.
    void text(double x, double y, const std::string& text, const Font& font, double align = 0);
    /// From below to above, its middle at (x, y).
    void upright_text(double x, double y, const std::string& text, const Font& font);

    /// Nothing is drawn outside of the box until unclip().
    void clip(const PlotBox& box);
    void unclip();

    /// The file gets its name. Throws IoError.
    void save();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace regatta::results
