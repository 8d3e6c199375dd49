#include "results/aligned.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace regatta::results {

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const std::vector<std::string>& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const std::vector<std::string>& row : rows) {
        text += fmt::format("  {:<{}}", row.front(), widths.front());
        for (std::size_t i = 1; i < row.size(); ++i)
            text += fmt::format("   {:>{}}", row[i], widths[i]);
        text += '\n';
    }
    return text;
}

}  // namespace regatta::results
