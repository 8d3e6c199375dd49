#include "results/file_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>

#include "regatta/base/errors.hpp"
#include "results/table_io.hpp"

namespace regatta::results::layout {
namespace {

constexpr const char* kFormatName = "regatta results";
/// Names of rank files have five digits.
constexpr std::int64_t kMostRanks = 100'000;

/// A dataset that is one column of `table`, with its unit and sentence.
void write_column(h5::File& file, const Table& table, const Column& column, const std::vector<hsize_t>& extent,
                  std::span<const std::int64_t> values) {
    const std::string path = fmt::format("{}/{}", table.path, column.name);
    file.write_numbers(path, extent, values);
    file.write_text(path, "units", column.unit);
    file.write_text(path, "description", column.sentence);
}

/// The value of a column whose type is Int64.
std::int64_t value_of(const Column& column, const void* row) {
    std::int64_t value = 0;
    std::memcpy(&value, static_cast<const std::byte*>(row) + column.offset, sizeof value);
    return value;
}
void set_value(const Column& column, void* row, std::int64_t value) {
    std::memcpy(static_cast<std::byte*>(row) + column.offset, &value, sizeof value);
}

/// Instants that nobody was asked at have no row, but take memory: few are left out, if any.
void check_instants(const h5::File& file, const std::vector<std::int64_t>& times_ns, SimTime every) {
    constexpr std::int64_t kMostLeftOut = 1 << 16;
    const auto most = static_cast<std::int64_t>(times_ns.size()) + kMostLeftOut;
    for (const std::int64_t ns : times_ns)
        if (ns < 0 || ns % every.ns() != 0 || ns / every.ns() >= most)
            throw IoError(fmt::format("{}: /series has a sample at {} ns, one of {} every {} ns", file.path(), ns,
                                      times_ns.size(), every.ns()));
}

/// Time and pool are what the other quantities of the series extend over.
bool is_quantity(const Column& column) {
    return column.name != "time_ns" && column.name != "pool";
}

}  // namespace

bool Identity::is_of_run(const std::string& id) const {
    return id == run_id || std::find(ancestors.begin(), ancestors.end(), id) != ancestors.end();
}

std::string run_id(const RunDescription& run, const std::string& program) {
    const std::string text = fmt::format("{}\n{}\n{}\n{}", run.name, run.seed, program, run.scenario_text);
    Digest digest;
    digest.add(0, std::as_bytes(std::span(text)));
    return digest.to_hex();
}

void write_identity(h5::File& file, const Identity& identity) {
    file.write_text("/", "format", kFormatName);
    file.write_number("/", "format_major", kFormatMajor);
    file.write_number("/", "format_minor", kFormatMinor);
    file.write_text("/", "kind", identity.is_merged ? "merged" : "rank");
    if (identity.is_merged) return;
    file.write_text("/", "run_id", identity.run_id);
    file.write_number("/", "rank", identity.rank);
    file.write_number("/", "ranks", identity.ranks);
    file.write_number("/", "segment", identity.segment);
    if (!identity.ancestors.empty())
        file.write_text("/", "ancestor_run_ids", fmt::format("{}", fmt::join(identity.ancestors, " ")));
}

void write_last_segment(h5::File& file) {
    file.write_number("/", "is_last_segment", 1);
}

Identity read_identity(const h5::File& file) {
    if (!file.has_attribute("/", "format") || file.read_text("/", "format") != kFormatName)
        throw IoError(fmt::format("{}: is not a result file of Regatta", file.path()));
    const std::int64_t format_major = file.read_number("/", "format_major");
    if (format_major > kFormatMajor)
        throw IoError(fmt::format("{}: has format {}.{}; this program reads formats up to {}.x", file.path(),
                                  format_major, file.read_number("/", "format_minor"), kFormatMajor));
    Identity identity{.is_merged = file.read_text("/", "kind") == "merged", .run_id = {}, .rank = 0, .ranks = 1};
    if (identity.is_merged) return identity;
    identity.run_id = file.read_text("/", "run_id");
    identity.rank = file.read_number("/", "rank");
    identity.ranks = file.read_number("/", "ranks");
    if (identity.ranks < 1 || identity.ranks > kMostRanks || identity.rank < 0 || identity.rank >= identity.ranks)
        throw IoError(fmt::format("{}: says that it is of rank {} of {}; expected at most {} ranks", file.path(),
                                  identity.rank, identity.ranks, kMostRanks));
    // Before format 1.5 a rank had one file.
    if (!file.has_attribute("/", "segment")) return identity;
    identity.segment = file.read_number("/", "segment");
    identity.is_last = file.has_attribute("/", "is_last_segment");
    if (!file.has_attribute("/", "ancestor_run_ids")) return identity;
    std::istringstream ids(file.read_text("/", "ancestor_run_ids"));
    for (std::string id; ids >> id;)
        identity.ancestors.push_back(id);
    return identity;
}

void write_series(h5::File& file, const SeriesSums& series) {
    const std::vector<SeriesRow> rows = series.rows();
    if (rows.empty()) return;
    file.make_group("/series");
    const hsize_t pools = series.pools();
    const hsize_t instants = rows.size() / pools;
    const Table& table = series_table();
    std::vector<std::int64_t> values;
    for (const Column& column : table.columns) {
        if (column.name == "pool") continue;
        values.clear();
        const std::size_t stride = is_quantity(column) ? 1 : pools;
        for (std::size_t i = 0; i < rows.size(); i += stride)
            values.push_back(value_of(column, &rows[i]));
        const bool is_time = !is_quantity(column);
        write_column(file, table, column, is_time ? std::vector{instants} : std::vector{instants, pools}, values);
    }
}

SeriesSums read_series(const h5::File& file, const RunDescription& run) {
    if (!run.series_every) return {};
    SeriesSums series(*run.series_every, run.pools.size());
    if (!file.has("/series")) return series;
    const std::vector<std::int64_t> times_ns = file.read_numbers("/series/time_ns");
    check_instants(file, times_ns, *run.series_every);
    std::vector<SeriesRow> rows(times_ns.size() * run.pools.size());
    for (const Column& column : series_table().columns) {
        if (!is_quantity(column)) continue;
        const std::string path = fmt::format("/series/{}", column.name);
        if (!file.has(path)) continue;  // a file of an older version
        const std::vector<std::int64_t> values = file.read_numbers(path);
        if (values.size() != rows.size())
            throw IoError(fmt::format("{}: {} has {} numbers; {} instants of {} pools need {}", file.path(), path,
                                      values.size(), times_ns.size(), run.pools.size(), rows.size()));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (values[i] < -h5::kMostCounted || values[i] > h5::kMostCounted)
                throw IoError(fmt::format("{}: {} holds {}; no run writes that", file.path(), path, values[i]));
            set_value(column, &rows[i], values[i]);
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
        series.add(PoolId(static_cast<std::uint16_t>(i % run.pools.size())),
                   SimTime::from_ns(times_ns[i / run.pools.size()]),
                   {.replicas = rows[i].replicas,
                    .waiting = rows[i].waiting,
                    .running = rows[i].running,
                    .kv_blocks_used = rows[i].kv_blocks_used,
                    .busy_replicas = rows[i].busy_replicas,
                    .kv_tokens = rows[i].kv_tokens,
                    .lives = rows[i].lives});
    return series;
}

void write_histograms(h5::File& file, const SummarySums& sums, h5::Packing packing) {
    const std::vector<BatchRow> batches = sums.batch_rows();
    if (batches.empty()) return;  // without steps there are no gaps, either
    file.make_group("/histograms");
    h5::write_table(file, batches_table(), batches, packing);
    h5::write_table(file, step_times_table(), sums.step_time_rows(), packing);
    h5::write_table(file, step_time_totals_table(), sums.step_time_total_rows(), packing);
    const std::vector<GapTotalRow> totals = sums.gap_total_rows();
    if (totals.empty()) return;
    h5::write_table(file, gaps_table(), sums.gap_rows(), packing);
    h5::write_table(file, gap_totals_table(), totals, packing);
}

void read_histograms(const h5::File& file, SummarySums& sums) {
    if (!file.has("/histograms")) return;
    sums.add_batches(h5::read_table<BatchRow>(file, batches_table()));
    // Files before format 1.4 do not have them.
    if (file.has(std::string(step_times_table().path)))
        sums.add_step_times(h5::read_table<GapRow>(file, step_times_table()),
                            h5::read_table<GapTotalRow>(file, step_time_totals_table()));
    if (!file.has(std::string(gaps_table().path))) return;
    sums.add_gaps(h5::read_table<GapRow>(file, gaps_table()), h5::read_table<GapTotalRow>(file, gap_totals_table()));
}

void write_totals(h5::File& file, const RunTotalsRow& totals, const Digest& digest) {
    for (const Column& column : run_totals_table().columns)
        file.write_number("/", std::string(column.name), value_of(column, &totals));
    file.write_text("/", "digest", digest.to_hex());
}

RunTotalsRow read_totals(const h5::File& file) {
    RunTotalsRow totals;
    for (const Column& column : run_totals_table().columns)
        set_value(column, &totals, file.read_number("/", std::string(column.name)));
    if (totals.requests_arrived < 0 || totals.requests_arrived > h5::kMostCounted || totals.end_ns < 0 ||
        totals.end_ns > h5::kMostInColumn)
        throw IoError(fmt::format("{}: ends at {} ns after {} requests; no run writes that", file.path(), totals.end_ns,
                                  totals.requests_arrived));
    return totals;
}

Digest read_digest(const h5::File& file) {
    Digest digest;
    const std::string text = file.read_text("/", "digest");
    if (!Digest::from_hex(text, digest))
        throw IoError(fmt::format("{}: expected a digest of 32 hexadecimal digits, found \"{}\"", file.path(), text));
    return digest;
}

void fail_digest(const std::string& path) {
    throw IoError(fmt::format("{}: its rows are not those that the run wrote (the digest differs)", path));
}

void write_program(h5::File& file, const std::string& program) {
    file.make_group("/run");
    file.write_text("/run", "program", program);
}

void write_facts(h5::File& file, const RunFacts& facts) {
    h5::write_table(file, rank_facts_table(), facts.ranks, h5::Packing::Plain);
    if (facts.links.empty()) return;
    file.write_texts("/run/link_name", facts.link_names);
    h5::write_table(file, link_facts_table(), facts.links, h5::Packing::Plain);
}

std::string read_program(const h5::File& file) {
    return file.read_text("/run", "program");
}

RunFacts read_facts(const h5::File& file) {
    RunFacts facts;
    facts.ranks = h5::read_table<RankFacts>(file, rank_facts_table(), h5::kMostCounted);
    if (facts.ranks.empty()) throw IoError(fmt::format("{}: {} has no rows", file.path(), rank_facts_table().path));
    if (!file.has(std::string(link_facts_table().path))) return facts;
    facts.link_names = file.read_texts("/run/link_name");
    facts.links = h5::read_table<LinkFacts>(file, link_facts_table(), h5::kMostCounted);
    for (const LinkFacts& link : facts.links)
        if (link.link < 0 || static_cast<std::size_t>(link.link) >= facts.link_names.size())
            throw IoError(fmt::format("{}: {} names link {} of {}", file.path(), link_facts_table().path, link.link,
                                      facts.link_names.size()));
    return facts;
}

}  // namespace regatta::results::layout
