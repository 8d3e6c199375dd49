#include "timing/profile_csv.hpp"

#include <csv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace regatta::timing {
namespace {

/// Each takes 8 bytes besides its text, and may have none.
constexpr std::size_t kMostFields = std::size_t{1} << 24;

/// What libcsv's callbacks fill.
struct Parsing {
    std::string text;
    std::vector<std::size_t> ends;
    struct Row {
        std::size_t end_field = 0;
        std::int64_t line = 0;
    };
    std::vector<Row> rows;
    std::int64_t line = 1;
    std::int64_t lines_in_row = 0;
    int last_ended_by = 0;
    bool has_too_many = false;  ///< fields: what follows is not kept

    static void on_field(void* bytes, std::size_t length, void* self) {
        Parsing& parsing = *static_cast<Parsing*>(self);
        const std::string_view field(static_cast<const char*>(bytes), length);
        if (parsing.ends.size() == kMostFields) parsing.has_too_many = true;
        if (parsing.has_too_many) return;
        parsing.text.append(field);
        parsing.ends.push_back(parsing.text.size());
        parsing.lines_in_row += std::count(field.begin(), field.end(), '\n');
    }
    static void on_row(int ended_by, void* self) {
        Parsing& parsing = *static_cast<Parsing*>(self);
        if (parsing.has_too_many) return;  // the line is that of the field too many
        const std::size_t before = parsing.rows.empty() ? 0 : parsing.rows.back().end_field;
        const bool is_empty = parsing.ends.size() == before;
        const bool is_second_half = is_empty && ended_by == '\n' && parsing.last_ended_by == '\r';
        parsing.last_ended_by = ended_by;
        if (is_second_half) return;
        if (!is_empty) parsing.rows.push_back({.end_field = parsing.ends.size(), .line = parsing.line});
        parsing.line += 1 + parsing.lines_in_row;
        parsing.lines_in_row = 0;
    }
};

void parse(const std::string& name, std::string_view text, Parsing& parsing) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    csv_parser parser{};
    // Every line end is reported, so that lines can be counted.
    REGATTA_CHECK(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == 0, "csv_init");
    const std::size_t parsed =
        csv_parse(&parser, text.data(), text.size(), &Parsing::on_field, &Parsing::on_row, &parsing);
    const bool is_whole =
        parsed == text.size() && csv_fini(&parser, &Parsing::on_field, &Parsing::on_row, &parsing) == 0;
    csv_free(&parser);
    if (parsing.has_too_many)
        throw InputError(fmt::format("{}:{}: expected at most {} fields in all", name, parsing.line, kMostFields));
    if (!is_whole) throw InputError(fmt::format("{}:{}: quotation marks do not match", name, parsing.line));
}

}  // namespace

CsvTable::CsvTable(std::string name, std::string_view text) : name_(std::move(name)) {
    Parsing parsing;
    parse(name_, text, parsing);
    if (parsing.rows.size() < 2)
        throw InputError(fmt::format("{}: expected a header and rows, found {}", name_,
                                     parsing.rows.empty() ? "an empty file" : "one line only"));
    text_ = std::move(parsing.text);
    ends_ = std::move(parsing.ends);
    const std::size_t width = parsing.rows.front().end_field;
    for (std::size_t i = 0; i < width; ++i)
        columns_.emplace_back(this->text(0, i));
    for (std::size_t row = 1; row < parsing.rows.size(); ++row) {
        const std::size_t fields = parsing.rows[row].end_field - parsing.rows[row - 1].end_field;
        if (fields != width)
            throw InputError(fmt::format("{}:{}: expected {} fields as in the header, found {}", name_,
                                         parsing.rows[row].line, width, fields));
        lines_.push_back(parsing.rows[row].line);
    }
    // From here on rows are counted without the header.
    const std::size_t header_end = ends_[width - 1];
    text_.erase(0, header_end);
    ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(width));
    for (std::size_t& end : ends_)
        end -= header_end;
}

std::optional<std::size_t> CsvTable::find_column(std::string_view column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found == columns_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t CsvTable::column(std::string_view column) const {
    if (const auto found = find_column(column)) return *found;
    throw InputError(fmt::format("{}: no column \"{}\"; there are: {}", name_, column, fmt::join(columns_, ", ")));
}

std::string_view CsvTable::text(std::size_t row, std::size_t column) const {
    const std::size_t field = row * columns_.size() + column;
    const std::size_t begin = field == 0 ? 0 : ends_[field - 1];
    return std::string_view(text_).substr(begin, ends_[field] - begin);
}

bool CsvTable::is_empty(std::size_t row, std::size_t column) const {
    const std::string_view field = text(row, column);
    return field.empty() || field == "nan" || field == "NaN";
}

double CsvTable::number(std::size_t row, std::size_t column) const {
    const std::string_view field = text(row, column);
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value))
        throw problem(row, fmt::format("{}: expected a number, found \"{}\"", columns_[column], field));
    return value;
}

std::int64_t CsvTable::count(std::size_t row, std::size_t column) const {
    constexpr double kMost = 1e15;
    const double value = number(row, column);
    if (!(value >= 0 && value <= kMost) || value != std::floor(value))
        throw problem(row, fmt::format("{}: expected a whole number of at least 0, found \"{}\"", columns_[column],
                                       text(row, column)));
    return static_cast<std::int64_t>(value);
}

InputError CsvTable::problem(std::size_t row, const std::string& what) const {
    return InputError(fmt::format("{}:{}: {}", name_, lines_[row], what));
}

}  // namespace regatta::timing
