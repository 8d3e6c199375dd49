#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "regatta/base/digest.hpp"

/// What result files consist of, described once: writer, reader, merge, digest, reference page and tests go by these
/// descriptions. Columns only ever get added at the end.
namespace regatta::results {

enum class ColumnType { Int64, UInt64, UInt32, UInt16, UInt8, Float64 };

struct Column {
    std::string_view name;
    ColumnType type;
    std::string_view unit;  ///< empty: a plain number or an index
    std::string_view sentence;
    std::size_t offset;  ///< in the row as it lies in memory
};
[[nodiscard]] std::size_t bytes_of(ColumnType type);

struct Table {
    std::string_view path;
    std::string_view title;
    std::uint64_t tag;  ///< tells its rows apart in the digest; never to be reused
    std::size_t row_bytes;
    std::span<const Column> columns;
    /// Of a row as it was before columns were added that older files do not have, and that are 0 then; by whole words.
    std::size_t old_row_bytes;

    [[nodiscard]] bool may_lack(const Column& column) const { return column.offset >= old_row_bytes; }
    /// What was added later counts where it is not 0: so rows of older files count as they did.
    void add_to(Digest& digest, const void* row) const {
        const auto* bytes = static_cast<const std::byte*>(row);
        std::uint64_t later = 0;
        for (std::size_t at = old_row_bytes; at < row_bytes; at += sizeof later) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + at, sizeof word);
            later |= word;
        }
        digest.add(tag, {bytes, later == 0 ? old_row_bytes : row_bytes});
    }
};

/// How many requests are where in their lives, and what has become of them since the start.
struct RequestLives {
    std::int64_t pending = 0;
    std::int64_t scheduled = 0;
    std::int64_t prefill = 0;
    std::int64_t generate = 0;
    std::int64_t arrived = 0;
    std::int64_t finished = 0;
    std::int64_t rejected = 0;
    std::int64_t failed = 0;
    std::int64_t timed_out = 0;
    std::int64_t retried = 0;

    RequestLives& operator+=(const RequestLives& other);
    friend constexpr bool operator==(const RequestLives&, const RequestLives&) = default;
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& pending& scheduled& prefill& generate& arrived& finished& rejected& failed& timed_out& retried;
    }
};

/// One pool at one instant. In files: one time x pool dataset per quantity.
struct SeriesRow {
    std::int64_t time_ns = 0;
    std::int64_t pool = 0;
    std::int64_t replicas = 0;
    std::int64_t waiting = 0;
    std::int64_t running = 0;
    std::int64_t kv_blocks_used = 0;
    std::int64_t busy_replicas = 0;
    std::int64_t kv_tokens = 0;
    RequestLives lives;
};

/// One node at one instant.
struct NodeSeriesRow {
    std::int64_t time_ns = 0;
    std::uint32_t node = 0;
    std::uint32_t pool = 0;
    std::int64_t waiting = 0;
    std::int64_t running = 0;
    std::int64_t kv_blocks_used = 0;
    std::int64_t busy_replicas = 0;
    std::int64_t kv_tokens = 0;
};

/// One bucket of a pool's inter-token gaps, or of the lengths of its steps, that is not empty.
struct GapRow {
    std::int64_t pool = 0;
    std::int64_t lower_ns = 0;
    std::int64_t upper_ns = 0;
    std::int64_t count = 0;
};

/// All inter-token gaps, or lengths of steps, of one pool: count and exact sum, so that the mean does not suffer from
/// the buckets.
struct GapTotalRow {
    std::int64_t pool = 0;
    std::int64_t count = 0;
    std::int64_t sum_s = 0;
    std::int64_t sum_rest_ns = 0;
};

/// Steps of one pool that had so many sequences in their batch; numbers without steps have no row.
struct BatchRow {
    std::int64_t pool = 0;
    std::int64_t sequences = 0;
    std::int64_t steps = 0;
};

/// Numbers of the run as a whole. In files: attributes of the file itself.
struct RunTotalsRow {
    std::int64_t requests_arrived = 0;
    std::int64_t end_ns = 0;
};

[[nodiscard]] const Table& requests_table();          ///< of serving::RequestRecord
[[nodiscard]] const Table& replicas_table();          ///< of serving::ReplicaRecord
[[nodiscard]] const Table& series_table();            ///< of SeriesRow
[[nodiscard]] const Table& steps_table();             ///< of serving::StepRecord
[[nodiscard]] const Table& events_table();            ///< of serving::FleetEventRecord
[[nodiscard]] const Table& node_series_table();       ///< of NodeSeriesRow
[[nodiscard]] const Table& gaps_table();              ///< of GapRow
[[nodiscard]] const Table& gap_totals_table();        ///< of GapTotalRow
[[nodiscard]] const Table& step_times_table();        ///< of GapRow
[[nodiscard]] const Table& step_time_totals_table();  ///< of GapTotalRow
[[nodiscard]] const Table& batches_table();           ///< of BatchRow
[[nodiscard]] const Table& run_totals_table();        ///< of RunTotalsRow
[[nodiscard]] const Table& rank_facts_table();        ///< of RankFacts; like the next one no part of the digest
[[nodiscard]] const Table& link_facts_table();        ///< of LinkFacts
[[nodiscard]] std::vector<const Table*> all_tables();

}  // namespace regatta::results
