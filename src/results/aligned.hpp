#pragma once

#include <string>
#include <vector>

namespace regatta::results {

/// Columns as wide as their widest cell, indented; the first to the left, the others to the right.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace regatta::results
