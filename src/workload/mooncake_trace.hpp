#pragma once

#include "workload/text_lines.hpp"
#include "workload/trace_rows.hpp"

namespace regatta::workload {

/// The traces that Mooncake publishes: a JSON object per line with `timestamp` [ms], `input_length` and `output_length`
/// [tokens] and `hash_ids`, the ids of the prompt's blocks of 512 tokens. Of the ids the handle of the whole chain is
/// kept; other keys are passed over. Source: Qin et al., "Mooncake", FAST 2025; kvcache-ai/Mooncake, FAST25-release.
class MooncakeTrace final : public TraceRows {
public:
    explicit MooncakeTrace(const std::string& path) : lines_(path) {}

    [[nodiscard]] std::optional<OwnRow> next() override;
    [[nodiscard]] std::string at_line(std::string_view problem) const override;
    [[nodiscard]] std::string arrival_text() const override { return arrival_text_; }

private:
    TextLines lines_;
    std::string arrival_text_;
};

}  // namespace regatta::workload
