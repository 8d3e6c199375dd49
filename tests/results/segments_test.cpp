// Runs in parts: each checkpoint ends a file of each rank, and the rest may go on elsewhere.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include "made_up_run.hpp"
#include "regatta/base/errors.hpp"
#include "results/checkpoint_files.hpp"
#include "results/checkpoint_writer.hpp"
#include "results/merge.hpp"
#include "results/rank_files.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {
namespace {

constexpr std::uint32_t kSegments = 4;

/// When segment `number` of a run ends.
SimTime end_of(const MadeUpRun& run, std::uint32_t number) {
    return SimTime::from_ns(run.end.ns() / kSegments * (number + 1));
}

/// What happens in a segment, to writers in turn.
void play(const MadeUpRun& run, std::uint32_t segment, const std::vector<std::unique_ptr<RankWriter>>& writers) {
    const SimTime from = segment == 0 ? SimTime() : end_of(run, segment - 1);
    const SimTime to = segment + 1 == kSegments ? SimTime::never() : end_of(run, segment);
    const auto is_now = [&](std::int64_t ns) { return ns >= from.ns() && ns < to.ns(); };
    std::size_t turn = segment;
    const auto any = [&]() -> RankWriter& { return *writers[turn++ % writers.size()]; };
    for (const serving::RequestRecord& record : run.requests)
        if (is_now(record.end_ns)) any().request_ended(record);
    for (const Sample& sample : run.samples)
        if (is_now(sample.at.ns())) any().sample(sample.pool, sample.node, sample.at, sample.sample);
    for (const serving::StepRecord& step : run.steps)
        if (is_now(step.start_ns)) any().step(step);
    for (const serving::FleetEventRecord& event : run.events)
        if (is_now(event.start_ns)) any().fleet_changed(event);
    // What has no time comes whenever it does.
    for (std::size_t i = segment; i < run.gaps.size(); i += kSegments)
        any().inter_token_gaps(run.gaps[i].pool, run.gaps[i].gap, run.gaps[i].count,
                               run.gaps[i].gap * run.gaps[i].count);
    for (std::size_t i = segment; i < run.batches.size(); i += kSegments) {
        const Batches& batches = run.batches[i];
        const SimTime length = SimTime::from_us(100 * batches.sequences);
        RankWriter& writer = any();
        writer.batches(batches.pool, batches.sequences, batches.steps);
        writer.step_times(
            {.pool = batches.pool, .length = length, .count = batches.steps, .total = length * batches.steps});
    }
    if (segment + 1 == kSegments)
        for (const serving::ReplicaRecord& replica : run.replicas)
            any().replica_ended(replica);
}

std::vector<std::unique_ptr<RankWriter>> writers_of(const MadeUpRun& run, const std::string& directory,
                                                    std::uint32_t ranks, std::uint32_t segment) {
    std::vector<std::unique_ptr<RankWriter>> writers;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
        writers.push_back(std::make_unique<RankWriter>(RankWriterOptions{.directory = directory,
                                                                         .rank = rank,
                                                                         .ranks = ranks,
                                                                         .program = "regatta test",
                                                                         .run = run.description,
                                                                         .segment = segment}));
    return writers;
}

/// The run up to the end of segment `last`, which is ended by a checkpoint too unless it is the run's: `ranks` by
/// segment; where the number stays, the same writers go on. Gives what the ranks know, as bytes would carry it.
std::vector<RankPartial> write_segments(const MadeUpRun& run, const std::string& directory,
                                        const std::vector<std::uint32_t>& ranks) {
    const RunFacts facts{.ranks = {{}}, .link_names = {}, .links = {}};
    std::vector<std::unique_ptr<RankWriter>> writers = writers_of(run, directory, ranks.front(), 0);
    std::vector<RankPartial> partials;
    for (std::uint32_t segment = 0; segment < ranks.size(); ++segment) {
        if (segment > 0 && ranks[segment] == ranks[segment - 1]) {
            for (const auto& writer : writers)
                writer->begin_segment();
        } else if (segment > 0) {
            writers = writers_of(run, directory, ranks[segment], segment);
            for (const RankPartial& partial : partials)
                writers.front()->carry(partial);
        }
        play(run, segment, writers);
        partials.clear();
        for (std::size_t rank = 0; rank < writers.size(); ++rank) {
            RankWriter& writer = *writers[rank];
            if (segment + 1 == kSegments) {
                writer.finish(run.end, rank == 0 ? static_cast<std::int64_t>(run.requests.size()) : 0, facts);
                partials.push_back(RankPartial::from_bytes(writer.partial().to_bytes()));
                continue;
            }
            writer.end_segment(end_of(run, segment))->keep();
            partials.push_back(RankPartial::from_bytes(writer.partial_so_far(end_of(run, segment), facts).to_bytes()));
        }
    }
    return partials;
}

TEST(Segments, HaveTheAnswerOfOneFile) {
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
        std::mt19937 dice(seed);
        std::vector<std::uint32_t> ranks(kSegments);
        std::generate(ranks.begin(), ranks.end(), [&dice] { return 1 + dice() % 3; });
        MadeUpRun run = make_up_run(seed, dice() % 200);
        if (seed % 2 == 0) make_up_events(run, seed);
        const ScratchDirectory whole;
        const ScratchDirectory parts;
        const RunOutcome expected = combine(run.description, write_run(run, whole.path(), 1));
        const RunOutcome found = combine(run.description, write_segments(run, parts.path(), ranks));
        EXPECT_EQ(found.digest.to_hex(), expected.digest.to_hex()) << seed;
        EXPECT_EQ(ResultReader(parts.path()).outcome().digest.to_hex(), expected.digest.to_hex()) << seed;
        const std::string merged = parts.path("merged.h5");
        const MergedRows rows = seed % 3 == 0 ? MergedRows::Virtual : MergedRows::Plain;
        EXPECT_EQ(merge_run({.directory = parts.path(), .output = merged, .rows = rows}).digest.to_hex(),
                  expected.digest.to_hex())
            << seed;
        EXPECT_EQ(ResultReader(merged).outcome().digest.to_hex(), expected.digest.to_hex()) << seed;
    }
}

class Parts : public testing::Test {
protected:
    std::string refusal() {
        return error_of<IoError>([this] { (void)find_rank_files(scratch.path()); });
    }
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(31, 500);
};

TEST_F(Parts, AreReadInOrderOfSegmentAndRank) {
    write_segments(run, scratch.path(), {2, 2, 1, 3});
    std::vector<std::string> names;
    for (const std::string& path : find_rank_files(scratch.path()))
        names.push_back(std::filesystem::path(path).filename().string());
    EXPECT_EQ(names, (std::vector<std::string>{"rank-00000-000.h5", "rank-00001-000.h5", "rank-00000-001.h5",
                                               "rank-00001-001.h5", "rank-00000-002.h5", "rank-00000-003.h5",
                                               "rank-00001-003.h5", "rank-00002-003.h5"}));
}

TEST_F(Parts, NameASegmentThatIsMissing) {
    write_segments(run, scratch.path(), {1, 1, 1, 1});
    std::filesystem::remove(scratch.path("rank-00000-002.h5"));
    EXPECT_EQ(refusal(), scratch.path("rank-00000-002.h5") + ": is missing; there are files of segments up to 3");
}

TEST_F(Parts, NameARankOfASegmentThatIsMissing) {
    write_segments(run, scratch.path(), {2, 1, 1, 1});
    std::filesystem::remove(scratch.path("rank-00001-000.h5"));
    EXPECT_EQ(refusal(), scratch.path("rank-00001-000.h5") + ": is missing; the run had 2 ranks");
}

TEST_F(Parts, NameALastSegmentThatIsNotTheLast) {
    write_segments(run, scratch.path(), {1, 1, 1, 1});
    std::filesystem::copy_file(scratch.path("rank-00000-003.h5"), scratch.path("rank-00000-004.h5"));
    EXPECT_EQ(refusal(),
              scratch.path("rank-00000-003.h5") + ": belongs to another run than " + scratch.path("rank-00000-004.h5"));
}

TEST_F(Parts, OfARunThatDidNotEndAreNotWhole) {
    write_segments(run, scratch.path(), {2, 3});
    EXPECT_EQ(refusal(), scratch.path() + ": is not whole: the run is still going on or was broken off");
}

TEST_F(Parts, OfARunThatDidNotEndNeedACheckpointToBeMerged) {
    write_segments(run, scratch.path(), {2, 3});
    EXPECT_EQ(error_of<IoError>([this] {
                  merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .is_partial = true});
              }),
              scratch.path() +
                  ": its files are of a run that has not ended, and there is no checkpoint that would say "
                  "until when they are whole");
}

TEST_F(Parts, WithAStrangeNameAreNotTakenForMissing) {
    write_segments(run, scratch.path(), {1, 1, 1, 1});
    std::filesystem::copy_file(scratch.path("rank-00000-003.h5"), scratch.path("rank-0-3.h5"));
    EXPECT_EQ(refusal(), scratch.path("rank-0-3.h5") + ": is not the name of a rank file (rank-00000-000.h5, ...)");
    EXPECT_EQ(merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .is_partial = true}).left_out,
              (std::vector<std::string>{"rank-0-3.h5: is not the name of a rank file (rank-00000-000.h5, ...)"}));
}

TEST_F(Parts, NameASegmentOfWhichNothingIsLeft) {
    write_segments(run, scratch.path(), {1, 1, 1, 1});
    std::filesystem::remove(scratch.path("rank-00000-001.h5"));
    EXPECT_EQ(merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .is_partial = true}).left_out,
              (std::vector<std::string>{"segment 1: has no files that can be read"}));
}

TEST_F(Parts, OfARunThatWasBrokenOffGoAsFarAsItsLastCheckpoint) {
    const RankPartial sums = write_segments(run, scratch.path(), {1, 1}).front();
    const std::vector<std::byte> bytes = sums.to_bytes();
    CheckpointWriter writer({.directory = scratch.path(), .rank = 0, .ranks = 1, .tell = {}});
    CheckpointPart part;
    part.manifest.program = "regatta test";
    part.manifest.number = 1;
    part.manifest.at = end_of(run, 1);
    part.manifest.segment_ranks = {1, 1};
    part.sums = bytes;
    writer.begin(std::move(part));
    writer.wait();
    EXPECT_EQ(refusal(), fmt::format("{0}: is not whole: the run is still going on or was broken off; regatta run "
                                     "--resume {0} goes on from checkpoint-001, and regatta-post merge --partial {0} "
                                     "takes what there is until then",
                                     scratch.path()));
    EXPECT_EQ(merge_run({.directory = scratch.path(), .output = scratch.path("run.h5"), .is_partial = true}).left_out,
              (std::vector<std::string>{"everything from 50000000000 ns on: the run is still going on or was broken "
                                        "off, and that is where its last checkpoint is"}));
}

TEST(RankFileNames, AreReadAsTheyAreWritten) {
    EXPECT_EQ(parse_rank_file_name("rank-00002-003.h5"), (RankFileId{.segment = 3, .rank = 2}));
    EXPECT_EQ(parse_rank_file_name("rank-123456-1000.h5"), (RankFileId{.segment = 1000, .rank = 123'456}));
    for (const char* name :
         {"rank-2-003.h5", "rank-00002-3.h5", "rank-000002-003.h5", "rank-00002-003.h5x", "rank-00002",
          "rank-00002-0003.h5", "rank--0002-003.h5", "run.h5", "rank-99999999999-000.h5"})
        EXPECT_EQ(parse_rank_file_name(name), std::nullopt) << name;
}

class Checkpoints : public testing::Test {
protected:
    CheckpointManifest manifest(std::uint32_t number) {
        return {.program = "regatta test",
                .number = number,
                .at = SimTime::from_us(1'500 * (number + 1)),
                .ranks = 1,
                .scenario_path = "dir/a \"quoted\" name.yaml",
                .overrides = {"duration=1h", "name=x"},
                .branches = {{.at = SimTime::from_us(3), .overrides = {"targets.ttft=1s"}}},
                .resolved_text = "name: x\nseed: 1\n",
                .data_files = {{.path = "/t.csv", .bytes = 12, .checksum = "00ff"}},
                .segment_ranks = std::vector<std::uint32_t>(number + 1, 1),
                .run_id = "123",
                .ancestors = {"abc", "def"},
                .parent = "runs/parent",
                .every = SimTime::from_us(10),
                .every_wall_s = 2.5};
    }
    void write(std::uint32_t number) {
        CheckpointWriter writer({.directory = scratch.path(), .rank = 0, .ranks = 1, .tell = {}});
        writer.begin({.manifest = manifest(number),
                      .scenario_files = "files",
                      .state = {'s', 't', 'a', 't', 'e'},
                      .sums = {},
                      .segment = nullptr});
        writer.wait();
    }
    const ScratchDirectory scratch;
};

TEST_F(Checkpoints, HoldWhatWasSaved) {
    write(0);
    const CheckpointReader reader(checkpoint_path(scratch.path(), 0));
    EXPECT_EQ(reader.manifest(), manifest(0));
    const std::vector<std::byte> state = reader.read(state_file_name(0));
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(state.data()), state.size()), "state");
}

TEST_F(Checkpoints, AreKeptTwoAtATime) {
    for (std::uint32_t number = 0; number < 5; ++number)
        write(number);
    EXPECT_EQ(list_checkpoints(scratch.path()), (std::vector<std::uint32_t>{3, 4}));
    EXPECT_EQ(newest_checkpoint(scratch.path()), checkpoint_path(scratch.path(), 4));
}

TEST_F(Checkpoints, AreNoneUntilTheirChecksumsAreThere) {
    write(3);
    write(4);
    std::filesystem::remove(checkpoint_path(scratch.path(), 4) + "/" + kChecksumsName);
    EXPECT_EQ(newest_checkpoint(scratch.path()), checkpoint_path(scratch.path(), 3));
    EXPECT_EQ(error_of<InputError>([&] { CheckpointReader reader(checkpoint_path(scratch.path(), 4)); }),
              checkpoint_path(scratch.path(), 4) +
                  ": is no checkpoint, or one that was not written to its end: it has no checksums.xxh128");
}

TEST_F(Checkpoints, OfSeveralRanksEndWithTheLastOfThem) {
    CheckpointManifest two = manifest(0);
    two.ranks = 2;
    two.segment_ranks = {2};
    CheckpointWriter first({.directory = scratch.path(), .rank = 0, .ranks = 2, .tell = {}});
    CheckpointWriter second({.directory = scratch.path(), .rank = 1, .ranks = 2, .tell = {}});
    first.begin({.manifest = two, .scenario_files = "", .state = {'a'}, .sums = {}, .segment = nullptr});
    EXPECT_EQ(newest_checkpoint(scratch.path()), std::nullopt);
    second.begin({.manifest = two, .scenario_files = "", .state = {'b'}, .sums = {}, .segment = nullptr});
    second.wait();
    first.wait();
    const CheckpointReader reader(checkpoint_path(scratch.path(), 0));
    reader.check(state_file_name(0));
    reader.check(state_file_name(1));
    EXPECT_EQ(ScratchDirectory::names_in(reader.path()),
              (std::vector<std::string>{"checksums.xxh128", "manifest.json", "rank-00000.state", "rank-00000.sums",
                                        "rank-00001.state", "rank-00001.sums", "scenario.files"}));
}

TEST_F(Checkpoints, SayWhatIsDamaged) {
    write(0);
    const std::string path = checkpoint_path(scratch.path(), 0);
    std::ofstream(path + "/rank-00000.state") << "stale";
    const CheckpointReader reader(path);
    EXPECT_EQ(error_of<InputError>([&] { reader.check(state_file_name(0)); }),
              fmt::format("{0}/rank-00000.state: is damaged: its checksum is {1}, and checksums.xxh128 says {2}", path,
                          checksum_of(std::as_bytes(std::span("stale", 5))),
                          checksum_of(std::as_bytes(std::span("state", 5)))));
    EXPECT_EQ(error_of<InputError>([&] { reader.check("rank-00001.state"); }),
              path + "/rank-00001.state: cannot be read: No such file or directory");
}

TEST_F(Checkpoints, ThatCannotBeWrittenSaySoToWhoWaits) {
    CheckpointWriter writer({.directory = scratch.path("none"), .rank = 0, .ranks = 1, .tell = {}});
    writer.begin({.manifest = manifest(0), .scenario_files = "", .state = {}, .sums = {}, .segment = nullptr});
    EXPECT_EQ(error_of<IoError>([&] { writer.wait(); }),
              scratch.path("none/checkpoint-000") + ": cannot be made: No such file or directory");
}

}  // namespace
}  // namespace regatta::results
