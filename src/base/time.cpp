#include "regatta/base/time.hpp"

#include <fmt/format.h>

#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta {

SimTime SimTime::from_seconds(double seconds) {
    const double ns = seconds * 1e9;
    if (!(std::abs(ns) < static_cast<double>(never().ns_)))
        throw InputError(fmt::format("a time of {} s is beyond what can be simulated (73 years)", seconds));
    return SimTime(ns < 0 ? -rounded(-ns) : rounded(ns));
}

}  // namespace regatta
