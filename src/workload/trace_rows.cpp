#include "workload/trace_rows.hpp"

#include <fmt/format.h>

#include <array>

#include "regatta/base/errors.hpp"
#include "workload/csv_trace.hpp"
#include "workload/mooncake_trace.hpp"
#include "workload/scratchpad_trace.hpp"
#include "workload/text_input.hpp"
#include "workload/text_lines.hpp"

namespace regatta::workload {
namespace {

// Longest piece of a file that a message repeats.
constexpr std::size_t kMostShown = 120;

bool begins_with_json(const std::string& path) {
    TextInput input(path);
    std::array<char, 4096> buffer{};
    const std::string_view text(buffer.data(), input.read(buffer));
    const std::size_t first = text.find_first_not_of("\xef\xbb\xbf \t\r\n");
    return first != std::string_view::npos && text[first] == '{';
}

/// Of a file of JSON: by its first line.
bool is_scratchpad(const std::string& path) {
    TextLines lines(path);
    return lines.next() && is_scratchpad_line(lines.line());
}

}  // namespace

std::unique_ptr<TraceRows> open_trace(const TraceInput& input) {
    const bool is_json = begins_with_json(input.path);
    if (is_json && !input.columns.empty())
        throw InputError(fmt::format("{}: columns: a JSONL trace has no columns to be named", input.path));
    if (is_json && is_scratchpad(input.path)) return std::make_unique<ScratchpadTrace>(input.path, input.model);
    if (!input.model.empty())
        throw InputError(
            fmt::format("{}: trace_model: requests of this trace do not say what they ask for", input.path));
    if (is_json) return std::make_unique<MooncakeTrace>(input.path);
    return std::make_unique<CsvTrace>(input.path, input.columns);
}

std::string shown(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, kMostShown)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    return text.size() > kMostShown ? result + "..." : result;
}

}  // namespace regatta::workload
