#pragma once

#include <string>

namespace regatta::results {

/// The reference page of result files (Markdown), from the tables' descriptions.
[[nodiscard]] std::string results_reference();

}  // namespace regatta::results
