#include "scenario/input_files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/document.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;

std::string temporary(const std::string& name) {
    return ::testing::TempDir() + name;
}

TEST(InputFiles, ReadsEachFileOnce) {
    const std::string path = temporary("once.yaml");
    std::ofstream(path) << "first";
    InputFiles files;
    EXPECT_EQ(files.open(path).text, "first");
    std::ofstream(path) << "second";
    EXPECT_EQ(files.open(path).text, "first");
    std::filesystem::remove(path);
}

TEST(InputFiles, KeepsTheReasonOfWhatCannotBeRead) {
    InputFiles files;
    EXPECT_FALSE(files.open("no/such/file.yaml").is_readable);
    EXPECT_EQ(files.open("no/such/file.yaml").reason, "no such file");
    EXPECT_EQ(files.open(::testing::TempDir()).reason, "it is a directory");
}

TEST(InputFiles, RefusesWhatIsTooLargeToBeAScenario) {
    const std::string path = temporary("huge.yaml");
    std::ofstream(path) << std::string(kMaxDocumentBytes + 1, '#');
    InputFiles files;
    EXPECT_EQ(files.open(path).reason, "more than 4 MiB; that is no scenario or catalogue");
    EXPECT_TRUE(files.open(path).text.empty());
    std::filesystem::remove(path);
}

TEST(InputFiles, TracesAreCheckedFromEndToEnd) {
    const std::string path = temporary("trace.csv");
    std::ofstream(path) << "arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,100,10\n1.5,300,30\n";
    Scenario scenario;
    scenario.streams.resize(2);
    scenario.streams[1].trace = workload::TraceInput{};
    scenario.streams[1].trace->path = path;
    const TraceSummaries summaries = check_traces(scenario);
    EXPECT_FALSE(summaries[0]);
    EXPECT_EQ(summaries[1]->requests, 2U);
    EXPECT_EQ(summaries[1]->longest_request_tokens, 330U);
    std::ofstream(path, std::ios::app) << "2.5,many,30\n";
    EXPECT_THROW(static_cast<void>(check_traces(scenario)), InputError);
    std::filesystem::remove(path);
}

TEST(InputFiles, ProbesWithoutKeepingTheText) {
    const std::string path = temporary("large.csv");
    std::ofstream(path) << "text";
    InputFiles files;
    EXPECT_TRUE(files.probe(path).is_readable);
    EXPECT_TRUE(files.probe(path).text.empty());
    std::filesystem::remove(path);
}

TEST(InputFiles, OtherRanksSeeTheSameFilesAndNoOthers) {
    InputFiles files;
    files.working_directory = "/somewhere";
    files.catalogue_directory = "/usr/share/catalogue";
    files.files["a.yaml"] = {true, std::string("x\0y", 3), ""};
    files.files["b.yaml"] = {false, "", "permission denied"};
    InputFiles copy = InputFiles::from_bytes(files.to_bytes());
    EXPECT_EQ(copy.open("a.yaml").text, std::string("x\0y", 3));
    EXPECT_EQ(copy.open("b.yaml").reason, "permission denied");
    EXPECT_EQ(copy.absolute("../c"), "/c");
    EXPECT_EQ(copy.catalogue_directory, "/usr/share/catalogue");
    const std::string path = temporary("only_rank_0.yaml");
    std::ofstream(path) << "text";
    EXPECT_FALSE(copy.open(path).is_readable);
    std::filesystem::remove(path);
}

TEST(InputFiles, OtherRanksLoadTheSameScenarioWithoutADisk) {
    const std::string directory = ::testing::TempDir();
    std::ofstream(directory + "gpus.yaml") << testing::kGpus;
    std::ofstream(directory + "models.yaml") << testing::kModels;
    std::ofstream(directory + "fleet.yaml") << testing::scenario_with();
    InputFiles files;
    const LoadRequest request{directory + "fleet.yaml", {"seed=7"}, directory};
    const Scenario first = load_scenario(request, Registries{}, files);
    for (const char* name : {"gpus.yaml", "models.yaml", "fleet.yaml"})
        std::filesystem::remove(directory + name);
    InputFiles copy = InputFiles::from_bytes(files.to_bytes());
    const LoadRequest elsewhere{directory + "fleet.yaml", {"seed=7"}, "/not/here"};
    EXPECT_EQ(load_scenario(elsewhere, Registries{}, copy).resolved_text, first.resolved_text);
}

TEST(InputFiles, AScenarioThatCannotBeReadIsAnError) {
    InputFiles files;
    try {
        static_cast<void>(load_scenario({"no/such/fleet.yaml", {}, "catalogue"}, Registries{}, files));
        FAIL() << "a scenario was loaded from nothing";
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), Lines{"no/such/fleet.yaml: cannot be read: no such file"});
    }
}

TEST(InputFiles, TheCatalogueIsTheUsersTheInstalledOrTheSourceTrees) {
    ::setenv("REGATTA_CATALOGUE", "/my/catalogue", 1);
    EXPECT_EQ(catalogue_directory("regatta"), "/my/catalogue");
    ::unsetenv("REGATTA_CATALOGUE");
    EXPECT_TRUE(std::filesystem::exists(catalogue_directory("regatta") + "/gpus.yaml"));
    const std::filesystem::path prefix = temporary("prefix");
    std::filesystem::create_directories(prefix / "bin");
    std::filesystem::create_directories(prefix / "share/regatta/catalogue");
    std::ofstream((prefix / "bin/regatta").string()) << "";
    EXPECT_EQ(catalogue_directory((prefix / "bin/regatta").string()),
              std::filesystem::canonical(prefix / "share/regatta/catalogue").string());
    std::filesystem::remove_all(prefix);
}

}  // namespace
}  // namespace regatta::scenario
