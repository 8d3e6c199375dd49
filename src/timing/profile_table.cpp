#include "timing/profile_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "timing/profile_csv.hpp"

namespace regatta::timing {
namespace {

constexpr std::int64_t kMostDirectRows = 1 << 20;

// What is looked up in tables is laid out by these numbers: memory is not to follow what a file says.
constexpr std::int64_t kMostTokens = 1 << 24;
constexpr std::int64_t kMostBatch = 1 << 16;
/// A thousand seconds, of one operator in one layer.
constexpr double kMostMs = 1e6;

double real(std::int64_t count) {
    return static_cast<double>(count);
}

/// The straight line through (half, at_half) and (last, at_last), which never falls, at x.
double beyond(double half, double at_half, double last, double at_last, double x) {
    if (!(last > half)) return at_last;
    return at_last + std::max(at_last - at_half, 0.0) / (last - half) * (x - last);
}

}  // namespace

OpTable::OpTable(std::span<const Run> runs, Growth growth) : growth_(growth) {
    REGATTA_CHECK(!runs.empty(), "an operator's table is empty");
    for (const Run& run : runs) {
        if (rows_.empty() || rows_.back().a != run.a) {
            REGATTA_CHECK(rows_.empty() || rows_.back().a < run.a, "rows of a table are out of order");
            rows_.emplace_back();
            rows_.back().a = run.a;
            rows_.back().first = run.b_first;
        }
        Row& row = rows_.back();
        REGATTA_CHECK(run.b_first <= run.b_last && (row.lasts.empty() || row.lasts.back() < run.b_first),
                      "runs of a table overlap");
        // Runs of equal times become one, so that whoever asks how long a time holds hears all of it.
        if (!row.ms.empty() && row.ms.back() == run.ms)
            row.lasts.back() = run.b_last;
        else {
            row.lasts.push_back(run.b_last);
            row.ms.push_back(run.ms);
        }
        last_b_ = std::max(last_b_, run.b_last);
    }
    for (Row& row : rows_)
        row.fill_buckets();
    // Rows are found without a search: their a are multiples of some unit.
    std::int64_t unit = 0;
    for (const Row& row : rows_)
        unit = std::gcd(unit, row.a);
    a_unit_ = std::max<std::int64_t>(unit, 1);
    if (last_a() / a_unit_ > kMostDirectRows) return;
    std::uint32_t row = 0;
    for (std::int64_t a = 0; a <= last_a(); a += a_unit_) {
        if (rows_[row].a < a) ++row;
        row_of_a_.push_back(row);
    }
}

void OpTable::Row::fill_buckets() {
    constexpr std::int64_t kMostBuckets = 1024;
    bucket_bits = 3;
    while (lasts.back() >> bucket_bits >= kMostBuckets)
        ++bucket_bits;
    std::uint32_t run = 0;
    for (std::int64_t b = 0; b <= lasts.back(); b += std::int64_t{1} << bucket_bits) {
        while (lasts[run] < b)
            ++run;
        buckets.push_back(run);
    }
}

std::size_t OpTable::Row::run_of(std::int64_t b) const {
    std::size_t run = buckets[static_cast<std::size_t>(b >> bucket_bits)];
    while (lasts[run] < b)
        ++run;
    return run;
}

double OpTable::in_row(const Row& row, std::int64_t b) const {
    const std::int64_t last = row.lasts.back();
    if (b <= last) return row.ms[row.run_of(b)];
    const std::int64_t half = last / 2;
    const auto x = [&](std::int64_t at) { return growth_ == Growth::Square ? real(at) * real(at) : real(at); };
    return beyond(x(half), in_row(row, half), x(last), row.ms.back(), x(b));
}

double OpTable::at(std::int64_t a, std::int64_t b) const {
    if (a <= last_a()) {
        const auto slot = static_cast<std::size_t>((a + a_unit_ - 1) / a_unit_);
        if (slot < row_of_a_.size()) return in_row(rows_[row_of_a_[slot]], b);
        const auto row = std::lower_bound(rows_.begin(), rows_.end(), a,
                                          [](const Row& left, std::int64_t right) { return left.a < right; });
        return in_row(*row, b);
    }
    const std::int64_t half = last_a() / 2;
    return beyond(real(half), at(half, b), real(last_a()), in_row(rows_.back(), b), real(a));
}

double OpTable::least_ms() const {
    double least = rows_.front().ms.front();
    for (const Row& row : rows_)
        least = std::min(least, *std::min_element(row.ms.begin(), row.ms.end()));
    return least;
}

std::vector<OpTable::Run> OpTable::runs() const {
    std::vector<Run> runs;
    for (const Row& row : rows_) {
        std::int64_t first = row.first;
        for (std::size_t i = 0; i < row.lasts.size(); ++i) {
            runs.push_back({.a = row.a, .b_first = first, .b_last = row.lasts[i], .ms = row.ms[i]});
            first = row.lasts[i] + 1;
        }
    }
    return runs;
}

OpTable::Growth growth_of(std::string_view op) {
    return op == "attn_prefill" ? OpTable::Growth::Square : OpTable::Growth::Linear;
}

OpTables read_op_tables(const std::string& name, std::string_view text) {
    const CsvTable csv(name, text);
    const std::size_t op_column = csv.column("op");
    const std::size_t a_column = csv.column("a");
    const std::size_t first_column = csv.column("b_first");
    const std::size_t last_column = csv.column("b_last");
    const std::size_t ms_column = csv.column("ms");
    std::map<std::string, std::vector<OpTable::Run>, std::less<>> runs;
    for (std::size_t row = 0; row < csv.rows(); ++row) {
        const OpTable::Run run{.a = csv.count(row, a_column),
                               .b_first = csv.count(row, first_column),
                               .b_last = csv.count(row, last_column),
                               .ms = csv.number(row, ms_column)};
        std::vector<OpTable::Run>& before = runs[std::string(csv.text(row, op_column))];
        if (run.b_last < run.b_first)
            throw csv.problem(row, fmt::format("b_last: {} is below b_first, {}", run.b_last, run.b_first));
        const std::int64_t most_a = csv.text(row, op_column) == "attn_decode" ? kMostBatch : kMostTokens;
        if (run.a > most_a) throw csv.problem(row, fmt::format("a: expected at most {}, found {}", most_a, run.a));
        if (run.b_last > kMostTokens)
            throw csv.problem(row, fmt::format("b_last: expected at most {}, found {}", kMostTokens, run.b_last));
        if (run.ms < 0) throw csv.problem(row, fmt::format("ms: expected at least 0, found {}", run.ms));
        if (run.ms > kMostMs) throw csv.problem(row, fmt::format("ms: expected at most {}, found {}", kMostMs, run.ms));
        if (!before.empty() &&
            (run.a < before.back().a || (run.a == before.back().a && run.b_first <= before.back().b_last)))
            throw csv.problem(row, "expected the rows of an operator in order of a, then b, without overlaps");
        before.push_back(run);
    }
    OpTables tables;
    for (const auto& [op, of_op] : runs)
        tables.emplace(op, OpTable(of_op, growth_of(op)));
    return tables;
}

}  // namespace regatta::timing
