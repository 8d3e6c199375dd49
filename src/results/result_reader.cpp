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
#include "results/row_order.hpp"
#include "results/table_io.hpp"

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
    const h5::File file = h5::File::open(files_.front());
    const layout::Identity identity = layout::read_identity(file);
    is_merged_ = identity.is_merged;
    if (!is_merged_ && files_.size() == 1 && identity.ranks > 1)
        throw IoError(fmt::format("{}: is the file of one of {} ranks; give their directory or the merged file", path,
                                  identity.ranks));
    run_ = layout::read_description(file);
    program_ = layout::read_program(file);
}

void ResultReader::visit_requests(const std::function<void(std::span<const serving::RequestRecord>)>& visit) const {
    for (const std::string& path : files_)
        h5::visit_table<serving::RequestRecord>(h5::File::open(path), requests_table(), visit);
}

void ResultReader::visit_steps(const std::function<void(std::span<const serving::StepRecord>)>& visit) const {
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        if (file.has(std::string(steps_table().path))) h5::visit_table<serving::StepRecord>(file, steps_table(), visit);
    }
}

std::vector<serving::FleetEventRecord> ResultReader::events() const {
    std::vector<serving::FleetEventRecord> rows;
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        if (!file.has(std::string(events_table().path))) continue;
        h5::visit_table<serving::FleetEventRecord>(file, events_table(),
                                                   [&](std::span<const serving::FleetEventRecord> block) {
                                                       rows.insert(rows.end(), block.begin(), block.end());
                                                   });
    }
    std::sort(rows.begin(), rows.end(), RowOrder());
    return rows;
}

std::vector<serving::ReplicaRecord> ResultReader::replicas() const {
    std::vector<serving::ReplicaRecord> rows;
    for (const std::string& path : files_)
        h5::visit_table<serving::ReplicaRecord>(h5::File::open(path), replicas_table(),
                                                [&](std::span<const serving::ReplicaRecord> block) {
                                                    rows.insert(rows.end(), block.begin(), block.end());
                                                });
    std::sort(rows.begin(), rows.end(), RowOrder());
    return rows;
}

std::vector<SeriesRow> ResultReader::series() const {
    SeriesSums sums;
    for (const std::string& path : files_)
        sums += layout::read_series(h5::File::open(path), run_);
    return sums.rows();
}

RunOutcome ResultReader::outcome() const {
    SummarySums sums(run_);
    Reduction reduction(run_);
    std::optional<SimTime> end;
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        Digest digest;
        h5::visit_table<serving::RequestRecord>(file, requests_table(),
                                                [&](std::span<const serving::RequestRecord> rows) {
                                                    add_requests({.digest = digest, .sums = sums}, rows, path);
                                                });
        FileRest rest = read_rest({.digest = digest, .sums = sums}, file, run_, !is_merged_);
        if (end && rest.partial.end != *end)
            throw IoError(fmt::format("{}: ended at another time than {}", path, files_.front()));
        end = rest.partial.end;
        // All sums travel with the last file's partial.
        if (path == files_.back()) rest.partial.sums = std::move(sums);
        reduction.add(rest.partial);
    }
    RunOutcome outcome = reduction.outcome();
    if (is_merged_ && outcome.digest != layout::read_digest(h5::File::open(files_.front())))
        layout::fail_digest(files_.front());
    return outcome;
}

}  // namespace regatta::results
