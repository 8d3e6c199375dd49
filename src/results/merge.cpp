#include "results/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/file_sums.hpp"
#include "results/merge_rows.hpp"
#include "results/partial_merge.hpp"
#include "results/rank_files.hpp"
#include "results/row_order.hpp"
#include "results/table_io.hpp"
#include "results/temporary_file.hpp"
#include "results/virtual_table.hpp"

// The merge, in this order:
//   1. all files are there, whole and of one run, before anything is written; of a partial merge: those that are.
//   2. the large tables, each by merge_rows, which hashes every row; or views of them.
//   3. replicas (sorted), series and histograms (summed), facts.
//   4. the digest of what was read is compared with what each rank stored, and the number of requests with how many
//      arrived; only then does the output get its name. Rows with the right digest are those that the run wrote and
//      checked, so that nothing else about them is looked at again: summing them would take as long as merging them.
namespace regatta::results {
namespace {

namespace fs = std::filesystem;

/// What the ranks know together, apart from rows.
struct Together {
    Reduction reduction;
    std::vector<serving::ReplicaRecord> replicas;
};

h5::Packing packing_of(const MergeOptions& options) {
    return options.rows == MergedRows::Plain ? h5::Packing::Plain : h5::Packing::Compressed;
}

std::vector<std::string> paths_of(const std::vector<MergedFile>& files) {
    std::vector<std::string> paths;
    for (const MergedFile& file : files)
        paths.push_back(file.path);
    return paths;
}

/// Returns how many requests there are.
std::int64_t merge_tables(h5::File& output, std::vector<MergedFile>& files, const MergeOptions& options) {
    std::vector<MergedFile*> all;
    for (MergedFile& file : files)
        all.push_back(&file);
    const auto merge = [&]<class Row>(const Table& table, std::string (*name)(const Row&)) {
        const bool tells = std::is_same_v<Row, serving::RequestRecord>;
        return merge_rows<Row>(output, all,
                               {.table = table,
                                .name = name,
                                .packing = packing_of(options),
                                .most_open_files = options.most_open_files,
                                .progress = tells ? options.progress : nullptr});
    };
    merge(
        steps_table(), +[](const serving::StepRecord& row) {
            return fmt::format("the step of replica {} at {} ns", row.replica, row.start_ns);
        });
    merge(
        events_table(), +[](const serving::FleetEventRecord& row) {
            return fmt::format("the change of node {} at {} ns", row.node, row.start_ns);
        });
    merge(
        node_series_table(),
        +[](const NodeSeriesRow& row) { return fmt::format("the sample of node {} at {} ns", row.node, row.time_ns); });
    return merge(
        requests_table(), +[](const serving::RequestRecord& row) { return fmt::format("request {}", row.request_id); });
}

/// Shows the rows where they are. Their digests are taken from the files: see MergedRows::Virtual.
std::int64_t show_tables(h5::File& output, std::vector<MergedFile>& files, const MergeOptions& options) {
    const std::vector<std::string> paths = paths_of(files);
    std::vector<std::string> shown;
    for (const std::string& path : paths)
        shown.push_back(path_from(fs::path(options.output).parent_path().string(), path));
    for (const Table* table : {&requests_table(), &steps_table(), &events_table(), &node_series_table()})
        write_virtual_table(output, *table, paths, shown);
    std::int64_t requests = 0;
    for (MergedFile& file : files) {
        const h5::File rank_file = h5::File::open(file.path);
        file.rows = layout::read_digest(rank_file);
        requests += static_cast<std::int64_t>(h5::TableReader(rank_file, requests_table()).rows());
    }
    return requests;
}

std::vector<RowFile> row_files(const std::vector<MergedFile>& files, const MergeOptions& options) {
    std::vector<RowFile> shown;
    for (const MergedFile& file : files)
        shown.push_back({.path = path_from(fs::path(options.output).parent_path().string(), file.path),
                         .run_id = layout::read_identity(h5::File::open(file.path)).run_id,
                         .digest = file.rows.to_hex()});
    return shown;
}

/// Reads what is small, and compares each file's digest where its rows were read.
Together read_together(std::vector<MergedFile>& files, const RunDescription& run, bool has_rows) {
    Together together{.reduction = Reduction(run), .replicas = {}};
    for (MergedFile& merged : files) {
        const h5::File file = h5::File::open(merged.path);
        if (has_rows) check_digest(file, merged.rows);
        if (has_only_rows(file)) {
            together.reduction.add_rows(merged.rows);
            continue;
        }
        SmallParts small = read_small(file, run);
        if (has_rows) merged.rows += small.partial.rows;
        small.partial.rows = merged.rows;
        const RankPartial& total = together.reduction.total();
        if (!total.facts.ranks.empty() && small.partial.end != total.end)
            throw IoError(fmt::format("{}: ended at another time than {}", merged.path, files.front().path));
        together.replicas.insert(together.replicas.end(), small.replicas.begin(), small.replicas.end());
        together.reduction.add(small.partial);
    }
    std::sort(together.replicas.begin(), together.replicas.end(), RowOrder());
    return together;
}

MergeOutcome write_merged(h5::File& output, const RankFiles& found, const MergeOptions& options) {
    std::vector<MergedFile> files;
    for (const std::string& path : found.paths)
        files.push_back({.path = path});
    // Of the last segment, which tells how the run ended.
    const h5::File last = h5::File::open(files.back().path);
    RunDescription run = layout::read_description(last);
    run.left_out = found.left_out;
    layout::write_identity(output, {.is_merged = true, .run_id = {}, .rank = 0, .ranks = 1});
    layout::write_description(output, run);

    const bool is_virtual = options.rows == MergedRows::Virtual;
    const std::int64_t requests =
        is_virtual ? show_tables(output, files, options) : merge_tables(output, files, options);
    Together together = read_together(files, run, !is_virtual);
    if (found.carried) {
        RankPartial carried = *found.carried;
        carried.arrived = requests;
        together.reduction.add(carried);
    }
    const RankPartial& total = together.reduction.total();
    if (requests != total.arrived && run.left_out.empty())
        throw IoError(fmt::format("{}: the rank files hold {} requests, but {} arrived", options.directory, requests,
                                  total.arrived));
    const Digest digest = together.reduction.digest();
    h5::write_table(output, replicas_table(), together.replicas, packing_of(options));
    layout::write_series(output, total.series);
    layout::write_histograms(output, total.sums, packing_of(options));
    layout::write_totals(output, {.requests_arrived = total.arrived, .end_ns = total.end.ns()}, digest);
    layout::write_program(output, layout::read_program(last));
    layout::write_facts(output, total.facts);
    if (is_virtual) write_row_files(output, row_files(files, options));
    return {.digest = digest,
            .requests = requests,
            .ranks = static_cast<std::int64_t>(total.facts.ranks.size()),
            .left_out = found.left_out};
}

}  // namespace

MergeOutcome merge_run(const MergeOptions& options) {
    const RankFiles found = options.is_partial ? find_readable_rank_files(options.directory)
                                               : RankFiles{.paths = find_rank_files(options.directory), .left_out = {}};
    const fs::path output(options.output);
    const std::string temporary_path =
        (output.parent_path() / fmt::format(".{}.part", output.filename().string())).string();
    TemporaryFile temporary(temporary_path, options.output);
    h5::File file = h5::File::create(temporary_path, options.output);
    MergeOutcome outcome = write_merged(file, found, options);
    file.close();
    temporary.keep();
    return outcome;
}

}  // namespace regatta::results
