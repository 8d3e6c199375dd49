#pragma once

#include <fmt/format.h>

#include <cstdint>

#include "regatta/base/errors.hpp"

namespace regatta::results {

/// Adds to a sum. Throws BugError where 64 bits do not hold it: what a run counts stays far below, what is read need
/// not.
inline void add_checked(std::int64_t& sum, std::int64_t value) {
    std::int64_t result = 0;
    REGATTA_CHECK(!__builtin_add_overflow(sum, value, &result), fmt::format("a sum of {} and {}", sum, value));
    sum = result;
}

}  // namespace regatta::results
