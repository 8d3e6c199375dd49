#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace regatta::workload {

/// The rows of a CSV file (RFC 4180, comma, any line end, blank lines skipped), streamed: plain, gzip or zstd.
class CsvRows {
public:
    explicit CsvRows(const std::string& path);
    ~CsvRows();
    CsvRows(const CsvRows&) = delete;
    CsvRows& operator=(const CsvRows&) = delete;

    /// Goes to the next row; false at the end. Throws InputError with the line when quotes do not match or a row is
    /// longer than 1 MiB, and what TextInput throws.
    [[nodiscard]] bool next();
    /// Of the row, without surrounding quotes or blanks. Valid until next().
    [[nodiscard]] std::span<const std::string_view> fields() const;
    /// The line on which the row starts, from 1.
    [[nodiscard]] std::int64_t line() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::workload
