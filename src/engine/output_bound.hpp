#pragma once

#include <algorithm>

#include "regatta/base/time.hpp"

namespace regatta::engine {

/// The plain bound: a rank does nothing, and so sends nothing, before its next pending event or its next report. What
/// reaches others is later by the lookahead between the ranks. (A bound that knows the model's promises goes here.)
[[nodiscard]] inline SimTime plain_bound(SimTime next_event, SimTime next_report) {
    return std::min(next_event, next_report);
}

}  // namespace regatta::engine
