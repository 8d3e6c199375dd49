#include "results/result_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/rank_files.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

constexpr std::size_t kBlockRows = 8192;

std::vector<std::string> files_at(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (!fs::is_directory(path, error)) return {path};
    const fs::path merged = fs::path(path) / "run.h5";
    const bool has_ranks = fs::exists(rank_file_name(path, 0).final_path, error);
    if (!has_ranks && fs::exists(merged, error)) return {merged.string()};
    return find_rank_files(path);
}

void visit_rows(const h5::File& file, const std::function<void(std::span<const serving::RequestRecord>)>& visit) {
    const h5::TableReader reader(file, requests_table());
    std::vector<serving::RequestRecord> block;
    for (std::uint64_t first = 0; first < reader.rows(); first += block.size()) {
        block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kBlockRows, reader.rows() - first)));
        reader.read(first, block.size(), block.data());
        visit(block);
    }
}

/// What one file says, in the form in which a rank says it.
RankPartial partial_of(const h5::File& file, const RunDescription& run) {
    RankPartial partial;
    partial.sums = SummarySums(run);
    try {
        visit_rows(file, [&partial](std::span<const serving::RequestRecord> rows) {
            for (const serving::RequestRecord& row : rows) {
                requests_table().add_to(partial.rows, &row);
                partial.sums.add(row);
            }
        });
        for (const auto& row : h5::read_table<serving::ReplicaRecord>(file, replicas_table())) {
            replicas_table().add_to(partial.rows, &row);
            partial.sums.add(row);
        }
        layout::read_gaps(file, partial.sums);
        partial.series = layout::read_series(file, run);
    } catch (const BugError& error) {
        // The same check that finds our mistakes during a run finds rows here that no run can have written.
        throw IoError(fmt::format("{}: holds rows that cannot be: {}", file.path(), error.what()));
    }
    const RunTotalsRow totals = layout::read_totals(file);
    partial.arrived = totals.requests_arrived;
    partial.end = SimTime::from_ns(totals.end_ns);
    return partial;
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
        visit_rows(h5::File::open(path), visit);
}

RunOutcome ResultReader::outcome() const {
    std::vector<RankPartial> partials;
    std::vector<RankFacts> facts;
    for (const std::string& path : files_) {
        const h5::File file = h5::File::open(path);
        partials.push_back(partial_of(file, run_));
        if (!is_merged_ && partials.back().rows != layout::read_digest(file)) layout::fail_digest(path);
        if (partials.back().end != partials.front().end)
            throw IoError(fmt::format("{}: ended at another time than {}", path, files_.front()));
        const std::vector<RankFacts> of_file = layout::read_facts(file);
        facts.insert(facts.end(), of_file.begin(), of_file.end());
    }
    RunOutcome outcome = combine(run_, partials);
    if (is_merged_ && outcome.digest != layout::read_digest(h5::File::open(files_.front())))
        layout::fail_digest(files_.front());
    outcome.ranks = std::move(facts);
    return outcome;
}

}  // namespace regatta::results
