#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workload/trace_rows.hpp"

namespace regatta::workload {

/// One request of a Scratchpad trace that has something to compute.
struct ScratchpadRow {
    std::uint64_t line = 0;  ///< from 0: the request's number
    std::int64_t time_ns = 0;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint32_t model = 0;  ///< of `models`
};

/// A trace of the Scratchpad simulator (trace.jsonl): an object per line with model, reported_token_input,
/// reported_token_output and created_at. Lines with a length of 0 or less are no requests, but keep their number.
struct ScratchpadRequests {
    std::uint64_t lines = 0;
    std::vector<std::string> models;  ///< in the order in which they are first asked for
    std::vector<ScratchpadRow> rows;  ///< by line
};

enum class ScratchpadTimes {
    Recorded,  ///< created_at is read
    Ignored,   ///< as that simulator does
};

/// The trace whose unpacked text this is. Throws InputError with the first bad line ("trace.jsonl:17: ...").
[[nodiscard]] ScratchpadRequests read_scratchpad(const std::string& path, std::string_view text, ScratchpadTimes times);

/// Whether a line of JSON looks like one of such a trace.
[[nodiscard]] bool is_scratchpad_line(std::string_view line);

/// The same as a trace to replay: by created_at, for lines need not be in order of time, the earliest at 0. All of it
/// is kept in memory, 32 bytes a request. With `model`: the requests for it alone.
class ScratchpadTrace final : public TraceRows {
public:
    ScratchpadTrace(const std::string& path, const std::string& model);

    [[nodiscard]] std::optional<OwnRow> next() override;
    [[nodiscard]] std::string at_line(std::string_view problem) const override;
    [[nodiscard]] std::string arrival_text() const override;

private:
    std::string path_;
    ScratchpadRequests requests_;
    std::size_t next_ = 0;
};

}  // namespace regatta::workload
