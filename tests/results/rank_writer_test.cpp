#include "results/rank_writer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "made_up_run.hpp"
#include "regatta/base/errors.hpp"
#include "results/result_reader.hpp"
#include "results/row_order.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

RankWriterOptions alone(const ScratchDirectory& scratch, const MadeUpRun& run) {
    return {.directory = scratch.path(), .rank = 0, .ranks = 1, .program = "test", .run = run.description};
}

TEST(RankWriter, GivesItsFileANameOnlyWhenItIsWhole) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(1, 10);
    RankWriter writer(alone(scratch, run));
    EXPECT_EQ(ScratchDirectory::names_in(scratch.path()), std::vector<std::string>{".rank-00000-000.h5.part"});
    writer.finish(run.end, 0, {});
    EXPECT_EQ(ScratchDirectory::names_in(scratch.path()), std::vector<std::string>{"rank-00000-000.h5"});
    EXPECT_EQ(writer.path(), scratch.path("rank-00000-000.h5"));
}

TEST(RankWriter, LeavesNothingWhenItNeverFinishes) {
    const ScratchDirectory scratch;
    { const RankWriter writer(alone(scratch, make_up_run(2, 10))); }
    EXPECT_TRUE(ScratchDirectory::names_in(scratch.path()).empty());
}

TEST(RankWriter, WritesRowsInOrderWhateverTheOrderTheyCameIn) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(3, 20'000);
    write_run(run, scratch.path(), 1);
    std::vector<serving::RequestRecord> rows;
    ResultReader(scratch.path()).visit_requests([&rows](std::span<const serving::RequestRecord> block) {
        rows.insert(rows.end(), block.begin(), block.end());
    });
    ASSERT_EQ(rows.size(), run.requests.size());
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), RowOrder()));
}

TEST(RankWriter, WritesSettledRowsBeforeTheEndOfTheRun) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(4, 0);
    RankWriter writer(alone(scratch, run));
    const std::string path = scratch.path(".rank-00000-000.h5.part");
    const std::uintmax_t before = fs::file_size(path);
    serving::RequestRecord row;
    row.state = serving::EndState::Rejected;
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        row.request_id = i;
        row.end_ns = row.arrival_ns = static_cast<std::int64_t>(i);
        writer.request_ended(row);
        writer.settle(SimTime::from_ns(static_cast<std::int64_t>(i)));
    }
    EXPECT_GT(fs::file_size(path), before + 80'000 * sizeof row);
}

TEST(RankWriter, RefusesARowThatEndsBeforeWhatWasSettled) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(5, 0);
    RankWriter writer(alone(scratch, run));
    writer.settle(SimTime::from_ns(1'000));
    serving::RequestRecord row;
    row.request_id = 17;
    row.state = serving::EndState::Rejected;
    row.arrival_ns = 10;
    row.end_ns = 999;
    expect_contains(error_of<BugError>([&] { writer.request_ended(row); }),
                    "request 17 ended at 999 ns, but everything before 1000 ns was settled");
    row.end_ns = 1'000;
    EXPECT_NO_THROW(writer.request_ended(row));
}

TEST(RankWriter, RefusesASampleBetweenInstants) {
    const ScratchDirectory scratch;
    RankWriter writer(alone(scratch, make_up_run(6, 0)));
    expect_contains(error_of<BugError>([&] { writer.sample(PoolId(0), NodeId(0), SimTime::from_s(7), {}); }),
                    "sample of pool 0 at 7000000000 ns; 2 pools every 5000000000 ns");
}

TEST(RankWriter, RefusesAFinishedRequestWhoseTimesRunBackwards) {
    const ScratchDirectory scratch;
    RankWriter writer(alone(scratch, make_up_run(7, 0)));
    serving::RequestRecord row;
    row.request_id = 5;
    row.state = serving::EndState::Finished;
    row.output_tokens = 1;
    row.arrival_ns = 20'000'000'000;
    row.received_ns = 21'000'000'000;
    row.scheduled_ns = 30'000'000'000;
    row.first_token_ns = 25'000'000'000;
    row.end_ns = 40'000'000'000;
    expect_contains(error_of<BugError>([&] { writer.request_ended(row); }),
                    "request 5 finished with 1 tokens: arrival 20000000000 ns, received 21000000000 ns, scheduled "
                    "30000000000 ns, first token 25000000000 ns, end 40000000000 ns");
}

TEST(RankWriter, NamesADirectoryThatIsNotThere) {
    const ScratchDirectory scratch;
    RankWriterOptions options = alone(scratch, make_up_run(8, 0));
    options.directory = scratch.path("nowhere");
    EXPECT_EQ(error_of<IoError>([&] { RankWriter writer(options); }),
              scratch.path("nowhere/rank-00000-000.h5") + ": cannot be written: No such file or directory");
}

/// Files of this process may not grow beyond `bytes` as long as this lives: a full disk that needs no disk.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

TEST(RankWriter, NamesAFileThatCannotGrow) {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(9, 20'000);
    {
        const FullDisk full(1'000'000);
        EXPECT_EQ(error_of<IoError>([&] { write_run(run, scratch.path(), 1); }),
                  scratch.path("rank-00000-000.h5") + ": cannot write /requests: File too large");
    }
    EXPECT_TRUE(ScratchDirectory::names_in(scratch.path()).empty());
}

TEST(OutputDirectory, IsMadeWithThoseAboveIt) {
    const ScratchDirectory scratch;
    prepare_output_directory(scratch.path("a/b/c"));
    EXPECT_TRUE(fs::is_directory(scratch.path("a/b/c")));
    EXPECT_TRUE(ScratchDirectory::names_in(scratch.path("a/b/c")).empty());
}

TEST(OutputDirectory, MayHoldOtherThings) {
    const ScratchDirectory scratch;
    std::ofstream(scratch.path("notes.txt")) << "x";
    EXPECT_NO_THROW(prepare_output_directory(scratch.path()));
}

TEST(OutputDirectory, IsRefusedWhenItHoldsResults) {
    const ScratchDirectory scratch;
    write_run(make_up_run(10, 1), scratch.path(), 2);
    EXPECT_EQ(error_of<InputError>([&] { prepare_output_directory(scratch.path()); }),
              scratch.path() + ": already holds results (rank-00000-000.h5); give another directory or remove them");
}

TEST(OutputDirectory, IsRefusedWhenAFileIsInTheWay) {
    const ScratchDirectory scratch;
    std::ofstream(scratch.path("file")) << "x";
    EXPECT_EQ(error_of<IoError>([&] { prepare_output_directory(scratch.path("file/out")); }),
              scratch.path("file/out") + ": cannot be made: Not a directory");
}

TEST(OutputDirectory, IsRefusedWhenNoFileCanBeMadeInIt) {
    if (!fs::is_directory("/proc/self")) GTEST_SKIP() << "needs /proc, a directory in which nobody can make files";
    EXPECT_EQ(error_of<IoError>([] { prepare_output_directory("/proc/self"); }),
              "/proc/self: no file can be made in it: No such file or directory");
}

}  // namespace
}  // namespace regatta::results
