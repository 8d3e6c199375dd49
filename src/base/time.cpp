#include "regatta/base/time.hpp"

#include <fmt/format.h>

#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta {

SimTime SimTime::from_seconds(double seconds) {
    const double ns = seconds * 1e9;
    if (!(std::abs(ns) < static_cast<double>(never().ns_)))
        throw InputError(fmt::format("a time of {} s is beyond what can be simulated (73 years)", seconds));
    // As std::llround does, without a call: the cast drops the fraction, and what it dropped is exact in a double.
    const auto whole = static_cast<std::int64_t>(ns);
    const double fraction = ns - static_cast<double>(whole);
    return SimTime(whole + (fraction >= 0.5 ? 1 : 0) - (fraction <= -0.5 ? 1 : 0));
}

}  // namespace regatta
