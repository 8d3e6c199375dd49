#include "timing/profile_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace regatta::timing {

ProfileRows::ProfileRows(const CsvTable& csv) : csv_(csv) {
    std::set<std::string> seen;
    for (std::size_t row = 0; row < csv_.rows(); ++row) {
        std::string whole;
        for (std::size_t column = 0; column < csv_.columns().size(); ++column)
            whole.append(csv_.text(row, column)).push_back('\0');
        if (seen.insert(std::move(whole)).second) rows_.push_back(row);
    }
}

void ProfileRows::keep(const char* name, std::int64_t wanted) {
    const std::size_t column = csv_.column(name);
    std::set<std::int64_t> found;
    std::vector<std::size_t> kept;
    for (const std::size_t row : rows_) {
        const std::int64_t value = csv_.count(row, column);
        found.insert(value);
        if (value == wanted) kept.push_back(row);
    }
    if (kept.empty())
        throw InputError(
            fmt::format("{}: no rows with {} = {}; found: {}", csv_.name(), name, wanted, fmt::join(found, ", ")));
    rows_ = std::move(kept);
}

void ProfileRows::keep_text(const char* name, const std::string& wanted,
                            const std::function<bool(std::string_view)>& is_wanted) {
    const std::size_t column = csv_.column(name);
    std::set<std::string_view> found;
    std::vector<std::size_t> kept;
    for (const std::size_t row : rows_) {
        const std::string_view value = csv_.text(row, column);
        found.insert(value);
        if (is_wanted(value)) kept.push_back(row);
    }
    if (kept.empty())
        throw InputError(
            fmt::format("{}: no rows with {} = {}; found: {}", csv_.name(), name, wanted, fmt::join(found, ", ")));
    rows_ = std::move(kept);
}

void ProfileRows::prefer(const char* name, std::int64_t wanted) {
    const auto column = csv_.find_column(name);
    if (!column) return;
    std::vector<std::size_t> kept;
    std::copy_if(rows_.begin(), rows_.end(), std::back_inserter(kept),
                 [&](std::size_t row) { return csv_.count(row, *column) == wanted; });
    if (!kept.empty()) rows_ = std::move(kept);
}

}  // namespace regatta::timing
