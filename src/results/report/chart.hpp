#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a report shows, apart from how: the page (through JSON) and the plots of `--png` both draw these.
namespace regatta::results::report {

/// One axis. Values are in `unit`: "s", "fraction", "requests/s", ...; see to_json.hpp.
struct Axis {
    std::string label;
    std::string unit;
    bool is_log = false;
    std::optional<double> least = {};  ///< none: what is drawn decides
    std::optional<double> most = {};
    std::string group = {};  ///< charts of one group zoom together; empty: alone
};

enum class SeriesStyle { Line, Step, Bars, Area };

/// Values over x, ascending. Step and Bars: y[i] holds from x[i] to x[i + 1].
struct LineSeries {
    std::string label;
    std::size_t color = 0;
    SeriesStyle style = SeriesStyle::Line;
    std::size_t dash = 0;  ///< of the run, where several are overlaid
    std::vector<double> x = {};
    std::vector<std::optional<double>> y = {};

    void add(double at, std::optional<double> value) {
        x.push_back(at);
        y.push_back(value);
    }
};

/// A line across the whole chart, such as a target.
struct GuideLine {
    bool is_on_x = false;
    double value = 0;
    std::string label;
};

/// Something that happened, from `from` to `to` (equal: at once), on the x axis.
struct Mark {
    double from = 0;
    double to = 0;
    std::string label;
    std::string kind;  ///< failure, scale, maintenance, other
};

struct LinesChart {
    Axis x;
    Axis y;
    std::vector<LineSeries> series = {};
    std::vector<GuideLine> lines = {};
    std::vector<Mark> marks = {};
};

/// Bars of categories, each the sum of its series.
struct StackedChart {
    struct Series {
        std::string label;
        std::size_t color = 0;
        std::vector<double> y = {};  ///< one value for each category
    };
    std::string x_label;
    Axis y;
    std::vector<std::string> categories = {};
    std::vector<Series> series = {};
};

/// Rows over time.
struct HeatChart {
    Axis x;
    std::string y_label;
    Axis value;
    std::vector<double> edges = {};  ///< of the columns, one more than there are
    std::vector<std::string> rows = {};
    std::vector<std::vector<double>> values = {};  ///< row by row
};

struct Chart {
    std::string id;  ///< lower case, digits and hyphens; once in a report
    std::string title;
    std::string note;  ///< a sentence, or empty
    std::variant<LinesChart, StackedChart, HeatChart> content;
};

/// A cell is text, a number in its column's unit, or empty.
using Cell = std::variant<std::monostate, std::string, double>;
[[nodiscard]] inline Cell cell(const std::optional<double>& number) {
    Cell cell;
    if (number) cell = *number;
    return cell;
}
struct Column {
    std::string label;
    std::string unit;  ///< "text": of cells with text
};
struct Table {
    std::string id;
    std::string title;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows = {};
};

/// One headline figure of all runs; lists have one element for each run.
struct Tile {
    std::string id;  ///< where `regatta-post stats --json` has it: "ttft.p99_s"
    std::string label;
    std::string unit;
    std::vector<std::optional<double>> values = {};
    std::vector<std::string> details = {};
    std::vector<std::optional<double>> targets = {};
    std::vector<std::optional<bool>> met = {};
};

struct Section {
    std::string id;
    std::string title;
    std::string text;
    std::vector<Chart> charts = {};
    std::vector<Table> tables = {};
};

/// One run, as the page names it.
struct RunName {
    std::string name;
    std::string path;
    std::string digest;
    std::string seed;
    std::string scenario;  ///< resolved
};

struct Report {
    std::string title;
    std::string program;
    std::vector<RunName> runs;
    std::vector<Tile> tiles;
    std::vector<Section> sections;
    std::vector<std::string> notes;
};

}  // namespace regatta::results::report
