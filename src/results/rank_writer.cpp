#include "results/rank_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/row_order.hpp"
#include "results/row_sorter.hpp"
#include "results/table_io.hpp"
#include "results/temporary_file.hpp"

namespace regatta::results {
namespace {

// Rows gathered before a sort is worth its while: settle() is called after every window, which may last microseconds.
constexpr std::size_t kLeastPending = 4096;

}  // namespace

class RankWriter::Impl {
public:
    [[nodiscard]] double now() const { return options.clock ? options.clock() : 0; }

    explicit Impl(RankWriterOptions given)
        : options(std::move(given)),
          name(rank_file_name(options.directory, options.rank)),
          temporary(name.temporary_path, name.final_path),
          file(h5::File::create(name.temporary_path, name.final_path)) {
        REGATTA_CHECK(options.rank < options.ranks, fmt::format("rank {} of {}", options.rank, options.ranks));
        partial.sums = SummarySums(options.run);
        if (options.run.series_every) partial.series = SeriesSums(*options.run.series_every, options.run.pools.size());
        layout::write_identity(file, {.is_merged = false,
                                      .run_id = layout::run_id(options.run, options.program, options.ranks),
                                      .rank = options.rank,
                                      .ranks = options.ranks});
        layout::write_description(file, options.run);
        requests.emplace(file, requests_table(), h5::Packing::Plain);
    }

    /// Moves the rows that end before `before` from pending to the file, in order.
    void write_settled(std::int64_t before_ns) {
        const std::span<const RowSorter::Key> settled = sorter.sort(pending, before_ns);
        for (const RowSorter::Key& key : settled)
            requests->append_row(pending[key.row]);
        if (settled.size() == pending.size())
            pending.clear();
        else
            std::erase_if(pending, [before_ns](const auto& row) { return row.end_ns < before_ns; });
        // Twice what is left, so that rows that stay are not gone through again and again.
        sort_from = std::max(kLeastPending, 2 * pending.size());
    }

    RankWriterOptions options;
    RankFileName name;
    TemporaryFile temporary;  ///< outlives the open file
    h5::File file;
    std::optional<h5::TableAppender> requests;
    std::vector<serving::RequestRecord> pending;  ///< rows that are not in the file yet, in no order
    RowSorter sorter;
    std::size_t sort_from = kLeastPending;
    std::int64_t settled_ns = std::numeric_limits<std::int64_t>::min();
    std::vector<serving::ReplicaRecord> replicas;
    RankPartial partial;
    double writing_s = 0;
    bool is_finished = false;
};

RankWriter::RankWriter(RankWriterOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
RankWriter::~RankWriter() = default;

void RankWriter::request_ended(const serving::RequestRecord& record) {
    REGATTA_CHECK(record.end_ns >= impl_->settled_ns && !impl_->is_finished,
                  fmt::format("request {} ended at {} ns, but everything before {} ns was settled", record.request_id,
                              record.end_ns, impl_->settled_ns));
    requests_table().add_to(impl_->partial.rows, &record);
    impl_->partial.sums.add(record);
    impl_->pending.push_back(record);
}

void RankWriter::replica_ended(const serving::ReplicaRecord& record) {
    replicas_table().add_to(impl_->partial.rows, &record);
    impl_->partial.sums.add(record);
    impl_->replicas.push_back(record);
}

void RankWriter::inter_token_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) {
    impl_->partial.sums.add_gaps(pool, gap, count, total);
}

void RankWriter::batches(PoolId pool, std::int64_t sequences, std::int64_t count) {
    impl_->partial.sums.add_batches(pool, sequences, count);
}

void RankWriter::sample(PoolId pool, SimTime at, const serving::ReplicaSample& sample) {
    impl_->partial.series.add(pool, at,
                              {.replicas = 1,
                               .waiting = sample.waiting,
                               .running = sample.running,
                               .kv_blocks_used = sample.kv_blocks_used,
                               .busy_replicas = sample.busy_replicas});
}

void RankWriter::settle(SimTime before) {
    impl_->settled_ns = std::max(impl_->settled_ns, before.ns());
    if (impl_->pending.size() < impl_->sort_from) return;
    const double started = impl_->now();
    impl_->write_settled(impl_->settled_ns);
    impl_->writing_s += impl_->now() - started;
}

void RankWriter::finish(SimTime end, std::int64_t arrived, RunFacts facts) {
    Impl& impl = *impl_;
    REGATTA_CHECK(!impl.is_finished, "finished twice");
    const double started = impl.now();
    impl.write_settled(std::numeric_limits<std::int64_t>::max());
    impl.requests->close();
    std::sort(impl.replicas.begin(), impl.replicas.end(), RowOrder());
    impl.partial.series.drop_after(end);
    impl.partial.arrived = arrived;
    impl.partial.end = end;

    h5::write_table(impl.file, replicas_table(), impl.replicas, h5::Packing::Plain);
    layout::write_series(impl.file, impl.partial.series);
    layout::write_histograms(impl.file, impl.partial.sums, h5::Packing::Plain);
    layout::write_totals(impl.file, {.requests_arrived = arrived, .end_ns = end.ns()}, impl.partial.rows);
    impl.writing_s += impl.now() - started;
    facts.ranks.resize(1);
    facts.ranks.front().rank = impl.options.rank;
    facts.ranks.front().writing_s = impl.writing_s;
    for (LinkFacts& link : facts.links)
        link.rank = impl.options.rank;
    impl.partial.facts = std::move(facts);
    layout::write_facts(impl.file, impl.options.program, impl.partial.facts);
    impl.file.close();
    impl.temporary.keep();
    impl.is_finished = true;
}

double RankWriter::writing_s() const {
    return impl_->writing_s;
}

const RankPartial& RankWriter::partial() const {
    REGATTA_CHECK(impl_->is_finished, "a rank's sums are complete only when it has finished");
    return impl_->partial;
}

const std::string& RankWriter::path() const {
    return impl_->name.final_path;
}

}  // namespace regatta::results
