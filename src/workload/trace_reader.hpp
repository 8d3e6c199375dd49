#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "regatta/base/time.hpp"
#include "workload/trace_rows.hpp"
#include "workload/workload.hpp"

namespace regatta::workload {

/// One selected row of a trace.
struct TraceRow {
    std::uint64_t row = 0;  ///< in the file, counting requests from 0: windows and limits do not change it
    SimTime arrival;        ///< after window and scaling
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint64_t prefix = 0;  ///< 0: none
};

/// Reads a trace row by row, of any format that open_trace knows: what of it is replayed, and when.
class TraceReader {
public:
    /// Opens the file and understands how it begins. Throws InputError.
    explicit TraceReader(const TraceInput& input) : input_(input), rows_(open_trace(input)) {}

    /// The next selected row; none at the end. Throws InputError with the line of what is wrong.
    [[nodiscard]] std::optional<TraceRow> next();
    /// Rows read so far, selected or not.
    [[nodiscard]] std::uint64_t rows_read() const { return rows_read_; }

private:
    [[nodiscard]] SimTime replayed(std::int64_t own_time_ns) const;
    [[nodiscard]] Lengths lengths_of(const OwnRow& row) const;

    TraceInput input_;
    std::unique_ptr<TraceRows> rows_;
    std::int64_t last_own_time_ns_ = 0;
    std::uint64_t rows_read_ = 0;
    std::uint64_t rows_selected_ = 0;
};

}  // namespace regatta::workload
