#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "timing/profile_csv.hpp"

namespace regatta::timing {

/// The rows of a file that pass one filter after the other, exact repetitions left out.
class ProfileRows {
public:
    explicit ProfileRows(const CsvTable& csv);

    /// Keeps the rows whose column says so. Throws InputError with the values there were when none does.
    void keep(const char* column, std::int64_t wanted);
    void keep_text(const char* column, const std::string& wanted,
                   const std::function<bool(std::string_view)>& is_wanted);
    /// Likewise, but only where the column exists and some rows say so: it chooses among rows, and refuses none.
    void prefer(const char* column, std::int64_t wanted);

    [[nodiscard]] const CsvTable& csv() const { return csv_; }
    [[nodiscard]] const std::vector<std::size_t>& rows() const { return rows_; }

private:
    const CsvTable& csv_;
    std::vector<std::size_t> rows_;
};

}  // namespace regatta::timing
