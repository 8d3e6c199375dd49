#pragma once

#include "regatta/base/time.hpp"

namespace regatta {

/// From `from` on and before `until`.
struct TimeSpan {
    SimTime from;
    SimTime until;

    [[nodiscard]] bool contains(SimTime at) const { return at >= from && at < until; }
};

}  // namespace regatta
