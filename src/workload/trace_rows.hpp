#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workload/workload.hpp"

namespace regatta::workload {

/// One request of a trace as the file has it, before windows, limits and scaling.
struct OwnRow {
    std::int64_t time_ns = 0;  ///< own time of the trace
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint64_t prefix = 0;  ///< prefix_handle() of the prompt's blocks; 0: none
    /// Of the request in the file, from 0; none: they come in the order of their numbers.
    std::optional<std::uint64_t> number = {};
};

/// The requests of a file in one of the formats of traces, line by line.
class TraceRows {
public:
    virtual ~TraceRows() = default;
    /// None at the end. Throws InputError with the line of what is wrong.
    [[nodiscard]] virtual std::optional<OwnRow> next() = 0;
    /// A message about the row that next() gave, with file and line.
    [[nodiscard]] virtual std::string at_line(std::string_view problem) const = 0;
    /// That row's time as the file has it: `arrival_s: "0.4"`.
    [[nodiscard]] virtual std::string arrival_text() const = 0;
};

/// Chooses the format by what the file begins with: JSON objects, or the header of a CSV file.
[[nodiscard]] std::unique_ptr<TraceRows> open_trace(const TraceInput& input);

/// What stands in the file, fit for a terminal: printable, and not endless.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace regatta::workload
