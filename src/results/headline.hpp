#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "results/summary.hpp"

namespace regatta::results {

/// One figure that runs are compared by.
struct Headline {
    std::string_view id;     ///< where `stats --json` has it: "ttft.p99_s"
    std::string_view label;  ///< "TTFT p99"
    std::string_view unit;   ///< "s", "fraction", "requests/s", "tokens/s", "J", "USD", "gCO2" or empty
    std::optional<double> (*read)(const Summary& summary);
};

/// In the order in which they are shown. `read` gives none for what a run does not have.
[[nodiscard]] std::span<const Headline> headlines();

/// The one of that id, which must be there.
[[nodiscard]] const Headline& headline(std::string_view id);

/// As people read a number of that unit: times with their unit, fractions in percent.
[[nodiscard]] std::string show_figure(double value, std::string_view unit);

}  // namespace regatta::results
