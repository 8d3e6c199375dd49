#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regatta::results {

/// What bounds the points: the slope of the memory, and the height of the arithmetic.
struct RooflineRoof {
    std::string name;
    double peak_flops_per_s = 0;
    double bandwidth_bytes_per_s = 0;
    [[nodiscard]] double ridge_flops_per_byte() const { return peak_flops_per_s / bandwidth_bytes_per_s; }
    bool operator==(const RooflineRoof&) const = default;
};

/// Points of one operator or matrix.
struct RooflineSeries {
    std::string name;
    std::size_t shape = 0;   ///< of the marker; one for each operator or matrix
    std::size_t color = 0;   ///< of the roof where there are several, else as the shape
    bool is_hollow = false;  ///< a decode, where there are prefills, too
};

struct RooflinePoint {
    std::size_t series = 0;
    std::size_t size = 0;  ///< index into the chart's sizes
    double flops_per_byte = 0;
    double flops_per_s = 0;
};

/// What a roofline plot shows.
struct RooflineChart {
    std::string title;
    std::string subtitle;  ///< may be empty
    std::vector<RooflineRoof> roofs;
    std::vector<RooflineSeries> series;
    std::vector<RooflinePoint> points;
    std::string size_name;            ///< "input size", "batch" or "length"
    std::vector<std::int64_t> sizes;  ///< ascending: a point of a larger one is drawn larger
};

/// The chart of what `regatta roofline` printed as CSV or JSON; `name` is the file's, for messages. Operators that
/// compute nothing or move nothing are left out, and so are totals where there are operators. Throws InputError when
/// the text is something else, or nothing is left.
[[nodiscard]] RooflineChart read_roofline_chart(const std::string& name, std::string_view text);

}  // namespace regatta::results
