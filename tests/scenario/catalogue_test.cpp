#include "scenario/catalogue.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::scenario_with;

/// What is wrong with a file of one GPU whose memory is given as `memory` and which has the `rest`, too.
Lines problems_with_gpu(const std::string& memory, const std::string& rest = "") {
    InputFiles files;
    files.reads_disk = false;
    files.files["mine.yaml"] = {true,
                                "gpus:\n  g:\n    memory: " + memory +
                                    "\n    memory_bandwidth: {value: 1TB/s, source: x}\n"
                                    "    bf16: {value: 100TFLOPS, source: x}\n"
                                    "    link_bandwidth: {value: 1GB/s, source: x}\n"
                                    "    link_latency: {value: 1us, source: x}\n"
                                    "    gpus_per_node: {value: 8, source: x}\n" +
                                    rest,
                                ""};
    Problems problems;
    static_cast<void>(CatalogueSet("nowhere", files, problems).gpus_of("mine.yaml"));
    try {
        problems.throw_if_any();
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

TEST(Catalogue, AliasesAreAListOfNames) {
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: x}", "    aliases: [one, two]\n"), Lines{});
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: x}", "    aliases: one\n"),
              Lines{"mine.yaml:9:14: gpus.g.aliases: expected a list of names, found \"one\""});
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: x}", "    aliases: [one, {}]\n"),
              Lines{"mine.yaml:9:20: gpus.g.aliases[1]: expected a text, found a map"});
}

TEST(Catalogue, ReadsFactsWithTheirSources) {
    InputFiles files;
    files.reads_disk = false;
    files.files["c/gpus.yaml"] = {true, testing::kGpus, ""};
    Problems problems;
    CatalogueSet set("c", files, problems);
    const auto& gpus = set.gpus();
    ASSERT_TRUE(problems.empty());
    ASSERT_EQ(gpus.size(), 1U);
    EXPECT_EQ(gpus[0].name, "big-gpu");
    EXPECT_EQ(gpus[0].facts.memory_bytes, 80.0 * (1 << 30));
    EXPECT_EQ(gpus[0].facts.memory_bandwidth_bytes_per_s, 3e12);
    EXPECT_EQ(gpus[0].facts.bf16_flops_per_s, 1e15);
    EXPECT_EQ(gpus[0].facts.fp8_flops_per_s, 0);
    EXPECT_EQ(gpus[0].facts.link_bytes_per_s, 400e9);
    EXPECT_EQ(gpus[0].facts.link_latency_s, 1e-6);
    EXPECT_EQ(gpus[0].facts.gpus_per_node, 8U);
    EXPECT_EQ(gpus[0].fields[0].key, "memory");
    EXPECT_EQ(gpus[0].fields[0].value, "80GiB");
    EXPECT_EQ(gpus[0].fields[0].source, "test");
}

TEST(Catalogue, EveryValueNeedsASource) {
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: x, confidence: high}"), Lines{});
    EXPECT_EQ(problems_with_gpu("{value: 80GiB}"),
              Lines{"mine.yaml:3:13: gpus.g.memory.source: missing; say where the value comes from"});
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: ''}"),
              Lines{"mine.yaml:3:36: gpus.g.memory.source: expected a text, found an empty one"});
    EXPECT_EQ(problems_with_gpu("80GiB"),
              Lines{"mine.yaml:3:13: gpus.g.memory: expected {value, source, confidence}, found \"80GiB\""});
    EXPECT_EQ(problems_with_gpu("{source: x}"), Lines{"mine.yaml:3:13: gpus.g.memory.value: missing"});
    EXPECT_EQ(problems_with_gpu("{value: 80GiB, source: x, confidence: sure}"),
              Lines{"mine.yaml:3:51: gpus.g.memory.confidence: expected one of: high, medium, low; found \"sure\""});
}

TEST(Catalogue, ValuesAreCheckedLikeThoseOfScenarios) {
    EXPECT_EQ(
        problems_with_gpu("{value: 80, source: x}"),
        Lines{"mine.yaml:3:21: gpus.g.memory.value: expected an amount of memory with a unit (B, KB, MB, GB, TB, KiB, "
              "MiB, GiB, TiB), found \"80\""});
    EXPECT_EQ(problems_with_gpu("{value: [80GiB], source: x}"),
              Lines{"mine.yaml:3:21: gpus.g.memory.value: expected a quantity with a unit, found a list"});
    EXPECT_EQ(problems_with_gpu("{value: 0GiB, source: x}"),
              Lines{"mine.yaml:3:13: gpus.g: memory: expected more than 0, found 0"});
    EXPECT_EQ(problems_with_gpu("{value: 1GiB, source: x}", "    fp9: {value: 1TFLOPS, source: x}\n"),
              Lines{"mine.yaml:9:5: gpus.g.fp9: no such key; did you mean \"fp8\"?"});
    EXPECT_EQ(problems_with_gpu("{value: 1GiB, source: x}", "  h: 5\n"),
              Lines{"mine.yaml:9:6: gpus.h: expected a map of facts, found \"5\""});
}

TEST(Catalogue, FilesOfTheUsersAreReadBesideTheScenario) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["dir/mine.yaml"] = {true, testing::kModels, ""};
    files.files["dir/fleet.yaml"] = {true, scenario_with(5, "      model: {file: mine.yaml, name: small-llm}"), ""};
    const Scenario scenario = load_scenario({"dir/fleet.yaml", {}, "catalogue"}, Registries{}, files);
    EXPECT_EQ(scenario.pools[0].model.layers, 32);
    EXPECT_NE(scenario.resolved_text.find("file: /home/someone/dir/mine.yaml\n"), std::string::npos);
}

TEST(Catalogue, FilesOfTheUsersMustExistAndHaveTheName) {
    EXPECT_EQ(testing::problems_of_text(scenario_with(5, "      model: {file: mine.yaml, name: small-llm}")),
              Lines{"fleet.yaml:5:21: fleet.pools[0].model.file: cannot read \"mine.yaml\": no such file"});
    EXPECT_EQ(testing::problems_of_text(scenario_with(5, "      model: {file: catalogue/models.yaml, name: medium}")),
              Lines{"fleet.yaml:5:50: fleet.pools[0].model: no model \"medium\" in catalogue/models.yaml; allowed: "
                    "small-llm, large-llm"});
    EXPECT_EQ(testing::problems_of_text(scenario_with(5, "      model: {file: catalogue/gpus.yaml, name: medium}")),
              Lines{"catalogue/gpus.yaml:1:1: models: expected a map of names, found a map without it"});
}

/// Problems with a scenario that lays `mine` over the catalogue, or none, and then what it made of it.
Lines problems_with_own_file(const std::string& mine, Scenario* scenario = nullptr,
                             const std::string& model = "small-llm") {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["dir/mine.yaml"] = {true, mine, ""};
    files.files["dir/fleet.yaml"] = {true, "catalogue: [mine.yaml]\n" + scenario_with(5, "      model: " + model), ""};
    try {
        Scenario loaded = load_scenario({"dir/fleet.yaml", {}, "catalogue"}, Registries{}, files);
        if (scenario != nullptr) *scenario = std::move(loaded);
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

constexpr const char* kTinyModel =
    "models:\n"
    "  tiny:\n"
    "    layers: {value: 2, source: x}\n"
    "    hidden: {value: 256, source: x}\n"
    "    heads: {value: 4, source: x}\n"
    "    kv_heads: {value: 2, source: x}\n"
    "    head_dim: {value: 64, source: x}\n"
    "    intermediate: {value: 1024, source: x}\n"
    "    vocabulary: {value: 1000, source: x}\n"
    "    max_context: {value: 4096, source: x}\n";

TEST(Catalogue, OwnFilesAddNames) {
    Scenario scenario;
    EXPECT_EQ(problems_with_own_file(kTinyModel, &scenario, "tiny"), Lines{});
    EXPECT_EQ(scenario.pools[0].model.layers, 2);
    EXPECT_EQ(scenario.pools[0].gpu.name, "big-gpu");
    EXPECT_NE(scenario.resolved_text.find("catalogue:\n  - file: /home/someone/dir/mine.yaml\n"), std::string::npos);
}

TEST(Catalogue, AliasesNameTheModelInPoolsAndStreams) {
    const std::string own = "models:\n  small-llm:\n    aliases: [maker/Small-LLM]\n";
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["mine.yaml"] = {true, own, ""};
    files.files["fleet.yaml"] = {true, "catalogue: [mine.yaml]\n" + scenario_with(), ""};
    for (const char* of_stream : {"maker/Small-LLM", "small-llm"}) {
        SCOPED_TRACE(of_stream);
        const Scenario scenario = load_scenario(
            {"fleet.yaml",
             {"fleet.pools[0].model=maker/Small-LLM", std::string("workload.streams[0].model=") + of_stream},
             "catalogue"},
            Registries{}, files);
        EXPECT_EQ(scenario.pools[0].model.name, "small-llm");
        EXPECT_EQ(scenario.streams[0].pools.size(), 1U);
    }
}

TEST(Catalogue, OwnFilesChangeTheValuesTheyGiveAndKeepTheOthers) {
    Scenario scenario;
    EXPECT_EQ(problems_with_own_file("gpus:\n  big-gpu:\n    memory: {value: 40GiB, source: measured}\n", &scenario),
              Lines{});
    EXPECT_EQ(scenario.pools[0].gpu.memory_bytes, 40.0 * (1 << 30));
    EXPECT_EQ(scenario.pools[0].gpu.memory_bandwidth_bytes_per_s, 3e12);
    EXPECT_EQ(scenario.pools[0].gpu.source, "measured; test");
}

TEST(Catalogue, MistakesOfOwnFilesAreToldThoughNothingNamesThem) {
    EXPECT_EQ(problems_with_own_file("gpus:\n  new-gpu:\n    memory: {value: 40GiB, source: x}\n"),
              (Lines{"dir/mine.yaml:3:5: gpus.new-gpu.memory_bandwidth: missing; expected {value, source, confidence}",
                     "dir/mine.yaml:3:5: gpus.new-gpu.link_bandwidth: missing; expected {value, source, confidence}",
                     "dir/mine.yaml:3:5: gpus.new-gpu.link_latency: missing; expected {value, source, confidence}",
                     "dir/mine.yaml:3:5: gpus.new-gpu.gpus_per_node: missing; expected {value, source, confidence}"}));
    EXPECT_EQ(problems_with_own_file("gpu: {}\n"),
              Lines{"dir/mine.yaml:1:1: gpu: no such key; did you mean \"gpus\"?"});
    EXPECT_EQ(problems_with_own_file("gpus: 5\n"),
              Lines{"dir/mine.yaml:1:7: gpus: expected a map of names, found \"5\""});
    EXPECT_EQ(problems_with_own_file("- gpus\n"),
              Lines{"dir/mine.yaml:1:1: expected a map with some of: gpus, nodes, links, models; found a list"});
    EXPECT_EQ(testing::problems_of_text("catalogue: [none.yaml]\n" + scenario_with()),
              Lines{"fleet.yaml:1:13: catalogue[0].file: cannot read \"none.yaml\": no such file"});
    EXPECT_EQ(testing::problems_of_text("catalogue: none.yaml\n" + scenario_with()),
              Lines{"fleet.yaml:1:12: catalogue: expected a list with at least one element, found \"none.yaml\""});
}

TEST(Catalogue, AMissingCatalogueIsToldOnce) {
    InputFiles files;
    files.reads_disk = false;
    files.files["fleet.yaml"] = {true, scenario_with(), ""};
    try {
        static_cast<void>(load_scenario({"fleet.yaml", {}, "nowhere"}, Registries{}, files));
        FAIL() << "a scenario was loaded without a catalogue";
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), (Lines{"nowhere/models.yaml: cannot be read: no such file",
                                           "nowhere/gpus.yaml: cannot be read: no such file"}));
    }
}

}  // namespace
}  // namespace regatta::scenario
