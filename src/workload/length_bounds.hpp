#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/parameters.hpp"

namespace regatta::workload {

/// Between which lengths lie [tokens].
struct LengthBounds {
    std::int64_t least = 1;
    std::int64_t most = 1;
};

/// From the parameters "least" and "most". Throws InputError when they are the wrong way round.
[[nodiscard]] LengthBounds length_bounds(const Parameters& parameters);
/// `first`, then "most", which must be given, and "least", 1 unless it is; both up to `largest` [tokens].
[[nodiscard]] std::vector<Parameter> with_length_bounds(Parameter first, double largest);

}  // namespace regatta::workload
