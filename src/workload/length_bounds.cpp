#include "workload/length_bounds.hpp"

#include <fmt/format.h>

#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::workload {

LengthBounds length_bounds(const Parameters& parameters) {
    const LengthBounds bounds{.least = parameters.count("least"), .most = parameters.count("most")};
    if (bounds.least > bounds.most)
        throw InputError(fmt::format("least: {} is more than most = {}; expected at most {}", bounds.least, bounds.most,
                                     bounds.most));
    return bounds;
}

std::vector<Parameter> with_length_bounds(Parameter first, double largest) {
    return {std::move(first),
            {.key = "most",
             .kind = ParameterKind::Count,
             .is_required = true,
             .least = 1,
             .most = largest,
             .sentence = "longest length [tokens]"},
            {.key = "least",
             .kind = ParameterKind::Count,
             .default_text = "1",
             .least = 1,
             .most = largest,
             .sentence = "shortest length [tokens]"}};
}

}  // namespace regatta::workload
