#include "results/result_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/file_sums.hpp"
#include "results/rank_files.hpp"
#include "results/replication_files.hpp"
#include "results/row_checks.hpp"
#include "results/row_order.hpp"
#include "results/table_io.hpp"
#include "results/virtual_table.hpp"

namespace regatta::results {
namespace {

std::vector<std::string> files_at(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (!fs::is_directory(path, error)) return {path};
    const fs::path merged = fs::path(path) / "run.h5";
    const bool has_ranks = fs::exists(rank_file_name(path, 0).final_path, error);
    if (!has_ranks && fs::exists(merged, error)) return {merged.string()};
    if (const auto replications = replications_in(path); !has_ranks && !replications.empty())
        throw InputError(fmt::format("{}: holds the runs of {} seeds; give one of them, such as {}", path,
                                     replications.size(), replications.front()));
    return find_rank_files(path);
}

}  // namespace

ResultReader::ResultReader(const std::string& path) : files_(files_at(path)) {
    // Of the last segment, which tells how the run ended.
    const h5::File file = h5::File::open(files_.back());
    const layout::Identity identity = layout::read_identity(file);
    is_merged_ = identity.is_merged;
    if (!is_merged_ && files_.size() == 1 && identity.ranks > 1)
        throw IoError(fmt::format("{}: is the file of one of {} ranks; give their directory or the merged file", path,
                                  identity.ranks));
    run_ = layout::read_description(file);
    program_ = layout::read_program(file);
    if (is_merged_) row_files_ = find_row_files(file);
    if (row_files_.empty()) row_files_ = files_;
}

template <class Row>
void ResultReader::visit_optional(const Table& table, const std::function<void(std::span<const Row>)>& visit) const {
    for (const std::string& path : row_files_) {
        const h5::File file = h5::File::open(path);
        if (!file.has(std::string(table.path))) continue;
        h5::visit_table<Row>(file, table, [&](std::span<const Row> rows) {
            check_known(path, rows);
            visit(rows);
        });
    }
}

template <class Row>
void ResultReader::check_known(const std::string& path, std::span<const Row> rows) const {
    if (!std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return is_known(row, run_); })) fail_rows(path);
}

void ResultReader::visit_requests(const std::function<void(std::span<const serving::RequestRecord>)>& visit) const {
    for (const std::string& path : row_files_)
        h5::visit_table<serving::RequestRecord>(h5::File::open(path), requests_table(),
                                                [&](std::span<const serving::RequestRecord> rows) {
                                                    check_known(path, rows);
                                                    visit(rows);
                                                });
}

void ResultReader::visit_steps(const std::function<void(std::span<const serving::StepRecord>)>& visit) const {
    visit_optional<serving::StepRecord>(steps_table(), visit);
}

void ResultReader::visit_node_series(const std::function<void(std::span<const NodeSeriesRow>)>& visit) const {
    visit_optional<NodeSeriesRow>(node_series_table(), visit);
}

std::vector<serving::FleetEventRecord> ResultReader::events() const {
    std::vector<serving::FleetEventRecord> rows;
    visit_optional<serving::FleetEventRecord>(events_table(), [&](std::span<const serving::FleetEventRecord> block) {
        rows.insert(rows.end(), block.begin(), block.end());
    });
    std::sort(rows.begin(), rows.end(), RowOrder());
    return rows;
}

std::vector<serving::ReplicaRecord> ResultReader::replicas() const {
    std::vector<serving::ReplicaRecord> rows;
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        if (has_only_rows(file)) continue;
        h5::visit_table<serving::ReplicaRecord>(file, replicas_table(),
                                                [&](std::span<const serving::ReplicaRecord> block) {
                                                    check_known(path, block);
                                                    rows.insert(rows.end(), block.begin(), block.end());
                                                });
    }
    std::sort(rows.begin(), rows.end(), RowOrder());
    return rows;
}

std::vector<SeriesRow> ResultReader::series() const {
    SeriesSums sums;
    for (const std::string& path : files_)
        with_rows_of(path, [&] { sums += layout::read_series(h5::File::open(path), run_); });
    return sums.rows();
}

RunOutcome ResultReader::outcome() const {
    SummarySums sums(run_);
    Digest large;
    const bool are_rank_files = !is_merged_ || row_files_ != files_;
    for (const std::string& path : row_files_) {
        const h5::File file = h5::File::open(path);
        Digest digest;
        add_large_rows({.digest = digest, .sums = sums}, file);
        if (are_rank_files) check_digest(file, digest);
        large += digest;
    }
    Reduction reduction(run_);
    std::optional<SimTime> end;
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        if (has_only_rows(file)) continue;
        RankPartial partial = read_small(file, run_).partial;
        if (end && partial.end != *end)
            throw IoError(fmt::format("{}: ended at another time than {}", path, files_.front()));
        end = partial.end;
        // Those of rows travel with the last file's partial.
        if (path == files_.back()) {
            partial.sums += sums;
            partial.rows += large;
        }
        with_rows_of(path, [&] { reduction.add(partial); });
    }
    RunOutcome outcome;
    with_rows_of(files_.front(), [&] { outcome = reduction.outcome(); });
    if (is_merged_ && outcome.digest != layout::read_digest(h5::File::open(files_.front())))
        layout::fail_digest(files_.front());
    return outcome;
}

}  // namespace regatta::results
