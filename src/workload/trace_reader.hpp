#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "regatta/base/time.hpp"
#include "workload/csv_rows.hpp"
#include "workload/workload.hpp"

namespace regatta::workload {

/// One selected row of a trace.
struct TraceRow {
    std::uint64_t row = 0;  ///< in the file, counting requests from 0: windows and limits do not change it
    SimTime arrival;        ///< after window and scaling
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
};

/// Reads a trace row by row. Formats are known by the names in the header (in any order, others beside them):
/// - Vidur: arrived_at [s], num_prefill_tokens, num_decode_tokens;
/// - Azure: TIMESTAMP (a time stamp), ContextTokens, GeneratedTokens;
/// - plain: arrival_s, input_tokens, output_tokens;
/// - any other by `TraceInput::columns`; arrivals in seconds or as time stamps, as the first row has them.
/// Seconds are taken as they are; time stamps count from the first row. A prompt or answer of no tokens is an error:
/// the public traces hold none, and a request without an answer is nothing that can be served.
class TraceReader {
public:
    /// Opens the file and understands its header. Throws InputError.
    explicit TraceReader(const TraceInput& input);

    /// The next selected row; none at the end. Throws InputError with the line of what is wrong.
    [[nodiscard]] std::optional<TraceRow> next();
    /// Rows read so far, selected or not.
    [[nodiscard]] std::uint64_t rows_read() const { return rows_read_; }

private:
    struct Column {
        std::string name;
        std::size_t index = 0;
    };
    void find_columns();
    [[nodiscard]] Column column(std::string_view name) const;
    [[nodiscard]] std::string at_line(std::string_view problem) const;
    [[nodiscard]] std::string_view field(const Column& column) const { return rows_.fields()[column.index]; }
    /// Own time of the trace [ns].
    [[nodiscard]] std::int64_t read_arrival_ns();
    [[nodiscard]] std::uint32_t read_tokens(const Column& column) const;
    [[nodiscard]] SimTime replayed(std::int64_t own_time_ns) const;

    TraceInput input_;
    CsvRows rows_;
    std::size_t fields_per_row_ = 0;
    Column arrival_;
    Column prompt_;
    Column output_;
    bool has_timestamps_ = false;
    std::int64_t first_timestamp_ns_ = 0;
    std::int64_t last_own_time_ns_ = 0;
    std::uint64_t rows_read_ = 0;
    std::uint64_t rows_selected_ = 0;
};

}  // namespace regatta::workload
