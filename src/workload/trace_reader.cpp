#include "workload/trace_reader.hpp"

#include <fmt/format.h>

#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

std::string seconds_text(std::int64_t ns) {
    return fmt::format("{} s", static_cast<double>(ns) * 1e-9);
}

}  // namespace

SimTime TraceReader::replayed(std::int64_t own_time_ns) const {
    const std::int64_t shifted_ns = own_time_ns - input_.window_from.ns();
    if (input_.rate_scale == 1) return SimTime::from_ns(shifted_ns);
    // One division of IEEE doubles, the same everywhere, rounded once to whole ns; whole ns are exact in a double up to
    // 2^53 ns, which is 104 days.
    const double scaled_ns = static_cast<double>(shifted_ns) / input_.rate_scale;
    if (!(scaled_ns < static_cast<double>(SimTime::never().ns())))
        throw InputError(rows_->at_line(
            fmt::format("{} comes after {:.3g} s at a rate_scale of {}; expected at most {} s", rows_->arrival_text(),
                        scaled_ns * 1e-9, input_.rate_scale, SimTime::never().ns() / 1'000'000'000)));
    return SimTime::from_ns(std::llround(scaled_ns));
}

Lengths TraceReader::lengths_of(const OwnRow& row) const {
    const auto prompt = static_cast<std::int64_t>(static_cast<double>(row.prompt_tokens) * input_.prompt_scale);
    const auto output = static_cast<std::int64_t>(static_cast<double>(row.output_tokens) * input_.output_scale);
    return cut_prompt(prompt, output, input_.max_tokens.value_or(UINT32_MAX));
}

std::optional<TraceRow> TraceReader::next() {
    while (!(input_.limit && rows_selected_ >= *input_.limit)) {
        const auto own = rows_->next();
        if (!own) return std::nullopt;
        if (own->time_ns < last_own_time_ns_)
            throw InputError(
                rows_->at_line(fmt::format("{} is {} before the line above; expected arrivals in order of time",
                                           rows_->arrival_text(), seconds_text(last_own_time_ns_ - own->time_ns))));
        last_own_time_ns_ = own->time_ns;
        const std::uint64_t row = own->number.value_or(rows_read_);
        ++rows_read_;
        if (own->time_ns >= input_.window_to.ns()) return std::nullopt;
        if (own->time_ns < input_.window_from.ns()) continue;
        ++rows_selected_;
        const Lengths lengths = lengths_of(*own);
        return TraceRow{.row = row,
                        .arrival = replayed(own->time_ns),
                        .prompt_tokens = lengths.prompt,
                        .output_tokens = lengths.output,
                        .prefix = own->prefix};
    }
    return std::nullopt;
}

}  // namespace regatta::workload
