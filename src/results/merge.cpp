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
//   2. requests: the least row of all sources is next. A source holds one block of its file; rows are hashed and summed
//      when their block is read, so that each row is touched once. On exit every row was written exactly once, in
//      strictly rising order.
//   3. replicas (sorted), series and histograms (summed), facts.
//   4. the digest of what was read is compared with what each rank stored; only then does the output get its name.
namespace regatta::results {
namespace {

using serving::RequestRecord;

constexpr std::size_t kBufferRows = (std::size_t{64} << 20) / sizeof(RequestRecord);
constexpr std::size_t kMostBlockRows = 8192;
constexpr std::size_t kLeastBlockRows = 1024;
constexpr std::int64_t kTellRows = 100'000;

/// The rows of one rank file, block by block. The file is open only while a block is read: a run may have had more
/// ranks than a process may have open files, and opening costs less than a tenth of merging a block.
class RowSource {
public:
    /// `sums` must outlive this; it gets the rows' sums.
    RowSource(std::string path, std::size_t block_rows, SummarySums& sums)
        : path_(std::move(path)), block_rows_(block_rows), sums_(&sums) {
        refill();
    }

    [[nodiscard]] bool is_at_end() const { return next_ == block_.size(); }
    [[nodiscard]] const RequestRecord& front() const { return block_[next_]; }
    /// The rows before `bound` (none: all) that are in the block: at least the first one.
    [[nodiscard]] std::span<const RequestRecord> rows_before(const RequestRecord* bound) const {
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
    /// Of the rows read so far.
    [[nodiscard]] Digest& digest() { return digest_; }

private:
    void refill() {
        const h5::File file = h5::File::open(path_);
        const h5::TableReader reader(file, requests_table());
        file_rows_ = reader.rows();
        const RequestRecord last = block_.empty() ? RequestRecord() : block_.back();
        bool is_first = block_.empty();
        block_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(block_rows_, file_rows_ - read_rows_)));
        reader.read(read_rows_, block_.size(), block_.data());
        read_rows_ += block_.size();
        next_ = 0;
        const RequestRecord* before = &last;
        for (const RequestRecord& row : block_) {
            if (!is_first && !RowOrder()(*before, row))
                throw IoError(fmt::format("{}: request {} is out of order", path_, row.request_id));
            is_first = false;
            before = &row;
        }
        add_requests({.digest = digest_, .sums = *sums_}, block_, path_);
    }

    std::string path_;
    std::size_t block_rows_;
    SummarySums* sums_;
    Digest digest_;
    std::uint64_t file_rows_ = 0;
    std::uint64_t read_rows_ = 0;
    std::vector<RequestRecord> block_;
    std::size_t next_ = 0;
};

using Sources = std::vector<std::unique_ptr<RowSource>>;

void merge_requests(h5::File& output, const Sources& sources, const MergeOptions& options) {
    std::int64_t total = 0;
    for (const auto& source : sources)
        total += source->rows();
    std::int64_t told = 0;
    const auto comes_later = [](const RowSource* a, const RowSource* b) { return RowOrder()(b->front(), a->front()); };
    std::priority_queue<RowSource*, std::vector<RowSource*>, decltype(comes_later)> queue(comes_later);
    for (const auto& source : sources)
        if (!source->is_at_end()) queue.push(source.get());

    h5::TableAppender appender(output, requests_table(), h5::Packing::Compressed);
    RequestRecord last;
    while (!queue.empty()) {
        RowSource* source = queue.top();
        queue.pop();
        // Rows of one rank often come in runs: all that precede the other sources' least row are taken at once.
        const auto rows = source->rows_before(queue.empty() ? nullptr : &queue.top()->front());
        if (appender.rows() > 0 && !RowOrder()(last, rows.front()))
            throw IoError(
                fmt::format("{}: request {} is in another rank's file, too", source->path(), rows.front().request_id));
        appender.append(rows.data(), rows.size());
        last = rows.back();
        source->advance(rows.size());
        if (const auto done = static_cast<std::int64_t>(appender.rows());
            options.progress && done >= told + kTellRows) {
            told = done;
            options.progress(done, total);
        }
        if (!source->is_at_end()) queue.push(source);
    }
    appender.close();
}

RunOutcome write_merged(h5::File& output, const std::vector<std::string>& paths, const MergeOptions& options) {
    const h5::File first = h5::File::open(paths.front());
    const RunDescription run = layout::read_description(first);
    layout::write_identity(output, {.is_merged = true, .run_id = {}, .rank = 0, .ranks = 1});
    layout::write_description(output, run);

    const std::size_t block_rows = std::clamp(kBufferRows / paths.size(), kLeastBlockRows, kMostBlockRows);
    SummarySums sums(run);
    Sources sources;
    for (const std::string& path : paths)
        sources.push_back(std::make_unique<RowSource>(path, block_rows, sums));
    merge_requests(output, sources, options);

    std::vector<serving::ReplicaRecord> replicas;
    std::vector<RankPartial> partials;
    for (const auto& source : sources) {
        const h5::File file = h5::File::open(source->path());
        FileRest rest = read_rest({.digest = source->digest(), .sums = sums}, file, run, true);
        replicas.insert(replicas.end(), rest.replicas.begin(), rest.replicas.end());
        partials.push_back(std::move(rest.partial));
        if (partials.back().end != partials.front().end)
            throw IoError(fmt::format("{}: ended at another time than {}", source->path(), paths.front()));
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
