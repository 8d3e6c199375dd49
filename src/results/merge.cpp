#include "results/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/file_sums.hpp"
#include "results/rank_files.hpp"
#include "results/row_order.hpp"
#include "results/table_io.hpp"
#include "results/temporary_file.hpp"

// The merge, in this order:
//   1. find_rank_files: all files are there, whole and of one run, before anything is written.
//   2. requests, and where there are such, steps and samples of nodes: the least row of all sources is next. A source
//      holds one block of its file; requests are hashed and summed when their block is read, so that each is touched
//      once. On exit every row was written exactly once, in strictly rising order.
//   3. replicas (sorted), series and histograms (summed), facts.
//   4. the digest of what was read is compared with what each rank stored; only then does the output get its name.
namespace regatta::results {
namespace {

using serving::RequestRecord;

constexpr std::size_t kBufferBytes = std::size_t{64} << 20;
constexpr std::size_t kMostBlockRows = 8192;
constexpr std::size_t kLeastBlockRows = 1024;
constexpr std::int64_t kTellRows = 100'000;

/// How the rows of one table are merged.
template <class Row>
struct RowMerge {
    const Table& table;
    std::function<std::string(const Row&)> name;  ///< of a row, for errors
    /// Gets every block of every file once; tells the place of its file among the paths.
    std::function<void(std::span<const Row>, std::size_t)> read;
    std::function<void(std::int64_t rows, std::int64_t total)> progress = {};
};

/// The rows of one rank file, block by block. The file is open only while a block is read: a run may have had more
/// ranks than a process may have open files, and opening costs less than a tenth of merging a block.
template <class Row>
class RowSource {
public:
    /// `merge` must outlive this.
    RowSource(const std::string& path, std::size_t place, std::size_t block_rows, const RowMerge<Row>& merge)
        : path_(path), place_(place), block_rows_(block_rows), merge_(&merge) {
        refill();
    }

    [[nodiscard]] bool is_at_end() const { return next_ == block_.size(); }
    [[nodiscard]] const Row& front() const { return block_[next_]; }
    /// The rows before `bound` (none: all) that are in the block: at least the first one.
    [[nodiscard]] std::span<const Row> rows_before(const Row* bound) const {
        std::size_t end = next_ + 1;
        while (end < block_.size() && (bound == nullptr || RowOrder()(block_[end], *bound)))
            ++end;
        return std::span(block_).subspan(next_, end - next_);
    }
    void advance(std::size_t rows) {
        next_ += rows;
        if (is_at_end()) refill();
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Of the whole file.
    [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(file_rows_); }

private:
    void refill() {
        const h5::File file = h5::File::open(path_);
        const h5::TableReader reader(file, merge_->table);
        file_rows_ = reader.rows();
        const Row last = block_.empty() ? Row() : block_.back();
        bool is_first = block_.empty();
        block_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(block_rows_, file_rows_ - read_rows_)));
        reader.read(read_rows_, block_.size(), block_.data());
        read_rows_ += block_.size();
        next_ = 0;
        const Row* before = &last;
        for (const Row& row : block_) {
            if (!is_first && !RowOrder()(*before, row))
                throw IoError(fmt::format("{}: {} is out of order", path_, merge_->name(row)));
            is_first = false;
            before = &row;
        }
        merge_->read(block_, place_);
    }

    std::string path_;
    std::size_t place_;
    std::size_t block_rows_;
    const RowMerge<Row>* merge_;
    std::uint64_t file_rows_ = 0;
    std::uint64_t read_rows_ = 0;
    std::vector<Row> block_;
    std::size_t next_ = 0;
};

/// Writes the rows of all files to the table, in their order.
template <class Row>
void merge_rows(h5::File& output, const std::vector<std::string>& paths, const RowMerge<Row>& merge) {
    using Source = RowSource<Row>;
    const std::size_t block_rows =
        std::clamp(kBufferBytes / sizeof(Row) / paths.size(), kLeastBlockRows, kMostBlockRows);
    std::vector<std::unique_ptr<Source>> sources;
    std::int64_t total = 0;
    for (const std::string& path : paths) {
        sources.push_back(std::make_unique<Source>(path, sources.size(), block_rows, merge));
        total += sources.back()->rows();
    }
    std::int64_t told = 0;
    const auto comes_later = [](const Source* a, const Source* b) { return RowOrder()(b->front(), a->front()); };
    std::priority_queue<Source*, std::vector<Source*>, decltype(comes_later)> queue(comes_later);
    for (const auto& source : sources)
        if (!source->is_at_end()) queue.push(source.get());

    h5::TableAppender appender(output, merge.table, h5::Packing::Compressed);
    Row last;
    while (!queue.empty()) {
        Source* source = queue.top();
        queue.pop();
        // Rows of one rank often come in runs: all that precede the other sources' least row are taken at once.
        const auto rows = source->rows_before(queue.empty() ? nullptr : &queue.top()->front());
        if (appender.rows() > 0 && !RowOrder()(last, rows.front()))
            throw IoError(
                fmt::format("{}: {} is in another rank's file, too", source->path(), merge.name(rows.front())));
        appender.append(rows.data(), rows.size());
        last = rows.back();
        source->advance(rows.size());
        if (const auto done = static_cast<std::int64_t>(appender.rows()); merge.progress && done >= told + kTellRows) {
            told = done;
            merge.progress(done, total);
        }
        if (!source->is_at_end()) queue.push(source);
    }
    appender.close();
}

/// Merges a table that only some runs, and then maybe not all of their ranks, have.
template <class Row>
void merge_optional_rows(h5::File& output, const std::vector<std::string>& paths, const Table& table,
                         const std::function<std::string(const Row&)>& name) {
    std::vector<std::string> with_table;
    for (const std::string& path : paths)
        if (h5::File::open(path).has(std::string(table.path))) with_table.push_back(path);
    if (with_table.empty()) return;
    // Their digest is taken by read_rest.
    merge_rows<Row>(output, with_table,
                    {.table = table, .name = name, .read = [](std::span<const Row>, std::size_t) {}});
}

RunOutcome write_merged(h5::File& output, const std::vector<std::string>& paths, const MergeOptions& options) {
    const h5::File first = h5::File::open(paths.front());
    const RunDescription run = layout::read_description(first);
    layout::write_identity(output, {.is_merged = true, .run_id = {}, .rank = 0, .ranks = 1});
    layout::write_description(output, run);

    SummarySums sums(run);
    std::vector<Digest> digests(paths.size());
    merge_rows<RequestRecord>(
        output, paths,
        {.table = requests_table(),
         .name = [](const RequestRecord& row) { return fmt::format("request {}", row.request_id); },
         .read = [&](std::span<const RequestRecord> rows,
                     std::size_t place) { add_requests({.digest = digests[place], .sums = sums}, rows, paths[place]); },
         .progress = options.progress});
    merge_optional_rows<serving::StepRecord>(output, paths, steps_table(), [](const serving::StepRecord& row) {
        return fmt::format("the step of replica {} at {} ns", row.replica, row.start_ns);
    });
    merge_optional_rows<serving::FleetEventRecord>(
        output, paths, events_table(), [](const serving::FleetEventRecord& row) {
            return fmt::format("the change of node {} at {} ns", row.node, row.start_ns);
        });
    merge_optional_rows<NodeSeriesRow>(output, paths, node_series_table(), [](const NodeSeriesRow& row) {
        return fmt::format("the sample of node {} at {} ns", row.node, row.time_ns);
    });

    std::vector<serving::ReplicaRecord> replicas;
    std::vector<RankPartial> partials;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const h5::File file = h5::File::open(paths[i]);
        FileRest rest = read_rest({.digest = digests[i], .sums = sums}, file, run, true);
        replicas.insert(replicas.end(), rest.replicas.begin(), rest.replicas.end());
        partials.push_back(std::move(rest.partial));
        if (partials.back().end != partials.front().end)
            throw IoError(fmt::format("{}: ended at another time than {}", paths[i], paths.front()));
    }
    partials.front().sums = std::move(sums);
    std::sort(replicas.begin(), replicas.end(), RowOrder());
    h5::write_table(output, replicas_table(), replicas, h5::Packing::Compressed);
    RunOutcome outcome = combine(run, partials);
    layout::write_series(output, outcome.series);
    layout::write_histograms(output, outcome.sums, h5::Packing::Compressed);
    layout::write_totals(output, {.requests_arrived = outcome.summary.arrived, .end_ns = outcome.summary.end.ns()},
                         outcome.digest);
    layout::write_facts(output, layout::read_program(first), outcome.facts);
    return outcome;
}

}  // namespace

RunOutcome merge_run(const MergeOptions& options) {
    const std::vector<std::string> paths = find_rank_files(options.directory);
    const std::filesystem::path output(options.output);
    const std::string temporary_path =
        (output.parent_path() / fmt::format(".{}.part", output.filename().string())).string();
    TemporaryFile temporary(temporary_path, options.output);
    h5::File file = h5::File::create(temporary_path, options.output);
    RunOutcome outcome = write_merged(file, paths, options);
    file.close();
    temporary.keep();
    return outcome;
}

}  // namespace regatta::results
