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
    /// The file that rows go to now.
    struct Segment {
        Segment(const std::string& directory, std::uint32_t rank, std::uint32_t number)
            : name(rank_file_name(directory, rank, number)),
              temporary(std::make_unique<TemporaryFile>(name.temporary_path, name.final_path)),
              file(h5::File::create(name.temporary_path, name.final_path)) {}

        RankFileName name;
        std::unique_ptr<TemporaryFile> temporary;  ///< outlives the open file
        h5::File file;
        Digest rows;
        std::optional<h5::TableAppender> requests;
        std::optional<h5::TableAppender> node_series;
    };

    [[nodiscard]] double now() const { return options.clock ? options.clock() : 0; }

    explicit Impl(RankWriterOptions given) : options(std::move(given)), next_segment(options.segment) {
        REGATTA_CHECK(options.rank < options.ranks, fmt::format("rank {} of {}", options.rank, options.ranks));
        partial.sums = SummarySums(options.run);
        if (options.run.series_every) partial.series = SeriesSums(*options.run.series_every, options.run.pools.size());
        begin(std::nullopt);
    }

    void begin(std::optional<SimTime> stopped_at) {
        segment = std::make_unique<Segment>(options.directory, options.rank, next_segment);
        layout::write_identity(segment->file, {.is_merged = false,
                                               .run_id = layout::run_id(options.run, options.program),
                                               .rank = options.rank,
                                               .ranks = options.ranks,
                                               .segment = next_segment,
                                               .ancestors = options.ancestors});
        RunDescription run = options.run;
        run.stopped_at = stopped_at;
        layout::write_description(segment->file, run);
        segment->requests.emplace(segment->file, requests_table(), h5::Packing::Plain);
        ++next_segment;
    }

    /// Whose series it counts in.
    [[nodiscard]] PoolId pool_of(const serving::RequestRecord& record) const {
        if (record.pool != serving::kNoPool) return PoolId(record.pool);
        return record.stream < options.pool_of_stream.size() ? options.pool_of_stream[record.stream] : PoolId(0);
    }

    /// Moves the samples of instants before `before_ns` that are not after `end_ns` to the file, in order.
    void write_node_series(std::int64_t before_ns, std::int64_t end_ns) {
        if (!options.run.has_node_series) return;
        if (!segment->node_series) segment->node_series.emplace(segment->file, node_series_table(), h5::Packing::Plain);
        const auto is_settled = [before_ns](const NodeSeriesRow& row) { return row.time_ns < before_ns; };
        const auto rest = std::partition(node_samples.begin(), node_samples.end(), is_settled);
        std::sort(node_samples.begin(), rest, RowOrder());
        for (auto row = node_samples.begin(); row != rest && row->time_ns <= end_ns; ++row) {
            node_series_table().add_to(segment->rows, &*row);
            segment->node_series->append_row(*row);
            last_node_sample_ns = row->time_ns;
        }
        node_samples.erase(node_samples.begin(), rest);
    }

    /// Moves the rows that end before `before` from pending to the file, in order.
    void write_settled(std::int64_t before_ns) {
        const std::span<const RowSorter::Key> settled = sorter.sort(pending, before_ns);
        for (const RowSorter::Key& key : settled)
            segment->requests->append_row(pending[key.row]);
        if (settled.size() == pending.size())
            pending.clear();
        else
            std::erase_if(pending, [before_ns](const auto& row) { return row.end_ns < before_ns; });
        // Twice what is left, so that rows that stay are not gone through again and again.
        sort_from = std::max(kLeastPending, 2 * pending.size());
    }

    /// All rows that have come but replicas, and samples of nodes after `end`.
    void write_rows(SimTime end) {
        write_settled(std::numeric_limits<std::int64_t>::max());
        segment->requests->close();
        write_node_series(std::numeric_limits<std::int64_t>::max(), end.ns());
        if (segment->node_series) segment->node_series->close();
        REGATTA_CHECK(
            last_node_sample_ns <= end.ns(),
            fmt::format("a sample at {} ns was written, but {} ns is the end", last_node_sample_ns, end.ns()));
        write_sorted(steps_table(), steps);
        write_sorted(events_table(), events);
    }

    template <class Row>
    void write_sorted(const Table& table, std::vector<Row>& rows) {
        if (rows.empty()) return;
        std::sort(rows.begin(), rows.end(), RowOrder());
        h5::write_table(segment->file, table, rows, h5::Packing::Plain);
        rows.clear();
    }

    std::unique_ptr<TemporaryFile> close_file() {
        partial.rows += segment->rows;
        segment->file.close();
        std::unique_ptr<TemporaryFile> whole = std::move(segment->temporary);
        last_path = segment->name.final_path;
        segment.reset();
        return whole;
    }

    RankWriterOptions options;
    std::uint32_t next_segment;
    std::unique_ptr<Segment> segment;
    std::string last_path;                        ///< of the file that was ended last
    std::vector<serving::RequestRecord> pending;  ///< rows that are not in the file yet, in no order
    RowSorter sorter;
    std::size_t sort_from = kLeastPending;
    std::int64_t settled_ns = std::numeric_limits<std::int64_t>::min();
    std::vector<serving::ReplicaRecord> replicas;
    std::vector<serving::StepRecord> steps;
    std::vector<serving::FleetEventRecord> events;
    std::vector<NodeSeriesRow> node_samples;  ///< that are not in the file yet, in no order
    std::int64_t last_node_sample_ns = 0;     ///< of those in the file
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
    requests_table().add_to(impl_->segment->rows, &record);
    impl_->partial.sums.add(record);
    if (impl_->options.run.series_every) impl_->partial.series.add(impl_->pool_of(record), record);
    impl_->pending.push_back(record);
}

void RankWriter::replica_ended(const serving::ReplicaRecord& record) {
    replicas_table().add_to(impl_->segment->rows, &record);
    impl_->partial.sums.add(record);
    impl_->replicas.push_back(record);
}

void RankWriter::step_times(const serving::StepTimes& times) {
    impl_->partial.sums.add(times);
}

void RankWriter::inter_token_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) {
    impl_->partial.sums.add_gaps(pool, gap, count, total);
}

void RankWriter::batches(PoolId pool, std::int64_t sequences, std::int64_t count) {
    impl_->partial.sums.add_batches(pool, sequences, count);
}

void RankWriter::step(const serving::StepRecord& record) {
    steps_table().add_to(impl_->segment->rows, &record);
    impl_->steps.push_back(record);
}

void RankWriter::fleet_changed(const serving::FleetEventRecord& record) {
    events_table().add_to(impl_->segment->rows, &record);
    impl_->partial.sums.add(record);
    impl_->events.push_back(record);
}

void RankWriter::sample(PoolId pool, NodeId node, SimTime at, const serving::ReplicaSample& sample) {
    impl_->partial.series.add(pool, at,
                              {.replicas = sample.replicas,
                               .waiting = sample.waiting,
                               .running = sample.running,
                               .kv_blocks_used = sample.kv_blocks_used,
                               .busy_replicas = sample.busy_replicas,
                               .kv_tokens = sample.kv_tokens});
    if (!impl_->options.run.has_node_series) return;
    impl_->node_samples.push_back({.time_ns = at.ns(),
                                   .node = node.value(),
                                   .pool = pool.value(),
                                   .waiting = sample.waiting,
                                   .running = sample.running,
                                   .kv_blocks_used = sample.kv_blocks_used,
                                   .busy_replicas = sample.busy_replicas,
                                   .kv_tokens = sample.kv_tokens});
}

void RankWriter::settle(SimTime before) {
    impl_->settled_ns = std::max(impl_->settled_ns, before.ns());
    const bool has_samples =
        impl_->node_samples.size() >= kLeastPending && impl_->node_samples.front().time_ns < impl_->settled_ns;
    if (impl_->pending.size() < impl_->sort_from && !has_samples) return;
    const double started = impl_->now();
    if (impl_->pending.size() >= impl_->sort_from) impl_->write_settled(impl_->settled_ns);
    if (has_samples) impl_->write_node_series(impl_->settled_ns, impl_->settled_ns);
    impl_->writing_s += impl_->now() - started;
}

void RankWriter::carry(const RankPartial& earlier) {
    impl_->partial.rows += earlier.rows;
    impl_->partial.sums += earlier.sums;
    impl_->partial.series += earlier.series;
}

RankPartial RankWriter::partial_so_far(SimTime now, RunFacts facts) const {
    RankPartial partial = impl_->partial;
    if (impl_->segment) partial.rows += impl_->segment->rows;
    partial.end = now;
    partial.facts = std::move(facts);
    return partial;
}

std::unique_ptr<TemporaryFile> RankWriter::end_segment(SimTime at) {
    Impl& impl = *impl_;
    const double started = impl.now();
    impl.write_rows(at);
    layout::write_totals(impl.segment->file, {.requests_arrived = 0, .end_ns = at.ns()}, impl.segment->rows);
    layout::write_program(impl.segment->file, impl.options.program);
    std::unique_ptr<TemporaryFile> whole = impl.close_file();
    impl.writing_s += impl.now() - started;
    return whole;
}

void RankWriter::begin_segment(std::optional<SimTime> stopped_at) {
    REGATTA_CHECK(!impl_->segment && !impl_->is_finished, "the file before it has not ended");
    impl_->begin(stopped_at);
}

void RankWriter::finish(SimTime end, std::int64_t arrived, RunFacts facts) {
    Impl& impl = *impl_;
    REGATTA_CHECK(!impl.is_finished, "finished twice");
    const double started = impl.now();
    impl.write_rows(end);
    std::sort(impl.replicas.begin(), impl.replicas.end(), RowOrder());
    impl.partial.series.complete(end);
    impl.partial.arrived = arrived;
    impl.partial.end = end;

    h5::File& file = impl.segment->file;
    h5::write_table(file, replicas_table(), impl.replicas, h5::Packing::Plain);
    layout::write_series(file, impl.partial.series);
    layout::write_histograms(file, impl.partial.sums, h5::Packing::Plain);
    layout::write_totals(file, {.requests_arrived = arrived, .end_ns = end.ns()}, impl.segment->rows);
    layout::write_last_segment(file);
    impl.writing_s += impl.now() - started;
    facts.ranks.resize(1);
    facts.ranks.front().rank = impl.options.rank;
    facts.ranks.front().writing_s = impl.writing_s;
    for (LinkFacts& link : facts.links)
        link.rank = impl.options.rank;
    impl.partial.facts = std::move(facts);
    layout::write_program(file, impl.options.program);
    layout::write_facts(file, impl.partial.facts);
    impl.close_file()->keep();
    impl.is_finished = true;
}

double RankWriter::writing_s() const {
    return impl_->writing_s;
}

const RankPartial& RankWriter::partial() const {
    REGATTA_CHECK(impl_->is_finished, "a rank's sums are complete only when it has finished");
    return impl_->partial;
}

std::string RankWriter::run_id() const {
    return layout::run_id(impl_->options.run, impl_->options.program);
}

const std::string& RankWriter::path() const {
    return impl_->segment ? impl_->segment->name.final_path : impl_->last_path;
}

}  // namespace regatta::results
