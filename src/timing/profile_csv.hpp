#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::timing {

/// A CSV file with a header (RFC 4180, any line end), whole in memory. Mistakes are told with file, line and column.
class CsvTable {
public:
    /// `name` is the file's, for messages. Throws InputError when quotes do not match, there is no header or no row, or
    /// a row has not as many fields as the header.
    CsvTable(std::string name, std::string_view text);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::size_t rows() const { return lines_.size(); }
    [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
    [[nodiscard]] std::optional<std::size_t> find_column(std::string_view column) const;
    /// Throws InputError naming the columns there are.
    [[nodiscard]] std::size_t column(std::string_view column) const;

    [[nodiscard]] std::string_view text(std::size_t row, std::size_t column) const;
    [[nodiscard]] bool is_empty(std::size_t row, std::size_t column) const;  ///< no text, or "nan"
    /// A finite number; throws InputError when it is none.
    [[nodiscard]] double number(std::size_t row, std::size_t column) const;
    /// A whole number of at least 0, "64.0" included (how pandas writes columns that once had gaps).
    [[nodiscard]] std::int64_t count(std::size_t row, std::size_t column) const;

    [[nodiscard]] InputError problem(std::size_t row, const std::string& what) const;

private:
    std::string name_;
    std::vector<std::string> columns_;
    std::string text_;                 ///< of all fields
    std::vector<std::size_t> ends_;    ///< of fields in it, row by row
    std::vector<std::int64_t> lines_;  ///< of rows in the file
};

}  // namespace regatta::timing
