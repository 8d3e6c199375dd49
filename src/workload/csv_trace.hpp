#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "workload/csv_rows.hpp"
#include "workload/trace_rows.hpp"

namespace regatta::workload {

/// A trace as a CSV file. Formats are known by the names in the header (in any order, others beside them):
/// - Vidur: arrived_at [s], num_prefill_tokens, num_decode_tokens;
/// - Azure: TIMESTAMP (a time stamp), ContextTokens, GeneratedTokens;
/// - plain: arrival_s, input_tokens, output_tokens, and, where it is there, prefix (a handle, 0: none);
/// - any other by `columns`; arrivals in seconds or as time stamps, as the first row has them.
/// Seconds are taken as they are; time stamps count from the first row. A prompt or answer of no tokens is an error:
/// the public traces hold none, and a request without an answer is nothing that can be served.
class CsvTrace final : public TraceRows {
public:
    /// Opens the file and understands its header. Throws InputError.
    CsvTrace(const std::string& path, std::map<std::string, std::string> columns);

    [[nodiscard]] std::optional<OwnRow> next() override;
    [[nodiscard]] std::string at_line(std::string_view problem) const override;
    [[nodiscard]] std::string arrival_text() const override;

private:
    struct Column {
        std::string name;
        std::size_t index = 0;
    };
    void find_columns();
    [[nodiscard]] Column column(std::string_view name) const;
    [[nodiscard]] std::string_view field(const Column& column) const { return rows_.fields()[column.index]; }
    /// Own time of the trace [ns].
    [[nodiscard]] std::int64_t read_arrival_ns();
    [[nodiscard]] std::uint32_t read_tokens(const Column& column) const;
    [[nodiscard]] std::uint64_t read_prefix(const Column& column) const;

    std::string path_;
    std::map<std::string, std::string> columns_;
    CsvRows rows_;
    std::size_t fields_per_row_ = 0;
    Column arrival_;
    Column prompt_;
    Column output_;
    std::optional<Column> prefix_;
    bool has_timestamps_ = false;
    std::int64_t first_timestamp_ns_ = 0;
    bool is_first_ = true;
};

}  // namespace regatta::workload
