// The scenarios and the catalogue that come with the program.
#include "shipped.hpp"

#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/catalogue.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::source_directory;

Scenario load_shipped(const std::string& name, const std::vector<std::string>& overrides, InputFiles& files) {
    return load_scenario(
        {source_directory() + "/configs/" + name, overrides, source_directory() + "/configs/catalogue"}, Registries{},
        files);
}

TEST(Shipped, TheQuickstartIsSixteenReplicasUnder40RequestsPerSecond) {
    InputFiles files;
    const Scenario scenario = load_shipped("quickstart.yaml", {}, files);
    ASSERT_EQ(scenario.pools.size(), 1U);
    EXPECT_EQ(scenario.pools[0].model.name, "llama-3.1-8b");
    EXPECT_EQ(scenario.pools[0].gpu.name, "h100-sxm");
    EXPECT_EQ(scenario.pools[0].replicas(), 16U);
    EXPECT_EQ(scenario.gateways.count, 2U);
    EXPECT_EQ(scenario.gateways.router.name, "least_outstanding");
    EXPECT_EQ(scenario.duration, SimTime::from_s(600));
    EXPECT_EQ(scenario.streams[0].rate_per_s, 40);
    EXPECT_EQ(scenario.streams[0].prompt.parameters.points("points").size(), 16U);
}

TEST(Shipped, TheAzureScenarioAsksForTheTrace) {
    InputFiles files;
    try {
        static_cast<void>(load_shipped("azure-conversation.yaml", {}, files));
        FAIL() << "it was loaded without a trace";
    } catch (const InputError& error) {
        ASSERT_EQ(error.problems().size(), 1U);
        EXPECT_EQ(error.problems()[0],
                  source_directory() +
                      "/configs/azure-conversation.yaml:22:3: workload: no traffic; give a trace by --set "
                      "workload.trace=PATH, or streams");
    }
}

TEST(Shipped, TheAzureScenarioIsSixteenReplicasOfEightGpus) {
    InputFiles files;
    files.files["hour.csv"] = {true, "", ""};
    const Scenario scenario = load_shipped("azure-conversation.yaml", {"workload.trace=hour.csv"}, files);
    EXPECT_EQ(scenario.pools[0].model.name, "llama-3.1-70b");
    EXPECT_EQ(scenario.pools[0].tensor_parallel, 8U);
    EXPECT_EQ(scenario.pools[0].replicas(), 16U);
    EXPECT_EQ(scenario.trace->path, "hour.csv");
    EXPECT_FALSE(scenario.duration);
    EXPECT_FALSE(scenario.ends_at_duration);
}

TEST(Shipped, EveryValueOfTheCatalogueHasASourceAndAConfidence) {
    InputFiles files;
    const std::string directory = source_directory() + "/configs/catalogue";
    const auto check = [](const auto& catalogue) {
        for (const auto& entry : catalogue) {
            SCOPED_TRACE(entry.name);
            EXPECT_NE(entry.title, entry.name);
            EXPECT_FALSE(entry.facts.source.empty());
            for (const CatalogueField& field : entry.fields) {
                SCOPED_TRACE(field.key);
                EXPECT_FALSE(field.source.empty());
                EXPECT_FALSE(field.confidence.empty());
            }
        }
    };
    check(shipped_gpus(directory, files));
    check(shipped_models(directory, files));
}

TEST(Shipped, TheCatalogueHasWhatPeopleRun) {
    InputFiles files;
    const std::string directory = source_directory() + "/configs/catalogue";
    const auto gpus = shipped_gpus(directory, files);
    const auto models = shipped_models(directory, files);
    const auto has = [](const auto& catalogue, const std::string& name) {
        for (const auto& entry : catalogue)
            if (entry.name == name) return true;
        return false;
    };
    for (const char* name : {"h100-sxm", "h200-sxm", "a100-sxm-80gb", "l40s"})
        EXPECT_TRUE(has(gpus, name)) << name;
    for (const char* name : {"llama-3.1-8b", "llama-3.1-70b", "qwen3-14b", "qwen3-32b"})
        EXPECT_TRUE(has(models, name)) << name;
}

}  // namespace
}  // namespace regatta::scenario
