// What is told of scenarios and files of the Scratchpad simulator that cannot be taken, word by word.
#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/scratchpad_files.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;

const char* const kRest =
    R"("infrastructure": {"disk_bandwidth_mbps": 1, "pcie_bandwidth_gbps": 1, "network_bandwidth_gbps": 1},
       "model_loading_config": {"model_cache_path": "/m", "preload_models": false})";

std::string environment_of(const std::string& nodes) {
    return "{" + nodes + ", " + kRest + "}";
}

const char* const kNode =
    R"({"node_id": 7, "name": "a", "gpu_types": ["big-gpu"], "gpu_count_per_type": [2], "memory_per_gpu_gb": [80],
        "network_bandwidth_gbps": 100})";

Lines problems_of(const std::string& text, const std::string& environment = "") {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["fleet.yaml"] = {true, text, ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/nodes.yaml"] = {true, testing::kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["/home/someone/t.jsonl"] = {true,
                                            R"({"model": "small-llm", "created_at": "2024-07-17 13:56:49", )"
                                            R"("reported_token_input": 1, "reported_token_output": 1})",
                                            ""};
    files.files["/home/someone/env.json"] = {
        true, environment.empty() ? environment_of("\"nodes\": [" + std::string(kNode) + "]") : environment, ""};
    try {
        static_cast<void>(load_scenario({"fleet.yaml", {}, "catalogue"}, Registries{}, files));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

/// Engines under compat: scratchpad; the lines are added to the fleet, the workload and the scenario.
Lines problems_with(const std::string& fleet, const std::string& workload = "", const std::string& more = "") {
    return problems_of("compat: scratchpad\nfleet: {engines: 1, gpu: big-gpu, model: small-llm" + fleet +
                       "}\nworkload: {trace: t.jsonl, arrival_rate: 0/s" + workload + "}\n" + more);
}

TEST(ScratchpadWords, OfFleetsThatDoMore) {
    EXPECT_EQ(problems_with(", failures: {gpu: {mtbf: 1h}}").size(), 1U);
    EXPECT_EQ(problems_with(", reprovision: longest_idle"),
              Lines{"fleet.yaml:2:66: fleet.reprovision: an idle node is chosen by random; leave it out under compat: "
                    "scratchpad"});
    EXPECT_EQ(problems_with(", environment: env.json").front(),
              "fleet.yaml:2:8: fleet: expected only one of environment, engines and engine_groups under compat: "
              "scratchpad");
}

TEST(ScratchpadWords, OfWorkloadsThatDoMore) {
    EXPECT_EQ(problems_of("compat: scratchpad\nfleet: {engines: 1, gpu: big-gpu, model: small-llm}\n"
                          "workload: {arrival_rate: 0/s}\n"),
              Lines{"fleet.yaml:3:11: workload.trace: missing; requests come from a trace under compat: scratchpad"});
}

TEST(ScratchpadWords, OfGatewaysAndNetworksThatDoMore) {
    EXPECT_EQ(problems_with("", "", "gateways: {router: random, count: 2}\n"),
              Lines{"fleet.yaml:4:35: gateways.count: there is one; expected 1 under compat: scratchpad"});
    EXPECT_EQ(problems_with("", "", "gateways: {router: random, unserved: reject}\n"),
              Lines{"fleet.yaml:4:38: gateways.unserved: requests wait for their model; leave it out under compat: "
                    "scratchpad"});
    EXPECT_EQ(problems_with("", "", "network: {gateway_to_node: 1ms}\n"),
              Lines{"fleet.yaml:4:28: network.gateway_to_node: nothing takes time on its way; expected 0s, or leave it "
                    "out under compat: scratchpad"});
}

TEST(ScratchpadWords, OfChangesToNodes) {
    EXPECT_EQ(problems_of("compat: scratchpad\nfleet: {environment: env.json, changes: c.jsonl}\n"
                          "workload: {trace: t.jsonl, arrival_rate: 0/s}\n")
                  .front(),
              "fleet.yaml:2:41: fleet.changes: nodes do not change: that simulator reads the file and leaves it at "
              "that; leave it out under compat: scratchpad");
}

TEST(ScratchpadWords, OfEnginesThatLackSomething) {
    EXPECT_EQ(problems_of("fleet: {engines: 1, gpu: big-gpu}\nworkload: {trace: t.jsonl}\n"),
              Lines{"fleet.yaml:1:8: fleet.model: missing; engines have a number, a gpu and a model"});
    EXPECT_EQ(
        problems_of("compat: scratchpad\nfleet: {engines: 1, gpu: big-gpu}\nworkload: {trace: t.jsonl}\n").front(),
        "fleet.yaml:2:8: fleet.model: missing; engines have a number, a gpu and a model");
    EXPECT_EQ(problems_of("compat: scratchpad\nfleet: {environment: none.json}\nworkload: {trace: t.jsonl}\n").front(),
              "fleet.yaml:2:22: fleet.environment: cannot read \"none.json\": no such file");
    EXPECT_EQ(problems_of("fleet: {precision: {weight_bits: 8}}\nworkload: {trace: t.jsonl}\n").front(),
              "fleet.yaml:1:20: fleet.precision: it belongs to engines or an environment; leave it out");
    EXPECT_EQ(problems_of("fleet:\n  precision: {weight_bits: 8}\n  engine_groups:\n"
                          "    - {engines: 1, gpu: big-gpu, model: small-llm}\nworkload: {trace: t.jsonl}\n")
                  .front(),
              "fleet.yaml:2:14: fleet.precision: each of the engine_groups has its own; leave it out");
}

Lines problems_of_environment(const std::string& text) {
    try {
        static_cast<void>(read_scratchpad_environment("env.json", text));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

std::string node_with(const std::string& key, const std::string& value) {
    std::string node = kNode;
    const std::size_t at = node.find("\"" + key + "\": ") + key.size() + 4;
    const std::size_t end = node[at] == '[' ? node.find(']', at) + 1 : node.find_first_of(",}", at);
    return environment_of("\"nodes\": [" + node.replace(at, end - at, value) + "]");
}

TEST(ScratchpadWords, OfNodes) {
    EXPECT_EQ(problems_of_environment(environment_of("\"nodes\": 1")),
              Lines({"env.json: nodes: expected a list, found 1"}));
    EXPECT_EQ(problems_of_environment(environment_of("\"nodes\": [1]")).front().substr(0, 48),
              "env.json: nodes[0]: expected a map with: node_id");
    EXPECT_EQ(problems_of_environment(environment_of("\"nodes\": [" + std::string(kNode) + "," + kNode + "]")),
              Lines{"env.json: nodes[1].node_id: another node has 7, too; expected ids that differ"});
    EXPECT_EQ(problems_of_environment(node_with("network_bandwidth_gbps", "\"x\"")),
              Lines{"env.json: nodes[0].network_bandwidth_gbps: expected a number [GB/s], found \"x\""});
    EXPECT_EQ(problems_of_environment(node_with("memory_per_gpu_gb", "[\"x\"]")),
              Lines{"env.json: nodes[0].memory_per_gpu_gb: expected a list of numbers [GB], found [\"x\"]"});
}

TEST(ScratchpadWords, OfGpus) {
    EXPECT_EQ(problems_of_environment(environment_of("\"gpus\": [1]")),
              Lines{"env.json: gpus[0]: expected a map with: name, amount, model, precision, found 1"});
    EXPECT_EQ(
        problems_of_environment(environment_of(R"("gpus": [{"name": "a", "amount": 1, "model": 2, "precision": 3}])")),
        Lines({"env.json: gpus[0].model: expected the name of a model, found 2",
               "env.json: gpus[0].precision: expected a map with: weight_bits, activation_bits, kv_bits, found 3"}));
}

TEST(ScratchpadWords, OfInfrastructure) {
    EXPECT_EQ(problems_of_environment(R"({"nodes": [], "infrastructure": {"disk_bandwidth_mbps": 1,
        "pcie_bandwidth_gbps": 0, "network_bandwidth_gbps": "x"}, "model_loading_config": {"model_cache_path": "/",
        "preload_models": true}})"),
              Lines({"env.json: infrastructure.pcie_bandwidth_gbps: expected a number above 0 [GB/s], found 0",
                     "env.json: infrastructure.network_bandwidth_gbps: expected a number [GB/s], found \"x\""}));
    EXPECT_EQ(problems_of_environment(R"({"nodes": [], "infrastructure": {}, "model_loading_config": 1})").front(),
              "env.json: model_loading_config: expected a map with: model_cache_path, preload_models, found 1");
}

TEST(ScratchpadWords, OfEnvironmentsThatServeNothing) {
    EXPECT_EQ(problems_of("fleet: {environment: env.json}\nworkload: {trace: t.jsonl, model: small-llm}\n",
                          node_with("gpu_count_per_type", "[0]")),
              Lines{"env.json: nodes: no node has a GPU; expected gpu_count_per_type above 0"});
    EXPECT_EQ(problems_of("fleet: {environment: env.json}\nworkload: {trace: t.jsonl, model: small-llm}\n",
                          environment_of(R"("gpus": [{"name": "big-gpu", "amount": 0, "model": "small-llm",
                              "precision": {"weight_bits": 16, "activation_bits": 16, "kv_bits": 16}}])")),
              Lines{"env.json: gpus: every amount is 0; expected at least one engine"});
}

}  // namespace
}  // namespace regatta::scenario
