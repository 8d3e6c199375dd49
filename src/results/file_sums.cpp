#include "results/file_sums.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

/// What finds our mistakes during a run finds rows here that no run can have written.
template <class Add>
void add_checked(const std::string& path, Add add) {
    try {
        add();
    } catch (const BugError&) {
        throw IoError(fmt::format("{}: holds rows that no run writes; it is damaged or was changed", path));
    }
}

/// Adds the rows of a table to the digest, where the file has it.
template <class Row>
void add_rows(Digest& digest, const h5::File& file, const Table& table) {
    if (!file.has(std::string(table.path))) return;
    h5::visit_table<Row>(file, table, [&](std::span<const Row> rows) {
        for (const Row& row : rows)
            table.add_to(digest, &row);
    });
}

}  // namespace

void add_requests(FileSums into, std::span<const serving::RequestRecord> rows, const std::string& path) {
    add_checked(path, [&] {
        for (const serving::RequestRecord& row : rows) {
            requests_table().add_to(into.digest, &row);
            into.sums.add(row);
        }
    });
}

FileRest read_rest(FileSums into, const h5::File& file, const RunDescription& run, bool is_rank_file) {
    FileRest rest;
    rest.replicas = h5::read_table<serving::ReplicaRecord>(file, replicas_table());
    add_checked(file.path(), [&] {
        for (const serving::ReplicaRecord& row : rest.replicas) {
            replicas_table().add_to(into.digest, &row);
            into.sums.add(row);
        }
        layout::read_histograms(file, into.sums);
        rest.partial.series = layout::read_series(file, run);
    });
    add_rows<serving::StepRecord>(into.digest, file, steps_table());
    add_rows<serving::FleetEventRecord>(into.digest, file, events_table());
    add_rows<NodeSeriesRow>(into.digest, file, node_series_table());
    rest.partial.facts = layout::read_facts(file);
    const RunTotalsRow totals = layout::read_totals(file);
    rest.partial.arrived = totals.requests_arrived;
    rest.partial.end = SimTime::from_ns(totals.end_ns);
    rest.partial.rows = into.digest;
    if (is_rank_file && into.digest != layout::read_digest(file)) layout::fail_digest(file.path());
    return rest;
}

}  // namespace regatta::results
