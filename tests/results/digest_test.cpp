#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "made_up_run.hpp"
#include "regatta/base/errors.hpp"
#include "results/tables.hpp"

namespace regatta::results {
namespace {

Digest digest_of(const MadeUpRun& run, std::uint32_t ranks, std::uint64_t seed = 1) {
    const ScratchDirectory scratch;
    return combine(run.description, write_run(run, scratch.path(), ranks, seed)).digest;
}

TEST(RunDigest, IsTheSameOnAnyNumberOfRanks) {
    MadeUpRun run = make_up_run(1, 500);
    make_up_events(run, 1);
    const Digest one = digest_of(run, 1);
    for (const std::uint32_t ranks : {2U, 3U, 5U}) {
        SCOPED_TRACE(ranks);
        EXPECT_EQ(digest_of(run, ranks, ranks).to_hex(), one.to_hex());
    }
}

TEST(RunDigest, DoesNotDependOnTheOrderOfRows) {
    MadeUpRun run = make_up_run(2, 100);
    const Digest before = digest_of(run, 2);
    std::reverse(run.requests.begin(), run.requests.end());
    std::reverse(run.replicas.begin(), run.replicas.end());
    std::reverse(run.gaps.begin(), run.gaps.end());
    std::reverse(run.batches.begin(), run.batches.end());
    std::reverse(run.samples.begin(), run.samples.end());
    EXPECT_EQ(digest_of(run, 2).to_hex(), before.to_hex());
}

TEST(RunDigest, SeesARowThatIsMissing) {
    MadeUpRun run = make_up_run(3, 100);
    const Digest before = digest_of(run, 1);
    run.requests.pop_back();
    EXPECT_NE(digest_of(run, 1), before);
}

/// Flips the lowest bit of one column of the last row, and tells whether the run can still be told apart from before.
template <class Row>
void expect_every_column_counts(const Table& table, const std::vector<Row>& rows) {
    ASSERT_EQ(table.row_bytes, sizeof(Row));
    Digest before;
    for (const Row& row : rows)
        table.add_to(before, &row);
    for (const Column& column : table.columns) {
        for (std::size_t byte = 0; byte < bytes_of(column.type); ++byte) {
            SCOPED_TRACE(std::string(table.path) + " " + std::string(column.name) + " byte " + std::to_string(byte));
            std::vector<Row> changed = rows;
            reinterpret_cast<unsigned char*>(&changed.back())[column.offset + byte] ^= 1;
            Digest after;
            for (const Row& row : changed)
                table.add_to(after, &row);
            EXPECT_NE(before, after);
        }
    }
}

/// Samples of a run as rows of its nodes; those after its end are none.
std::vector<NodeSeriesRow> node_rows(const MadeUpRun& run) {
    std::vector<NodeSeriesRow> rows;
    for (const Sample& sample : run.samples)
        if (sample.at <= run.end)
            rows.push_back({.time_ns = sample.at.ns(),
                            .node = sample.node.value(),
                            .pool = sample.pool.value(),
                            .waiting = sample.sample.waiting,
                            .running = sample.sample.running,
                            .kv_blocks_used = sample.sample.kv_blocks_used,
                            .busy_replicas = sample.sample.busy_replicas,
                            .kv_tokens = sample.sample.kv_tokens});
    return rows;
}

TEST(RunDigest, SeesEveryColumnOfEveryTable) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(4, 50);
    make_up_events(run, 4);
    const RunOutcome outcome = combine(run.description, write_run(run, scratch.path(), 2));
    expect_every_column_counts(requests_table(), run.requests);
    expect_every_column_counts(replicas_table(), run.replicas);
    expect_every_column_counts(series_table(), outcome.series.rows());
    expect_every_column_counts(steps_table(), run.steps);
    expect_every_column_counts(node_series_table(), node_rows(run));
    expect_every_column_counts(events_table(), run.events);
    expect_every_column_counts(gaps_table(), outcome.sums.gap_rows());
    expect_every_column_counts(gap_totals_table(), outcome.sums.gap_total_rows());
    expect_every_column_counts(step_times_table(), outcome.sums.step_time_rows());
    expect_every_column_counts(step_time_totals_table(), outcome.sums.step_time_total_rows());
    expect_every_column_counts(batches_table(), outcome.sums.batch_rows());
    expect_every_column_counts(run_totals_table(), std::vector<RunTotalsRow>{{.requests_arrived = 50, .end_ns = 7}});
}

/// From end to end: the digest of a run is the sum over exactly these tables' rows.
TEST(RunDigest, IsTheSumOverAllTables) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(5, 80);
    make_up_events(run, 5);
    const RunOutcome outcome = combine(run.description, write_run(run, scratch.path(), 3));
    Digest expected;
    for (const auto& row : run.requests)
        requests_table().add_to(expected, &row);
    for (const auto& row : run.replicas)
        replicas_table().add_to(expected, &row);
    for (const auto& row : outcome.series.rows())
        series_table().add_to(expected, &row);
    for (const auto& row : run.steps)
        steps_table().add_to(expected, &row);
    for (const auto& row : node_rows(run))
        node_series_table().add_to(expected, &row);
    for (const auto& row : run.events)
        events_table().add_to(expected, &row);
    for (const auto& row : outcome.sums.gap_rows())
        gaps_table().add_to(expected, &row);
    for (const auto& row : outcome.sums.gap_total_rows())
        gap_totals_table().add_to(expected, &row);
    for (const auto& row : outcome.sums.step_time_rows())
        step_times_table().add_to(expected, &row);
    for (const auto& row : outcome.sums.step_time_total_rows())
        step_time_totals_table().add_to(expected, &row);
    for (const auto& row : outcome.sums.batch_rows())
        batches_table().add_to(expected, &row);
    const RunTotalsRow totals{.requests_arrived = 80, .end_ns = run.end.ns()};
    run_totals_table().add_to(expected, &totals);
    EXPECT_EQ(outcome.digest.to_hex(), expected.to_hex());
}

/// Where requests of `pool` were in their lives just before `at`, one by one.
SeriesRow lives_of(const MadeUpRun& run, std::int64_t pool, std::int64_t at_ns) {
    SeriesRow row;
    const auto was = [at_ns](std::int64_t then_ns) { return then_ns != serving::kNoTime && then_ns < at_ns; };
    for (const serving::RequestRecord& request : run.requests) {
        if ((request.pool == serving::kNoPool ? 0 : request.pool) != pool || !was(request.arrival_ns)) continue;
        ++row.lives.arrived;
        const bool has_ended = request.state != serving::EndState::Unfinished && was(request.end_ns);
        if (has_ended && request.retries > 0) ++row.lives.retried;
        row.lives.finished += has_ended && request.state == serving::EndState::Finished;
        row.lives.rejected += has_ended && request.state == serving::EndState::Rejected;
        row.lives.failed += has_ended && request.state == serving::EndState::Failed;
        row.lives.timed_out += has_ended && request.state == serving::EndState::TimedOut;
        if (has_ended) continue;
        if (was(request.first_token_ns))
            ++row.lives.generate;
        else if (was(request.scheduled_ns))
            ++row.lives.prefill;
        else
            ++(was(request.received_ns) ? row.lives.scheduled : row.lives.pending);
    }
    return row;
}

TEST(Series, CountRequestsByWhereTheyAreInTheirLives) {
    MadeUpRun run = make_up_run(8, 400);
    for (std::size_t i = 0; i < run.requests.size(); i += 7)
        run.requests[i].retries = 2;
    for (const std::uint32_t ranks : {1U, 3U}) {
        const ScratchDirectory scratch;
        const RunOutcome outcome = combine(run.description, write_run(run, scratch.path(), ranks));
        std::int64_t seen = 0;
        for (const SeriesRow& row : outcome.series.rows()) {
            SCOPED_TRACE(testing::Message() << "pool " << row.pool << " at " << row.time_ns << " ns");
            const SeriesRow expected = lives_of(run, row.pool, row.time_ns);
            for (const auto column :
                 {&RequestLives::pending, &RequestLives::scheduled, &RequestLives::prefill, &RequestLives::generate,
                  &RequestLives::arrived, &RequestLives::finished, &RequestLives::rejected, &RequestLives::failed,
                  &RequestLives::timed_out, &RequestLives::retried})
                EXPECT_EQ(row.lives.*column, expected.lives.*column);
            EXPECT_EQ(row.lives.arrived, row.lives.pending + row.lives.scheduled + row.lives.prefill +
                                             row.lives.generate + row.lives.finished + row.lives.rejected +
                                             row.lives.failed + row.lives.timed_out);
            seen += row.lives.generate + row.lives.retried + row.lives.pending;
        }
        EXPECT_GT(seen, 100);
    }
}

/// One change to what ranks are told, by the column it shows in.
using Change = void (*)(MadeUpRun&);
const std::map<std::string, Change> kChanges = {
    {"series waiting", [](MadeUpRun& run) { ++run.samples.front().sample.waiting; }},
    {"series running", [](MadeUpRun& run) { ++run.samples.front().sample.running; }},
    {"series kv_blocks_used", [](MadeUpRun& run) { ++run.samples.front().sample.kv_blocks_used; }},
    {"series busy_replicas", [](MadeUpRun& run) { ++run.samples.front().sample.busy_replicas; }},
    {"series kv_tokens", [](MadeUpRun& run) { ++run.samples.front().sample.kv_tokens; }},
    {"series replicas", [](MadeUpRun& run) { ++run.samples.front().sample.replicas; }},
    {"series pool", [](MadeUpRun& run) { run.samples.front().pool = PoolId(1); }},
    {"series time_ns", [](MadeUpRun& run) { run.samples.front().at = SimTime::from_s(5); }},
    {"gap pool", [](MadeUpRun& run) { run.gaps.front().pool = PoolId(1 - run.gaps.front().pool.value()); }},
    {"gap count", [](MadeUpRun& run) { ++run.gaps.front().count; }},
    {"gap sum", [](MadeUpRun& run) { run.gaps.front().gap += SimTime::from_ns(1); }},
    {"batch sequences", [](MadeUpRun& run) { ++run.batches.front().sequences; }},
    {"batch steps", [](MadeUpRun& run) { ++run.batches.front().steps, ++run.replicas.front().steps; }},
    {"end_ns", [](MadeUpRun& run) { run.end += SimTime::from_ns(1); }},
};

TEST(RunDigest, SeesEveryChangeInWhatRanksAddUp) {
    MadeUpRun run = make_up_run(6, 60);
    run.description.has_node_series = false;  // or the nodes' rows would show it, too
    const Digest before = digest_of(run, 2);
    for (const auto& [column, change] : kChanges) {
        SCOPED_TRACE(column);
        MadeUpRun changed = run;
        change(changed);
        EXPECT_NE(digest_of(changed, 2), before);
    }
}

TEST(RunDigest, DoesNotSeeSamplesAfterTheEnd) {
    MadeUpRun run = make_up_run(7, 20);
    const Digest before = digest_of(run, 2);
    run.samples.back().sample.waiting += 5;
    ASSERT_GT(run.samples.back().at, run.end);
    EXPECT_EQ(digest_of(run, 2), before);
}

TEST(Tables, NameEveryByteOfTheirRowsOnce) {
    for (const Table* table : all_tables()) {
        SCOPED_TRACE(table->path);
        std::vector<int> covered(table->row_bytes, 0);
        for (const Column& column : table->columns)
            for (std::size_t byte = 0; byte < bytes_of(column.type); ++byte)
                ++covered.at(column.offset + byte);
        const auto twice = std::count_if(covered.begin(), covered.end(), [](int times) { return times > 1; });
        const auto never = std::count(covered.begin(), covered.end(), 0);
        EXPECT_EQ(twice, 0);
        EXPECT_EQ(never, table == &requests_table() ? 1 : 0);  // RequestRecord::reserved
    }
}

TEST(Tables, DescribeEachColumnInWordsAndTimesInNanoseconds) {
    for (const Table* table : all_tables()) {
        for (const Column& column : table->columns) {
            SCOPED_TRACE(std::string(table->path) + " " + std::string(column.name));
            EXPECT_FALSE(column.sentence.empty());
            EXPECT_EQ(column.name.ends_with("_ns"), column.unit == "ns");
        }
    }
}

TEST(RankPartial, RefusesBytesThatAreNoPartial) {
    const std::vector<std::byte> bytes(10);
    EXPECT_EQ(error_of<BugError>([&] { (void)RankPartial::from_bytes(bytes); }),
              "10 bytes are not what a rank knows of the run");
}

}  // namespace
}  // namespace regatta::results
