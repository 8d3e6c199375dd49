#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regatta::timing {

/// Times of one operator over a grid of two whole numbers a and b, each row a run-length encoded [ms]. What lies
/// between two points of the grid takes the time of the larger one. Beyond the last points times go on straight, by
/// the rise over the outer half of the grid (the last step alone says nothing where a forest gives plateaus), and never
/// fall.
class OpTable {
public:
    /// The time holds for every point of the grid from b_first to b_last.
    struct Run {
        std::int64_t a = 0;
        std::int64_t b_first = 0;
        std::int64_t b_last = 0;
        double ms = 0;
    };
    /// What times beyond the last b are straight in: b, or its square (attention of a chunk to itself).
    enum class Growth { Linear, Square };

    OpTable() = default;
    /// At least one run, in order of (a, b), without overlaps; a and b at least 0.
    explicit OpTable(std::span<const Run> runs, Growth growth = Growth::Linear);

    [[nodiscard]] double at(std::int64_t a, std::int64_t b) const;
    [[nodiscard]] double at(std::int64_t b) const { return at(0, b); }
    [[nodiscard]] std::int64_t last_a() const { return rows_.back().a; }
    /// The largest b of any row.
    [[nodiscard]] std::int64_t last_b() const { return last_b_; }
    [[nodiscard]] double least_ms() const;
    [[nodiscard]] std::vector<Run> runs() const;

private:
    struct Row {
        std::int64_t a = 0;
        std::int64_t first = 0;
        std::vector<std::int64_t> lasts;  ///< of the runs, rising
        std::vector<double> ms;
    };
    [[nodiscard]] double in_row(const Row& row, std::int64_t b) const;

    std::vector<Row> rows_;  ///< by a
    std::int64_t last_b_ = 0;
    Growth growth_ = Growth::Linear;
    std::vector<std::uint32_t> row_of_a_;  ///< by a / a_unit_, where that is small
    std::int64_t a_unit_ = 1;
};

/// By operator, under Vidur's names: attn_pre_proj, mlp_up_proj, attn_decode, ...
using OpTables = std::map<std::string, OpTable, std::less<>>;

/// How the times of an operator grow beyond its grid.
[[nodiscard]] OpTable::Growth growth_of(std::string_view op);

/// Tables from the text of a file with the columns op, a, b_first, b_last, ms. `name` is the file's, for messages.
/// Throws InputError with the line of the first mistake.
[[nodiscard]] OpTables read_op_tables(const std::string& name, std::string_view text);

}  // namespace regatta::timing
