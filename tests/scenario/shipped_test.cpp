// The scenarios and the catalogue that come with the program.
#include "shipped.hpp"

#include <fmt/format.h>
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
    EXPECT_EQ(scenario.streams[0].trace->path, "hour.csv");
    EXPECT_FALSE(scenario.duration);
    EXPECT_FALSE(scenario.ends_at_duration);
}

/// The shipped catalogue; the files and problems it refers to live as long as it does.
struct ShippedCatalogue {
    InputFiles files;
    Problems problems;
    CatalogueSet set{source_directory() + "/configs/catalogue", files, problems};
};

template <class Facts>
void expect_sound(const Catalogue<Facts>& catalogue) {
    for (const auto& entry : catalogue) {
        SCOPED_TRACE(entry.name);
        EXPECT_TRUE(entry.is_sound);
        EXPECT_NE(entry.title, entry.name);
        EXPECT_FALSE(entry.facts.source.empty());
        for (const CatalogueField& field : entry.fields) {
            SCOPED_TRACE(field.key);
            EXPECT_FALSE(field.source.empty());
            EXPECT_FALSE(field.confidence.empty());
        }
    }
}

TEST(Shipped, EveryValueOfTheCatalogueHasASourceAndAConfidence) {
    ShippedCatalogue shipped;
    expect_sound(shipped.set.gpus());
    expect_sound(shipped.set.nodes());
    expect_sound(shipped.set.links());
    expect_sound(shipped.set.models());
    EXPECT_TRUE(shipped.problems.empty());
}

TEST(Shipped, TheCatalogueHasWhatPeopleRun) {
    ShippedCatalogue shipped;
    EXPECT_GE(shipped.set.gpus().size(), 28U);
    EXPECT_GE(shipped.set.models().size(), 40U);
    EXPECT_GE(shipped.set.nodes().size(), 10U);
    EXPECT_GE(shipped.set.links().size(), 10U);
    const auto has = [](const auto& catalogue, const std::string& name) {
        for (const auto& entry : catalogue)
            if (entry.name == name) return true;
        return false;
    };
    for (const char* name : {"h100-sxm", "h200-sxm", "b200-sxm", "a100-sxm-80gb", "l40s", "mi300x"})
        EXPECT_TRUE(has(shipped.set.gpus(), name)) << name;
    for (const char* name : {"dgx-a100", "hgx-a100", "dgx-h100", "hgx-h100", "dgx-h200", "hgx-h200", "dgx-b200",
                             "hgx-b200", "l40s-server", "mi300x-server"})
        EXPECT_TRUE(has(shipped.set.nodes(), name)) << name;
    for (const char* name : {"llama-3.1-8b", "llama-3.1-70b", "qwen3-14b", "qwen3-32b", "mixtral-8x7b"})
        EXPECT_TRUE(has(shipped.set.models(), name)) << name;
}

TEST(Shipped, NoTwoModelsHaveOneName) {
    ShippedCatalogue shipped;
    std::set<std::string> names;
    for (const auto& model : shipped.set.models()) {
        EXPECT_TRUE(names.insert(model.name).second) << model.name;
        for (const std::string& alias : model.aliases)
            EXPECT_TRUE(names.insert(alias).second) << alias;
    }
}

TEST(Shipped, ScratchpadsNamesAreKnown) {
    ShippedCatalogue shipped;
    CatalogueSet& set = shipped.set;
    EXPECT_EQ(set.model_name("meta-llama/Meta-Llama-3-8B-Instruct"), "llama-3-8b");
    EXPECT_EQ(set.model_name("meta-llama/Meta-Llama-3-70B-Instruct"), "llama-3-70b");
    EXPECT_EQ(set.model_name("meta-llama/Meta-Llama-3.1-8B-Instruct"), "llama-3.1-8b");
    EXPECT_EQ(set.model_name("meta-llama/Meta-Llama-3.1-70B-Instruct"), "llama-3.1-70b");
    for (const char* size : {"7b", "13b", "70b"})
        EXPECT_EQ(shipped.set.model_name(fmt::format("meta-llama/Llama-2-{}-hf", size)),
                  fmt::format("llama-2-{}", size));
    for (const char* name :
         {"V100", "A6000", "A6000_real", "A100", "A100_SXM", "A100_80G_SXM", "A800_80G_SXM", "A40S", "H100", "L40S"}) {
        const auto* entry = entry_of(shipped.set.gpus(), fmt::format("nvidia_{}", name));
        ASSERT_NE(entry, nullptr) << name;
        EXPECT_GT(entry->facts.onchip_bytes, 0) << name;
    }
}

TEST(Shipped, EveryNodeTypeHasAGpuOfTheCatalogue) {
    ShippedCatalogue shipped;
    for (const auto& node : shipped.set.nodes()) {
        SCOPED_TRACE(node.name);
        bool has_gpu = false;
        for (const auto& gpu : shipped.set.gpus())
            has_gpu = has_gpu || gpu.name == node.facts.gpu;
        EXPECT_TRUE(has_gpu) << node.facts.gpu;
    }
}

/// A scenario with a pool for each of the lines, each "key: value, key: value".
Scenario load_pools(const std::vector<std::string>& pools) {
    std::string text = "duration: 1s\nfleet:\n  pools:\n";
    for (const std::string& pool : pools)
        text += "    - {" + pool + "}\n";
    text +=
        "workload:\n  streams:\n    - pool: pool-0\n      arrivals: {rate: 1/s}\n"
        "      lengths: {prompt: {fixed: 1}, output: {fixed: 1}}\n";
    InputFiles files;
    files.files["pools.yaml"] = {true, text, ""};
    return load_scenario({"pools.yaml", {}, source_directory() + "/configs/catalogue"}, Registries{}, files);
}

TEST(Shipped, EveryGpuAndNodeTypeServes) {
    ShippedCatalogue shipped;
    std::vector<std::string> pools;
    for (const auto& gpu : shipped.set.gpus())
        pools.push_back("model: llama-3.2-1b, weights: fp16, node: {gpu: " + gpu.name + "}");
    for (const auto& node : shipped.set.nodes())
        pools.push_back("model: llama-3.2-1b, weights: fp16, node: " + node.name);
    for (const Pool& pool : load_pools(pools).pools)
        EXPECT_GT(pool.replica_kv_blocks, 0) << pool.gpu.name;
}

TEST(Shipped, EveryModelIsServed) {
    ShippedCatalogue shipped;
    std::vector<std::string> pools;
    for (const auto& model : shipped.set.models())
        pools.push_back("node: dgx-b200, kv_blocks: 200000, model: " + model.name);
    const Registries registries;
    for (const Pool& pool : load_pools(pools).pools) {
        SCOPED_TRACE(pool.model.name);
        const auto step_time =
            registries.timings.find("roofline")->make({.gpu = pool.gpu, .model = pool.model}, pool.timing.parameters);
        // A step reads the weights that one token passes; overheads come on top.
        const double read_s = 2 * llm::active_parameter_count(pool.model) / pool.gpu.memory_bandwidth_bytes_per_s;
        const double step_s = static_cast<double>(step_time->least_step_fine()) / timing::kFinePerNs * 1e-9;
        EXPECT_GT(step_s, 0.5 * read_s);
        EXPECT_LT(step_s, 2 * read_s + 2e-3);
    }
}

TEST(Shipped, ANodeTypeIsTheSameAsItsGpus) {
    InputFiles files;
    const Scenario scenario = load_shipped("quickstart.yaml", {"fleet.pools[0].node=dgx-h100"}, files);
    EXPECT_EQ(scenario.pools[0].gpu.name, "h100-sxm");
    EXPECT_EQ(scenario.pools[0].gpus_per_node, 8U);
}

}  // namespace
}  // namespace regatta::scenario
