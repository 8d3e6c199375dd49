// What a file may be at most, and that hostile ones are refused before they take time or memory: docs/guide/limits.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/scratchpad_files.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::problems_of_text;

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i)
        result += text;
    return result;
}

const char* const kPool = "    - {model: small-llm, node: {gpu: big-gpu}}\n";
const char* const kStream =
    "    - {arrivals: {rate: 40/s}, lengths: {prompt: {fixed: 1000}, output: {fixed: 200}}, pool: pool-0}\n";

std::string fleet(const std::string& pools, const std::string& streams) {
    return "duration: 10min\nfleet:\n  pools:\n" + pools + "workload:\n  streams:\n" + streams;
}

TEST(Limits, OfAliases) {
    const std::string text = "a: &a " + std::string(1000, 'x') + "\nb: [" + repeated("*a, ", 5000) + "*a]\n";
    EXPECT_EQ(problems_of_text(text),
              Lines{"fleet.yaml:2:16781: aliases repeat more than 4194304 bytes of text in one document"});
}

TEST(Limits, OfKeys) {
    EXPECT_EQ(problems_of_text(std::string(201, 'k') + ": 1\n"),
              Lines{"fleet.yaml:1:1: a key of 201 bytes; at most 200 are read"});
}

TEST(Limits, OfWhatIsTold) {
    std::string text;
    for (int i = 0; i < 1500; ++i)
        text += fmt::format("- {}\n", i);
    const Lines problems = problems_of_text("catalogue:\n" + text);
    ASSERT_EQ(problems.size(), 1001U);
    EXPECT_EQ(problems.back(), "502 more errors are not told");
}

TEST(Limits, OfLinesThatAreTold) {
    const Lines problems = problems_of_text(testing::scenario_with(1, "duration: " + std::string(9000, 'x')));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].size(), 4003U);
    EXPECT_TRUE(problems[0].ends_with("xxx..."));
    EXPECT_EQ(problems_of_text(testing::scenario_with(1, "duration: \"a\\nb\\x1b\"")),
              Lines{"fleet.yaml:1:11: duration: expected a duration with a unit (ns, us, ms, s, min, h, d), found "
                    "\"a?b?\""});
}

/// Keys were once compared each with each.
TEST(Limits, ManyKeysAreReadInTime) {
    std::string text = "gpus:\n";
    for (int i = 0; i < 100'000; ++i)
        text += fmt::format("  g{}: 1\n", i);
    InputFiles files;
    files.reads_disk = false;
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["own.yaml"] = {true, text, ""};
    Problems problems;
    CatalogueSet catalogue("catalogue", files, problems);
    catalogue.add_files({"own.yaml"});
    EXPECT_EQ(problems.size(), 100'000U);
}

TEST(Limits, OfPools) {
    EXPECT_EQ(problems_of_text(fleet(repeated(kPool, 2001), kStream)),
              Lines{"fleet.yaml:4:5: fleet.pools: 2001 pools; expected at most 2000"});
}

TEST(Limits, OfStreams) {
    EXPECT_EQ(problems_of_text(fleet(kPool, repeated(kStream, 2001))),
              Lines{"fleet.yaml:7:5: workload.streams: 2001 streams; expected at most 2000"});
}

TEST(Limits, OfReplicas) {
    const std::string pool = "    - {model: small-llm, nodes: 1000000, node: {gpu: big-gpu}}\n";
    EXPECT_EQ(
        problems_of_text(fleet(repeated(pool, 2), kStream)),
        Lines{"fleet.yaml:5:33: fleet.pools[1].nodes: makes 16000000 replicas in all; expected at most 10000000"});
}

TEST(Limits, OfTimelines) {
    const std::string change = "    - {at: 1min, pool: pool-0, replicas: 1000000}\n";
    const Lines problems =
        problems_of_text(fleet(std::string(kPool) + "  timeline:\n" + repeated(change, 11), kStream));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0],
              "fleet.yaml:16:42: fleet.timeline[10].replicas: moves 11000000 replicas with those before; "
              "expected at most 10000000");
}

TEST(Limits, OfServers) {
    const std::string servers = "  servers:\n    - {name: a, count: 1000000, gpus: [{gpu: big-gpu, count: 1024}]}\n";
    const std::string pool = "    - {model: small-llm, servers: a}\n";
    EXPECT_EQ(
        problems_of_text(fleet(pool + servers, kStream)),
        Lines{"fleet.yaml:6:24: fleet.servers[0].count: makes 1024000000 GPUs in all; expected at most 10000000"});
    EXPECT_EQ(
        problems_of_text(fleet(
            pool + "  servers:\n" + repeated("    - {name: a, gpus: [{gpu: big-gpu, count: 1}]}\n", 2001), kStream)),
        Lines{"fleet.yaml:6:5: fleet.servers: 2001 kinds of servers; expected at most 2000"});
}

Lines problems_of_environment(const std::string& text) {
    try {
        static_cast<void>(read_scratchpad_environment("env.json", text));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

std::string environment_of(const std::string& nodes) {
    return R"({"nodes": [)" + nodes +
           R"(], "infrastructure": {"disk_bandwidth_mbps": 1, "pcie_bandwidth_gbps": 1, "network_bandwidth_gbps": 1},
           "model_loading_config": {"model_cache_path": "/m", "preload_models": false}})";
}

std::string node_of(int id, const std::string& type, const std::string& counts = "[1]") {
    return fmt::format(R"({{"node_id": {}, "name": "n", "gpu_types": ["{}"], "gpu_count_per_type": {}, )"
                       R"("memory_per_gpu_gb": [80], "network_bandwidth_gbps": 1}})",
                       id, type, counts);
}

TEST(Limits, OfEnvironments) {
    EXPECT_EQ(problems_of_environment("{\"nodes\":\n" + std::string(40, '[')),
              Lines{"env.json:2:32: nested deeper than 32 levels"});
    EXPECT_EQ(problems_of_environment("{\"nodes\": 1e999}"), Lines{"env.json: a number is too large to be read"});
    EXPECT_EQ(
        problems_of_environment(environment_of(node_of(1, std::string(201, 'g')))).front().substr(0, 103),
        "env.json: nodes[0].gpu_types: expected a list of names of GPUs, each of at most 200 bytes, found [\"gggg");
    std::string nodes;
    for (int id = 0; id <= 10; ++id)
        nodes += (id == 0 ? "" : ", ") + node_of(id, "a", "[100000]");
    EXPECT_EQ(problems_of_environment(environment_of(nodes)),
              Lines{"env.json: nodes[10]: expected at most 1000000 GPUs in all, found more"});
}

TEST(Limits, OfChanges) {
    try {
        static_cast<void>(read_scratchpad_changes("c.jsonl", "{\"timestamp\": " + std::string(40, '[')));
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), Lines{"c.jsonl:1: nested deeper than 32 levels"});
    }
}

}  // namespace
}  // namespace regatta::scenario
