#pragma once

#include <string>
#include <vector>

#include "scenario/reading.hpp"
#include "scenario/schema.hpp"

namespace regatta::scenario {

/// A key that one reading of a scenario has otherwise than another.
struct Difference {
    Place place;  ///< in the later reading
    std::string path;
    std::string text;  ///< what it has there, in one line
    bool is_changeable = false;
};

/// In the order of the schema. Both are sound.
[[nodiscard]] std::vector<Difference> differences(const Reading& before, const Reading& after, const Section& schema);

}  // namespace regatta::scenario
