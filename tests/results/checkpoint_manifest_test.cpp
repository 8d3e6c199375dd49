// Manifests and checksums of checkpoints that no run writes, in the words that are told.
#include <gtest/gtest.h>

#include <fstream>

#include "made_up_run.hpp"
#include "results/checkpoint_files.hpp"
#include "results/checkpoint_sums.hpp"

namespace regatta::results {
namespace {

const std::string kManifest =
    R"({"format": "regatta checkpoint", "format_version": 2, "program": "r", "number": 1, "at_ns": 5, "ranks": 2, )"
    R"("segment_ranks": [2, 1], "keep": 2, "run_id": "1", "ancestors": ["a"], "parent": "p", "data_files": )"
    R"([{"path": "t", "bytes": 3, "xxh128": "00"}], "every_ns": 7, "every_wall_s": 1.5, "scenario": {"path": "s", )"
    R"("set": ["k=1"], "resolved": "text", "branches": [{"at_ns": 4, "set": []}]}})";

/// What is told of the manifest with `part` in place of `replaced`, without the beginning that all share.
std::string told(const std::string& replaced, const std::string& part) {
    std::string text = kManifest;
    text.replace(text.find(replaced), replaced.size(), part);
    const std::string found = error_of<InputError>([&] { (void)manifest_from_json(text, "manifest.json"); });
    const std::string begin = "manifest.json: is not the manifest of a checkpoint: ";
    EXPECT_TRUE(found.starts_with(begin)) << found;
    return found.starts_with(begin) ? found.substr(begin.size()) : found;
}

TEST(CheckpointManifest, IsReadAsItWasWritten) {
    const CheckpointManifest manifest = manifest_from_json(kManifest, "manifest.json");
    EXPECT_EQ(manifest.segment_ranks, (std::vector<std::uint32_t>{2, 1}));
    EXPECT_EQ(manifest.branches, (std::vector<BranchedAt>{{.at = SimTime::from_ns(4), .overrides = {}}}));
    EXPECT_EQ(manifest_from_json(to_json(manifest), "again"), manifest);
}

TEST(CheckpointManifest, OfAnotherProgramIsRefused) {
    EXPECT_EQ(told(R"("regatta checkpoint")", R"("else")"), "format: expected regatta checkpoint");
    EXPECT_EQ(told(R"("format_version": 2)", R"("format_version": 3)"),
              "has version 3 of the format; this program reads version 2");
}

TEST(CheckpointManifest, LacksNothing) {
    EXPECT_EQ(told(R"("ranks": 2, )", ""), "ranks: missing");
    EXPECT_EQ(told(R"("path": "s", )", ""), "scenario.path: missing");
    EXPECT_EQ(told(R"("bytes": 3, )", ""), "data_files[0].bytes: missing");
}

TEST(CheckpointManifest, HoldsWhatIsExpected) {
    EXPECT_EQ(told(R"("program": "r")", R"("program": 1)"), "program: expected a text");
    EXPECT_EQ(told(R"(["k=1"])", R"(["k=1", 2])"), "scenario.set[1]: expected a text");
    EXPECT_EQ(told(R"(["a"])", R"("a")"), "ancestors: expected a list");
    EXPECT_EQ(told(R"([{"at_ns": 4, "set": []}])", "[4]"), "scenario.branches[0]: expected a map");
    EXPECT_EQ(told(R"("every_wall_s": 1.5)", R"("every_wall_s": -1)"),
              "every_wall_s: expected a number of seconds above 0");
}

TEST(CheckpointManifest, CountsWhatThereCanBe) {
    EXPECT_EQ(told(R"("number": 1)", R"("number": -1)"), "number: expected a whole number from 0 to 1000000");
    EXPECT_EQ(told(R"("number": 1)", R"("number": 1.5)"), "number: expected a whole number from 0 to 1000000");
    EXPECT_EQ(told(R"("ranks": 2)", R"("ranks": 18446744073709551615)"),
              "ranks: expected a whole number from 1 to 100000");
    EXPECT_EQ(told("[2, 1]", "[2, 100001]"), "segment_ranks[1]: expected a whole number from 0 to 100000");
    EXPECT_EQ(told(R"("at_ns": 5)", R"("at_ns": 2305843009213693953)"),
              "at_ns: expected a whole number from 0 to 2305843009213693952");
    EXPECT_EQ(told(R"("every_ns": 7)", R"("every_ns": 0)"),
              "every_ns: expected a whole number from 1 to 2305843009213693952");
    EXPECT_EQ(told("[2, 1]", "[2]"), "segment_ranks: expected 2 of them up to checkpoint 1, found 1");
}

TEST(CheckpointManifest, IsJson) {
    const auto told_of = [](const std::string& text) {
        return error_of<InputError>([&] { (void)manifest_from_json(text, "manifest.json"); });
    };
    EXPECT_EQ(told_of("{\"format\": "), "manifest.json: is not JSON, from byte 12 on");
    EXPECT_EQ(told_of("{\"format\": 1e999}"), "manifest.json: is not JSON: it has a number that is too large");
    EXPECT_EQ(told_of("[]"), "manifest.json: is not the manifest of a checkpoint: expected a map");
    EXPECT_EQ(told_of(std::string(100'000, '[')), "manifest.json: is not JSON, from byte 100001 on");
}

TEST(CheckpointChecksums, SayWhatIsDamaged) {
    const std::string digits(32, '0');
    EXPECT_EQ(parse_checksums(digits + "  a\n" + digits + "  b", "sums"), (Checksums{{"a", digits}, {"b", digits}}));
    EXPECT_EQ(error_of<InputError>([&] { (void)parse_checksums(digits + "  a\nshort\n", "sums"); }),
              "sums: is damaged: expected a checksum and a name, found \"short\"");
    const ScratchDirectory scratch;
    std::ofstream(scratch.path(kChecksumsName)) << digits << "  scenario.files\n";
    std::ofstream(scratch.path(kManifestName)) << kManifest;
    EXPECT_EQ(error_of<InputError>([&] { CheckpointReader reader(scratch.path()); }),
              scratch.path(kChecksumsName) + ": is damaged: manifest.json is not in it");
}

TEST(CheckpointSums, AreOfTheirRunAndInstant) {
    const MadeUpRun run = make_up_run(1, 20);
    const ScratchDirectory scratch;
    const RankPartial partial = write_run(run, scratch.path(), 1).front();
    const auto told = [](std::vector<std::byte> bytes, const RunDescription& of, SimTime at) {
        return error_of<IoError>([&] { (void)sums_from_bytes(bytes, of, at, "sums"); });
    };
    std::vector<std::byte> bytes = partial.to_bytes();
    EXPECT_EQ(sums_from_bytes(bytes, run.description, run.end, "sums").to_bytes(), bytes);
    const std::string refused =
        "sums: is not what a rank of this run knew at 100000000000 ns; it is damaged or was changed";
    EXPECT_EQ(told(bytes, run.description, SimTime::from_ns(7)),
              "sums: is not what a rank of this run knew at 7 ns; it is damaged or was changed");
    RunDescription other = run.description;
    other.pools.pop_back();
    EXPECT_EQ(told(bytes, other, run.end), refused);
    bytes.push_back(std::byte{0});
    EXPECT_EQ(told(bytes, run.description, run.end), refused);
    bytes.resize(bytes.size() / 2);
    EXPECT_EQ(told(bytes, run.description, run.end), refused);
}

}  // namespace
}  // namespace regatta::results
