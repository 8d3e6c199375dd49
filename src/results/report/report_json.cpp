#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "results/report/make_report.hpp"

namespace regatta::results::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kReportFormat = 1;

/// Six digits: more than any screen shows, and a third of the bytes.
double short_number(double number) {
    return std::strtod(fmt::format("{:.6g}", number).c_str(), nullptr);
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

template <class Value>
Json all_or_null(const std::vector<std::optional<Value>>& values) {
    Json json = Json::array();
    for (const std::optional<Value>& value : values)
        json.push_back(or_null(value));
    return json;
}

Json short_numbers(const std::vector<double>& numbers) {
    Json json = Json::array();
    for (const double number : numbers)
        json.push_back(short_number(number));
    return json;
}

Json axis_json(const Axis& axis) {
    return {{"label", axis.label},        {"unit", axis.unit},         {"scale", axis.is_log ? "log" : "linear"},
            {"min", or_null(axis.least)}, {"max", or_null(axis.most)}, {"group", axis.group}};
}

const char* style_name(SeriesStyle style) {
    switch (style) {
        case SeriesStyle::Line:
            return "line";
        case SeriesStyle::Step:
            return "step";
        case SeriesStyle::Bars:
            return "bars";
        case SeriesStyle::Area:
            return "area";
    }
    return "";
}

Json series_json(const LineSeries& series) {
    Json y = Json::array();
    for (const std::optional<double>& value : series.y)
        y.push_back(value ? Json(short_number(*value)) : Json(nullptr));
    return {{"label", series.label}, {"color", series.color},        {"style", style_name(series.style)},
            {"dash", series.dash},   {"x", short_numbers(series.x)}, {"y", std::move(y)}};
}

void put(Json& json, const LinesChart& chart) {
    json["kind"] = "lines";
    json["x"] = axis_json(chart.x);
    json["y"] = axis_json(chart.y);
    json["series"] = Json::array();
    for (const LineSeries& series : chart.series)
        json["series"].push_back(series_json(series));
    json["lines"] = Json::array();
    for (const GuideLine& line : chart.lines)
        json["lines"].push_back({{"axis", line.is_on_x ? "x" : "y"}, {"value", line.value}, {"label", line.label}});
    json["marks"] = Json::array();
    for (const Mark& mark : chart.marks)
        json["marks"].push_back({{"x", mark.from}, {"to", mark.to}, {"label", mark.label}, {"kind", mark.kind}});
}

void put(Json& json, const StackedChart& chart) {
    json["kind"] = "stacked";
    json["x"] = {{"label", chart.x_label}};
    json["y"] = axis_json(chart.y);
    json["categories"] = chart.categories;
    json["series"] = Json::array();
    for (const StackedChart::Series& series : chart.series)
        json["series"].push_back({{"label", series.label}, {"color", series.color}, {"y", short_numbers(series.y)}});
}

void put(Json& json, const HeatChart& chart) {
    json["kind"] = "heat";
    json["x"] = axis_json(chart.x);
    json["y"] = {{"label", chart.y_label}};
    json["value"] = {{"label", chart.value.label}, {"unit", chart.value.unit}, {"max", or_null(chart.value.most)}};
    json["columns"] = chart.edges;
    json["rows"] = chart.rows;
    json["values"] = Json::array();
    for (const std::vector<double>& row : chart.values)
        json["values"].push_back(short_numbers(row));
}

Json chart_json(const Chart& chart) {
    Json json = {{"id", chart.id}, {"title", chart.title}, {"note", chart.note}};
    std::visit([&json](const auto& content) { put(json, content); }, chart.content);
    return json;
}

Json cell_json(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* number = std::get_if<double>(&cell)) return *number;
    return nullptr;
}

Json table_json(const Table& table) {
    Json json = {{"id", table.id}, {"title", table.title}, {"columns", Json::array()}, {"rows", Json::array()}};
    for (const Column& column : table.columns)
        json["columns"].push_back({{"label", column.label}, {"unit", column.unit}});
    for (const std::vector<Cell>& row : table.rows) {
        Json cells = Json::array();
        for (const Cell& cell : row)
            cells.push_back(cell_json(cell));
        json["rows"].push_back(std::move(cells));
    }
    return json;
}

Json section_json(const Section& section) {
    Json json = {{"id", section.id}, {"title", section.title}, {"text", section.text}};
    json["charts"] = Json::array();
    for (const Chart& chart : section.charts)
        json["charts"].push_back(chart_json(chart));
    json["tables"] = Json::array();
    for (const Table& table : section.tables)
        json["tables"].push_back(table_json(table));
    return json;
}

}  // namespace

std::string to_json(const Report& report) {
    Json json = {{"format", kReportFormat}, {"title", report.title}, {"program", report.program}};
    json["runs"] = Json::array();
    json["scenarios"] = Json::array();
    for (std::size_t run = 0; run < report.runs.size(); ++run) {
        const RunName& name = report.runs[run];
        json["runs"].push_back(
            {{"name", name.name}, {"path", name.path}, {"digest", name.digest}, {"seed", name.seed}, {"color", run}});
        json["scenarios"].push_back({{"run", run}, {"text", name.scenario}});
    }
    json["tiles"] = Json::array();
    for (const Tile& tile : report.tiles)
        json["tiles"].push_back({{"id", tile.id},
                                 {"label", tile.label},
                                 {"kind", tile.unit},
                                 {"values", all_or_null(tile.values)},
                                 {"detail", tile.details},
                                 {"target", all_or_null(tile.targets)},
                                 {"met", all_or_null(tile.met)}});
    json["sections"] = Json::array();
    for (const Section& section : report.sections)
        json["sections"].push_back(section_json(section));
    json["notes"] = report.notes;
    // A name that is no UTF-8 must not keep anybody from the figures.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace regatta::results::report
