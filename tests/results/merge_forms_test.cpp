// The forms of a merge that are not the usual one: plain, virtual, partial.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "merging.hpp"
#include "regatta/base/errors.hpp"
#include "results/hdf5.hpp"
#include "results/result_reader.hpp"
#include "results/row_order.hpp"
#include "results/summary.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

std::vector<serving::RequestRecord> requests_in(const std::string& path) {
    std::vector<serving::RequestRecord> rows;
    ResultReader(path).visit_requests([&rows](std::span<const serving::RequestRecord> block) {
        rows.insert(rows.end(), block.begin(), block.end());
    });
    return rows;
}

std::string rank_name(int rank) {
    return "rank-0000" + std::to_string(rank) + "-000.h5";
}

TEST(PlainMerge, DiffersFromADeflatedOneInSizeOnly) {
    if (!has_program("h5diff")) GTEST_SKIP() << "h5diff (hdf5-tools) is not installed";
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(40, 20'000);
    const std::string deflated = merged(scratch, run, 3, "deflated.h5");
    const std::string plain = merged(scratch, run, 2, "plain.h5", MergedRows::Plain);
    const CommandResult difference = run_command("h5diff -c --exclude-path /run " + deflated + " " + plain);
    EXPECT_EQ(difference.code, 0) << difference.output;
    EXPECT_EQ(difference.output, "");
    EXPECT_GT(fs::file_size(plain), 2 * fs::file_size(deflated));
}

/// A virtual merge of three ranks' files, all in one directory.
class VirtualMerge : public testing::Test {
protected:
    VirtualMerge() {
        make_up_events(run, 41);
        write_run(run, scratch.path(), 3);
        merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .rows = MergedRows::Virtual});
    }
    ScratchDirectory scratch;
    MadeUpRun run = make_up_run(41, 9'000);
};

TEST_F(VirtualMerge, HoldsWhatACopyingMergeHolds) {
    const std::string copied = scratch.path("copied.h5");
    const MergeOutcome copy = merge_run({.directory = scratch.path(), .output = copied});
    const RunOutcome shown = ResultReader(scratch.path("run.h5")).outcome();
    EXPECT_EQ(shown.digest.to_hex(), copy.digest.to_hex());
    const RunOutcome read = ResultReader(copied).outcome();
    EXPECT_EQ(to_json(shown.summary, {.digest = shown.digest, .facts = shown.facts}),
              to_json(read.summary, {.digest = read.digest, .facts = read.facts}));
    std::vector<serving::RequestRecord> rows = requests_in(scratch.path("run.h5"));
    EXPECT_FALSE(std::is_sorted(rows.begin(), rows.end(), RowOrder()));
    std::sort(rows.begin(), rows.end(), RowOrder());
    const std::vector<serving::RequestRecord> wanted = requests_in(copied);
    ASSERT_EQ(rows.size(), wanted.size());
    EXPECT_EQ(std::memcmp(rows.data(), wanted.data(), rows.size() * sizeof rows.front()), 0);
}

TEST_F(VirtualMerge, SaysHowItsRowsLie) {
    EXPECT_EQ(h5::File::open(scratch.path("run.h5")).read_text("/", "row_order"),
              "by rank, then as each table says: rows of large tables are views of the rank files named in "
              "/run/row_files, which must stay where they are relative to this file");
}

TEST_F(VirtualMerge, MayBeMovedWithItsRankFiles) {
    const ScratchDirectory elsewhere;
    fs::rename(scratch.path(), elsewhere.path("moved"));
    EXPECT_EQ(requests_in(elsewhere.path("moved/run.h5")).size(), 9'000U);
}

TEST_F(VirtualMerge, IsReadThroughHdf5ItselfByOthers) {
    if (run_command("/usr/bin/python3 -c 'import h5py'").code != 0) GTEST_SKIP() << "python3-h5py is not installed";
    const std::string script = scratch.path("read.py");
    std::ofstream(script) << "import h5py, sys\n"
                             "with h5py.File(sys.argv[1]) as file:\n"
                             "    rows = file['requests'][:]\n"
                             "    print(len(rows), len(set(rows['request_id'])), rows['request_id'].sum())\n"
                             "    print([len(file[name][:]) for name in ('steps', 'node_series', 'events')])\n";
    std::uint64_t ids = 0;
    for (const serving::RequestRecord& row : run.requests)
        ids += row.request_id;
    const CommandResult answer = run_command("/usr/bin/python3 " + script + " " + scratch.path("run.h5"));
    EXPECT_EQ(answer.output, "9000 9000 " + std::to_string(ids) + "\n[300, 126, 250]\n");
}

TEST_F(VirtualMerge, IsRefusedWhereARankFileHasGone) {
    fs::remove(scratch.path(rank_name(1)));
    EXPECT_EQ(error_of<IoError>([this] { ResultReader reader(scratch.path("run.h5")); }),
              scratch.path(rank_name(1)) + ": is missing; " + scratch.path("run.h5") +
                  " shows its rows, for it was merged with --virtual");
}

TEST_F(VirtualMerge, IsRefusedWhereARankFileIsAnotherOne) {
    const ScratchDirectory other;
    MadeUpRun changed = run;
    ++changed.requests[17].preemptions;
    write_run(changed, other.path(), 3);
    for (int rank = 0; rank < 3; ++rank)
        fs::copy_file(other.path(rank_name(rank)), scratch.path(rank_name(rank)), fs::copy_options::overwrite_existing);
    const std::string error = error_of<IoError>([this] { ResultReader reader(scratch.path("run.h5")); });
    EXPECT_TRUE(error.ends_with(": is not the file that " + scratch.path("run.h5") + " was merged from")) << error;
}

/// A directory with the files of a run on four ranks, to be damaged.
class PartialMerge : public testing::Test {
protected:
    PartialMerge() { write_run(run, scratch.path(), 4); }
    std::string rank(int number) { return scratch.path(rank_name(number)); }
    MergeOutcome merge() {
        return merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .is_partial = true});
    }
    ScratchDirectory scratch;
    MadeUpRun run = make_up_run(42, 4'000);
};

TEST_F(PartialMerge, OfAllFilesIsTheUsualOne) {
    const MergeOutcome outcome = merge();
    EXPECT_TRUE(outcome.left_out.empty());
    EXPECT_FALSE(h5::File::open(scratch.path("run.h5")).has_attribute("/", "left_out"));
    const MergeOutcome whole = merge_run({.directory = scratch.path(), .output = scratch.path("whole.h5")});
    EXPECT_EQ(outcome.digest.to_hex(), whole.digest.to_hex());
}

TEST_F(PartialMerge, LeavesOutWhatIsMissingCutShortOrForeign) {
    const ScratchDirectory other;
    write_run(make_up_run(43, 100), other.path(), 4);
    fs::remove(rank(0));
    fs::resize_file(rank(1), fs::file_size(rank(1)) / 2);
    fs::copy_file(other.path(rank_name(3)), rank(3), fs::copy_options::overwrite_existing);
    // Two files of two runs: the first one found decides.
    const MergeOutcome outcome = merge();
    EXPECT_EQ(outcome.ranks, 1);
    EXPECT_EQ(outcome.left_out,
              (std::vector<std::string>{rank_name(0) + ": is missing", rank_name(1) + ": is cut short or damaged",
                                        rank_name(3) + ": belongs to another run"}));
}

TEST_F(PartialMerge, LeavesOutAFileWhoseRowsWereChanged) {
    std::fstream file(rank(2), std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::uint64_t id = 0;
    h5::visit_table<serving::RequestRecord>(h5::File::open(rank(2)), requests_table(),
                                            [&id](std::span<const serving::RequestRecord> rows) {
                                                if (id == 0) id = rows.front().request_id;
                                            });
    const std::size_t place = bytes.find(std::string(reinterpret_cast<const char*>(&id), sizeof id));
    ASSERT_NE(place, std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(bytes[place] ^ 1));
    file.close();
    EXPECT_EQ(merge().left_out,
              std::vector{rank_name(2) + ": its rows are not those that the run wrote (the digest differs)"});
}

TEST_F(PartialMerge, SaysInTheFileAndInItsSummaryWhatIsMissing) {
    fs::remove(rank(2));
    merge();
    const h5::File file = h5::File::open(scratch.path("run.h5"));
    EXPECT_EQ(file.read_text("/", "left_out"), rank_name(2) + ": is missing");
    EXPECT_EQ(file.read_number("/", "files_left_out"), 1);
    const RunOutcome outcome = ResultReader(scratch.path("run.h5")).outcome();
    const SummaryContext context{.digest = outcome.digest, .facts = outcome.facts};
    EXPECT_TRUE(to_text(outcome.summary, context)
                    .starts_with("PARTIAL    these figures are not of the whole run, and sums need not hold; left out "
                                 "of the merge were\n  " +
                                 rank_name(2) + ": is missing\n"))
        << to_text(outcome.summary, context);
    EXPECT_NE(to_json(outcome.summary, context).find("\"left_out\": [\n    \"" + rank_name(2) + ": is missing\"\n  ]"),
              std::string::npos);
}

TEST_F(PartialMerge, MayBeVirtual) {
    fs::remove(rank(1));
    merge_run({.directory = scratch.path(),
               .output = scratch.path("run.h5"),
               .rows = MergedRows::Virtual,
               .is_partial = true});
    const ResultReader reader(scratch.path("run.h5"));
    EXPECT_EQ(reader.run().left_out, std::vector{rank_name(1) + ": is missing"});
    EXPECT_EQ(reader.outcome().facts.ranks.size(), 3U);
}

TEST_F(PartialMerge, WithoutAnyGoodFileIsAnError) {
    for (int number = 0; number < 4; ++number)
        std::ofstream(rank(number)) << "hello\n";
    EXPECT_EQ(error_of<IoError>([this] { merge(); }),
              scratch.path() + ": none of its rank files can be read; " + rank_name(0) + " is not an HDF5 file");
    EXPECT_FALSE(fs::exists(scratch.path("run.h5")));
}

}  // namespace
}  // namespace regatta::results
