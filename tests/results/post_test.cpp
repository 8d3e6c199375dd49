// regatta-post as its users meet it: exit codes, and what it says on which stream.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "made_up_run.hpp"

namespace regatta::results {
namespace {

struct Answer {
    int code = 0;
    std::string out;
    std::string err;
};

Answer post(const ScratchDirectory& scratch, const std::string& arguments) {
    const std::string err_path = scratch.path("stderr");
    Answer answer;
    FILE* pipe = popen((std::string(REGATTA_POST) + " " + arguments + " 2>" + err_path).c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::array<char, 4096> buffer{};
    for (std::size_t read = 0; (read = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        answer.out.append(buffer.data(), read);
    const int status = pclose(pipe);
    answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::ifstream err(err_path);
    answer.err = {std::istreambuf_iterator<char>(err), {}};
    return answer;
}

class Post : public testing::Test {
protected:
    Post() {
        std::filesystem::create_directory(run_directory);
        partials = write_run(run, run_directory, 2);
    }
    ScratchDirectory scratch;
    std::string run_directory = scratch.path("out");
    MadeUpRun run = make_up_run(50, 300);
    std::vector<RankPartial> partials;
};

/// What is wrong is said in one line on stderr, with nothing on stdout.
void expect_refused(const Answer& answer, int code, const std::string& line) {
    EXPECT_EQ(answer.code, code);
    EXPECT_EQ(answer.err, line + "\n");
    EXPECT_EQ(answer.out, "");
}

TEST_F(Post, MergesToRunH5InTheDirectoryAndSaysWhatComesNext) {
    const Answer answer = post(scratch, "merge " + run_directory);
    const std::string output = run_directory + "/run.h5";
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.err, "");
    EXPECT_TRUE(std::filesystem::exists(output));
    expect_contains(answer.out, output + ": 300 requests of 2 ranks, ");
    expect_contains(answer.out, "\nDigest " + combine(run.description, partials).digest.to_hex() + "\n");
    expect_contains(answer.out, "\nNext   regatta-post stats " + output + "\n");
}

TEST_F(Post, PrintsTheSummaryOfTheRunFromTheRankFilesAndFromTheMergedFile) {
    const std::string output = scratch.path("merged.h5");
    ASSERT_EQ(post(scratch, "merge " + run_directory + " -o " + output).code, 0);
    const RunOutcome outcome = combine(run.description, partials);
    const std::string expected = to_text(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts});
    EXPECT_EQ(post(scratch, "stats " + run_directory).out, expected);
    EXPECT_EQ(post(scratch, "stats " + output).out, expected);
}

TEST_F(Post, PrintsJson) {
    const Answer answer = post(scratch, "stats --json " + run_directory);
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(nlohmann::json::parse(answer.out)["requests"]["arrived"], 300);
}

TEST_F(Post, ExportsMetricsAndSaysWhatIsLeftOut) {
    const std::string directory = scratch.path("metrics");
    const Answer answer = post(scratch, "export vidur " + run_directory + " -o " + directory);
    EXPECT_EQ(answer.code, 0) << answer.err;
    EXPECT_EQ(answer.out, "");
    expect_contains(answer.err, "Written    " + directory + ": 300 requests, 300 batches, 6 replicas\n");
    expect_contains(answer.err, "Left out   memory usage of 6 of 6 replicas, but for the maximum: ");
    EXPECT_TRUE(std::filesystem::exists(directory + "/request_metrics.csv"));
    expect_refused(post(scratch, "export vidur " + run_directory + " -o " + directory), 2,
                   directory + ": is there already; name an empty or a new directory");
    expect_refused(post(scratch, "export vidur nowhere.h5 -o x"), 2, "nowhere.h5: no such file or directory");
    expect_refused(post(scratch, "export vidur " + run_directory), 2,
                   "regatta-post export: --output is missing; see regatta-post export --help");
}

TEST_F(Post, HelpsAndTellsItsVersion) {
    for (const std::string& arguments :
         {std::string("--help"), std::string("merge --help"), std::string("--version")}) {
        SCOPED_TRACE(arguments);
        const Answer answer = post(scratch, arguments);
        EXPECT_EQ(answer.code, 0);
        EXPECT_EQ(answer.err, "");
        EXPECT_FALSE(answer.out.empty());
    }
}

TEST_F(Post, RefusesUnknownCommandsAndOptions) {
    expect_refused(post(scratch, "mrge x"), 2,
                   "regatta-post: no command \"mrge\"; expected merge or stats or checkpoint or report or diff or "
                   "requests or trace "
                   "or export or "
                   "roofline or reference; did "
                   "you mean \"merge\"?");
    expect_refused(post(scratch, ""), 2,
                   "regatta-post: no command given; expected merge or stats or checkpoint or report or diff or "
                   "requests or trace or "
                   "export or roofline "
                   "or reference");
    expect_refused(post(scratch, "stats --jsn " + run_directory), 2,
                   "regatta-post stats: no option \"--jsn\"; did you mean \"--json\"?");
    expect_refused(post(scratch, "stats a b"), 2, "regatta-post stats: \"b\" is one argument too many");
    expect_refused(post(scratch, "merge a -o"), 2,
                   "regatta-post merge: --output needs a value; see regatta-post merge --help");
}

TEST_F(Post, RefusesWhatIsNotThere) {
    expect_refused(post(scratch, "merge"), 2, "regatta-post merge: DIR is missing; see regatta-post merge --help");
    expect_refused(post(scratch, "stats"), 2, "regatta-post stats: RESULTS is missing; see regatta-post stats --help");
    expect_refused(post(scratch, "merge nowhere"), 2, "nowhere: no such file or directory");
    expect_refused(post(scratch, "stats nowhere.h5"), 2, "nowhere.h5: no such file or directory");
}

TEST_F(Post, FailsOnADamagedFile) {
    const std::string path = run_directory + "/rank-00001-000.h5";
    std::filesystem::resize_file(path, 5'000);
    expect_refused(post(scratch, "merge " + run_directory), 1, path + ": is cut short or damaged");
    EXPECT_EQ(ScratchDirectory::names_in(run_directory),
              (std::vector<std::string>{"rank-00000-000.h5", "rank-00001-000.h5"}));
}

TEST_F(Post, FailsWhenItsAnswerCannotBeWritten) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
    const Answer answer = post(scratch, "stats " + run_directory + " >/dev/full");
    EXPECT_EQ(answer.code, 1);
    expect_contains(answer.err, "stdout: cannot be written: ");
}

TEST_F(Post, RefusesAScenarioThatIsNone) {
    run.description.scenario_text = "duration: [\n";
    const std::string other = scratch.path("other");
    std::filesystem::create_directory(other);
    write_run(run, other, 1);
    expect_refused(post(scratch, "export flat " + other + " -o " + scratch.path("flat.csv")), 1,
                   other + ": /scenario is no scenario; the file is damaged or was changed");
}

}  // namespace
}  // namespace regatta::results
