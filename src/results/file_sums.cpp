#include "results/file_sums.hpp"

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/row_checks.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

/// Tells the digest, and `add`, each row of a table that not every file has.
template <class Row, class Add>
void add_rows(Digest& digest, const h5::File& file, const Table& table, const Add& add) {
    if (!file.has(std::string(table.path))) return;
    h5::visit_table<Row>(file, table, [&](std::span<const Row> rows) {
        with_rows_of(file.path(), [&] {
            for (const Row& row : rows) {
                table.add_to(digest, &row);
                add(row);
            }
        });
    });
}

}  // namespace

void add_large_rows(FileSums into, const h5::File& file) {
    h5::visit_table<serving::RequestRecord>(file, requests_table(), [&](std::span<const serving::RequestRecord> rows) {
        with_rows_of(file.path(), [&] {
            for (const serving::RequestRecord& row : rows) {
                requests_table().add_to(into.digest, &row);
                into.sums.add(row);
            }
        });
    });
    add_rows<serving::FleetEventRecord>(into.digest, file, events_table(), [&](const serving::FleetEventRecord& row) {
        REGATTA_CHECK(static_cast<int>(row.kind) < serving::kFleetEvents, "a change of no known kind");
        into.sums.add(row);
    });
    add_rows<serving::StepRecord>(into.digest, file, steps_table(), [](const serving::StepRecord& /*row*/) {});
    add_rows<NodeSeriesRow>(into.digest, file, node_series_table(), [](const NodeSeriesRow& /*row*/) {});
}

void check_digest(const h5::File& rank_file, const Digest& large) {
    Digest digest = large;
    add_rows<serving::ReplicaRecord>(digest, rank_file, replicas_table(), [](const serving::ReplicaRecord& /*row*/) {});
    if (digest != layout::read_digest(rank_file)) layout::fail_digest(rank_file.path());
}

bool has_only_rows(const h5::File& file) {
    const layout::Identity identity = layout::read_identity(file);
    return !identity.is_merged && !identity.is_last;
}

SmallParts read_small(const h5::File& file, const RunDescription& run) {
    SmallParts small;
    small.replicas = h5::read_table<serving::ReplicaRecord>(file, replicas_table());
    small.partial.sums = SummarySums(run);
    with_rows_of(file.path(), [&] {
        for (const serving::ReplicaRecord& row : small.replicas) {
            replicas_table().add_to(small.partial.rows, &row);
            small.partial.sums.add(row);
        }
        layout::read_histograms(file, small.partial.sums);
        small.partial.series = layout::read_series(file, run);
    });
    small.partial.facts = layout::read_facts(file);
    const RunTotalsRow totals = layout::read_totals(file);
    small.partial.arrived = totals.requests_arrived;
    small.partial.end = SimTime::from_ns(totals.end_ns);
    return small;
}

}  // namespace regatta::results
