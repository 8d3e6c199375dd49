#include "results/merge.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "merging.hpp"
#include "regatta/base/errors.hpp"
#include "results/hdf5.hpp"
#include "results/result_reader.hpp"
#include "results/row_order.hpp"

namespace regatta::results {
namespace {

std::vector<serving::RequestRecord> requests_in(const std::string& path) {
    std::vector<serving::RequestRecord> rows;
    ResultReader(path).visit_requests([&rows](std::span<const serving::RequestRecord> block) {
        rows.insert(rows.end(), block.begin(), block.end());
    });
    return rows;
}

bool are_equal(const std::vector<serving::RequestRecord>& a, const std::vector<serving::RequestRecord>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof a.front()) == 0);
}

std::string bytes_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

RC_GTEST_PROP(Merge, HoldsEveryRowOnceInOrderWhateverTheNumberOfRanks, ()) {
    const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 6);
    const auto count = *rc::gen::inRange<std::size_t>(0, 300);
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(seed, count);
    const std::string path = merged(scratch, run, ranks, "run.h5");
    std::sort(run.requests.begin(), run.requests.end(), RowOrder());
    RC_ASSERT(are_equal(requests_in(path), run.requests));
}

TEST(Merge, SortsMoreRowsThanOneBlockHolds) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(11, 40'000);
    const std::vector<serving::RequestRecord> rows = requests_in(merged(scratch, run, 3, "run.h5"));
    std::sort(run.requests.begin(), run.requests.end(), RowOrder());
    EXPECT_TRUE(are_equal(rows, run.requests));
}

TEST(Merge, GivesFilesBetweenWhichH5diffFindsNothing) {
    if (!has_program("h5diff")) GTEST_SKIP() << "h5diff (hdf5-tools) is not installed";
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(12, 9'000);
    const std::string one = merged(scratch, run, 1, "one.h5");
    for (const std::uint32_t ranks : {2U, 3U, 5U}) {
        SCOPED_TRACE(ranks);
        const std::string other = merged(scratch, run, ranks, "other" + std::to_string(ranks) + ".h5");
        for (const std::string& option : {std::string(), std::string("-c ")}) {
            const CommandResult outside_run =
                run_command("h5diff " + option + "--exclude-path /run " + one + " " + other);
            EXPECT_EQ(outside_run.code, 0) << outside_run.output;
            EXPECT_EQ(outside_run.output, "");  // not even "some objects are not comparable"
            // With /run: its one table has as many rows as ranks, which h5diff does not count as a difference.
            EXPECT_EQ(run_command("h5diff " + option + one + " " + other).code, 0);
        }
    }
}

TEST(Merge, GivesFilesInWhichH5diffFindsAChange) {
    if (!has_program("h5diff")) GTEST_SKIP() << "h5diff (hdf5-tools) is not installed";
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(12, 100);
    const std::string one = merged(scratch, run, 1, "one.h5");
    ++run.requests[17].preemptions;
    const std::string other = merged(scratch, run, 2, "other.h5");
    EXPECT_EQ(run_command("h5diff --exclude-path /run " + one + " " + other).code, 1);
}

TEST(Merge, GivesTheSameBytesEachTime) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(13, 5'000);
    EXPECT_EQ(bytes_of_file(merged(scratch, run, 2, "a.h5")), bytes_of_file(merged(scratch, run, 2, "b.h5")));
}

TEST(Merge, HoldsWhatTheRunFound) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(14, 1'000);
    const RunOutcome of_run = combine(run.description, write_run(run, scratch.path(), 3));
    const MergeOutcome of_merge = merge_run({.directory = scratch.path(), .output = scratch.path("run.h5")});
    EXPECT_EQ(of_merge.digest.to_hex(), of_run.digest.to_hex());
    const SummaryContext context{.digest = of_run.digest, .facts = of_run.facts};
    for (const std::string& path : {scratch.path(), scratch.path("run.h5")}) {
        SCOPED_TRACE(path);
        const RunOutcome read = ResultReader(path).outcome();
        EXPECT_EQ(read.digest.to_hex(), of_run.digest.to_hex());
        EXPECT_EQ(to_json(read.summary, {.digest = read.digest, .facts = read.facts}),
                  to_json(of_run.summary, context));
        EXPECT_EQ(to_text(read.summary, {.digest = read.digest, .facts = read.facts}),
                  to_text(of_run.summary, context));
    }
}

TEST(Merge, TellsHowFarItIs) {
    const ScratchDirectory scratch;
    write_run(make_up_run(15, 250'000), scratch.path(), 2);
    std::vector<std::int64_t> told;
    merge_run({.directory = scratch.path(),
               .output = scratch.path("run.h5"),
               .progress = [&told](std::int64_t done, std::int64_t total) {
                   told.push_back(done);
                   EXPECT_EQ(total, 250'000);
               }});
    ASSERT_EQ(told.size(), 2U);
    EXPECT_GE(told[0], 100'000);
    EXPECT_GE(told[1], 200'000);
}

TEST(Merge, OfARunWithoutRequestsIsAFileWithEmptyTables) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(16, 0);
    run.gaps.clear();
    run.samples.clear();
    const std::string path = merged(scratch, run, 2, "run.h5");
    EXPECT_TRUE(requests_in(path).empty());
    EXPECT_EQ(ResultReader(path).outcome().summary.arrived, 0);
}

/// A directory with the files of a run on three ranks, to be damaged.
class BrokenSet : public testing::Test {
protected:
    BrokenSet() { write_run(make_up_run(20, 2'000), scratch.path(), 3); }
    /// What the merge says, which must leave nothing behind; the reader must say the same.
    std::string merge_error() {
        const std::vector<std::string> before = ScratchDirectory::names_in(scratch.path());
        const std::string text =
            error_of<IoError>([this] { merge_run({.directory = scratch.path(), .output = scratch.path("run.h5")}); });
        EXPECT_EQ(ScratchDirectory::names_in(scratch.path()), before);
        EXPECT_EQ(error_of<IoError>([this] { (void)ResultReader(scratch.path()).outcome(); }), text);
        return text;
    }
    std::string rank(int number) { return scratch.path("rank-0000" + std::to_string(number) + "-000.h5"); }
    ScratchDirectory scratch;
};

TEST_F(BrokenSet, NamesAMissingRank) {
    fs::remove(rank(1));
    EXPECT_EQ(merge_error(), rank(1) + ": is missing; the run had 3 ranks");
}

TEST_F(BrokenSet, NamesAMissingFirstRank) {
    fs::remove(rank(0));
    EXPECT_EQ(merge_error(), rank(0) + ": is missing; the run had 3 ranks");
}

TEST_F(BrokenSet, NamesAFileThatIsCutShort) {
    fs::resize_file(rank(2), fs::file_size(rank(2)) / 2);
    EXPECT_EQ(merge_error(), rank(2) + ": is cut short or damaged");
}

TEST_F(BrokenSet, NamesAFileThatIsNotHdf5) {
    std::ofstream(rank(1)) << "hello\n";
    EXPECT_EQ(merge_error(), rank(1) + ": is not an HDF5 file");
}

TEST_F(BrokenSet, NamesAnHdf5FileOfAnotherKind) {
    fs::remove(rank(1));
    h5::File::create(rank(1), rank(1)).close();
    EXPECT_EQ(merge_error(), rank(1) + ": is not a result file of Regatta");
}

TEST_F(BrokenSet, NamesTheFileOfAnotherRun) {
    const ScratchDirectory other;
    write_run(make_up_run(21, 100), other.path(), 3);
    fs::copy_file(other.path("rank-00001-000.h5"), rank(1), fs::copy_options::overwrite_existing);
    EXPECT_EQ(merge_error(), rank(1) + ": belongs to another run than " + rank(0));
}

TEST_F(BrokenSet, NamesAFileThatEndedAtAnotherTime) {
    const ScratchDirectory other;
    MadeUpRun longer = make_up_run(20, 2'000);
    longer.end += SimTime::from_s(1);
    write_run(longer, other.path(), 3);
    fs::copy_file(other.path("rank-00001-000.h5"), rank(1), fs::copy_options::overwrite_existing);
    EXPECT_EQ(merge_error(), rank(1) + ": ended at another time than " + rank(0));
}

TEST_F(BrokenSet, NamesTheFileOfTheSameRunOnMoreRanks) {
    const ScratchDirectory other;
    write_run(make_up_run(20, 2'000), other.path(), 4);
    fs::copy_file(other.path("rank-00003-000.h5"), rank(3));
    EXPECT_EQ(merge_error(), rank(3) + ": does not belong to the run of 3 ranks in this directory");
}

TEST_F(BrokenSet, NamesARankThatIsThereTwice) {
    fs::copy_file(rank(0), rank(1), fs::copy_options::overwrite_existing);
    EXPECT_EQ(merge_error(), rank(1) + ": belongs to another run than " + rank(0));
}

TEST_F(BrokenSet, NamesAFileThatIsStillBeingWritten) {
    fs::rename(rank(1), scratch.path(".rank-00001-000.h5.part"));
    EXPECT_EQ(merge_error(),
              scratch.path(".rank-00001-000.h5.part") + ": is not whole: the run is still going on or was broken off");
}

/// Overwrites 8 bytes of the only place in the file where `number` lies.
void change_number(const std::string& path, std::uint64_t number, std::uint64_t to) {
    std::string bytes = bytes_of_file(path);
    const std::string wanted(reinterpret_cast<const char*>(&number), sizeof number);
    const std::size_t place = bytes.find(wanted);
    ASSERT_NE(place, std::string::npos);
    ASSERT_EQ(bytes.find(wanted, place + 1), std::string::npos);
    bytes.replace(place, sizeof to, reinterpret_cast<const char*>(&to), sizeof to);
    std::ofstream(path, std::ios::binary) << bytes;
}

/// The id of the first request in a rank's file.
std::uint64_t first_request(const std::string& path) {
    std::uint64_t id = 0;
    ResultReader reader(fs::path(path).parent_path());
    bool is_found = false;
    reader.visit_requests([&](std::span<const serving::RequestRecord> rows) {
        if (!is_found) id = rows.front().request_id;
        is_found = true;
    });
    return id;
}

TEST_F(BrokenSet, NamesAFileWhoseRowsWereChanged) {
    change_number(rank(0), first_request(rank(0)), 3);
    EXPECT_EQ(merge_error(), rank(0) + ": its rows are not those that the run wrote (the digest differs)");
}

TEST_F(BrokenSet, NamesAFileWithRowsThatCannotBe) {
    // The first row's arrival, later than its end.
    std::int64_t arrival_ns = -1;
    ResultReader(scratch.path()).visit_requests([&](std::span<const serving::RequestRecord> rows) {
        for (const serving::RequestRecord& row : rows)
            if (arrival_ns < 0 && row.state == serving::EndState::Finished) arrival_ns = row.arrival_ns;
    });
    change_number(rank(0), static_cast<std::uint64_t>(arrival_ns), std::uint64_t{1} << 60);
    EXPECT_EQ(error_of<IoError>([this] { (void)ResultReader(scratch.path()).outcome(); }),
              rank(0) + ": holds rows that no run writes; it is damaged or was changed");
    EXPECT_EQ(error_of<IoError>([this] { merge_run({.directory = scratch.path(), .output = scratch.path("run.h5")}); }),
              rank(0) + ": its rows are not those that the run wrote (the digest differs)");
}

TEST_F(BrokenSet, NamesAFileOfANewerFormat) {
    const std::string path = scratch.path("newer.h5");
    h5::File file = h5::File::create(path, path);
    file.write_text("/", "format", "regatta results");
    file.write_number("/", "format_major", 2);
    file.write_number("/", "format_minor", 1);
    file.close();
    EXPECT_EQ(error_of<IoError>([&] { ResultReader reader(path); }),
              path + ": has format 2.1; this program reads formats up to 1.x");
}

TEST_F(BrokenSet, NamesATableThatIsNotThere) {
    const std::string path = scratch.path("empty.h5");
    h5::File file = h5::File::create(path, path);
    file.write_text("/", "format", "regatta results");
    file.write_number("/", "format_major", 1);
    file.write_number("/", "format_minor", 0);
    file.write_text("/", "kind", "merged");
    file.close();
    EXPECT_EQ(error_of<IoError>([&] { ResultReader reader(path); }), path + ": has no /scenario");
}

TEST_F(BrokenSet, RefusesTheFileOfOneRankAlone) {
    EXPECT_EQ(error_of<IoError>([&] { ResultReader reader(rank(1)); }),
              rank(1) + ": is the file of one of 3 ranks; give their directory or the merged file");
}

TEST_F(BrokenSet, NamesADirectoryWithoutResults) {
    const ScratchDirectory empty;
    const std::string expected = empty.path() + ": holds no rank files (rank-00000-000.h5, ...)";
    EXPECT_EQ(error_of<IoError>([&] { merge_run({.directory = empty.path(), .output = empty.path("run.h5")}); }),
              expected);
    EXPECT_EQ(error_of<IoError>([&] { ResultReader reader(empty.path()); }), expected);
}

TEST_F(BrokenSet, NamesAnOutputThatCannotBeWritten) {
    const std::string path = scratch.path("no/such/run.h5");
    EXPECT_EQ(error_of<IoError>([&] { merge_run({.directory = scratch.path(), .output = path}); }),
              path + ": cannot be written: No such file or directory");
}

TEST_F(BrokenSet, KeepsAnOlderMergedFileWhenTheMergeFails) {
    std::ofstream(scratch.path("run.h5")) << "older";
    fs::remove(rank(2));
    EXPECT_THROW(merge_run({.directory = scratch.path(), .output = scratch.path("run.h5")}), IoError);
    EXPECT_EQ(bytes_of_file(scratch.path("run.h5")), "older");
}

}  // namespace
}  // namespace regatta::results
