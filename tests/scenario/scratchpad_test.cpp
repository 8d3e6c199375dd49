// Scenarios under compat: scratchpad, and the files that they name.
#include <gtest/gtest.h>

#include "control/scratchpad_fleet.hpp"
#include "loading.hpp"
#include "scenario/scratchpad_files.hpp"
#include "scenario/scratchpad_scenario.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;

const char* const kEnvironment = R"({
  "nodes": [{"node_id": 7, "name": "a", "gpu_types": ["big-gpu"], "gpu_count_per_type": [2],
             "memory_per_gpu_gb": [80.0], "network_bandwidth_gbps": 100}],
  "infrastructure": {"disk_bandwidth_mbps": 2000, "pcie_bandwidth_gbps": 64, "network_bandwidth_gbps": 100},
  "model_loading_config": {"model_cache_path": "/models", "preload_models": false}
})";

std::string line(const char* model, int prompt, int output) {
    return std::string(R"({"model": ")") + model + R"(", "reported_token_input": )" + std::to_string(prompt) +
           R"(, "reported_token_output": )" + std::to_string(output) + "}\n";
}

const char* const k8B = "meta-llama/Meta-Llama-3-8B-Instruct";

/// Loads with the files beside it, and a catalogue that knows the model that nodes begin with.
Scenario load(const std::string& text, const std::string& trace, const std::string& environment = kEnvironment,
              const std::string& changes = "") {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    std::string models = testing::kModels;
    const std::string named = "  small-llm:\n";
    models.insert(models.find(named) + named.size(), "    aliases: [meta-llama/Meta-Llama-3-8B-Instruct]\n");
    const std::string large = "  large-llm:\n";
    models.insert(models.find(large) + large.size(), "    aliases: [meta-llama/Meta-Llama-3-70B-Instruct]\n");
    files.files["fleet.yaml"] = {true, text, ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/nodes.yaml"] = {true, testing::kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, models, ""};
    files.files["/home/someone/t.jsonl"] = {true, trace, ""};
    files.files["/home/someone/env.json"] = {true, environment, ""};
    files.files["/home/someone/changes.jsonl"] = {true, changes, ""};
    return load_scenario({"fleet.yaml", {}, "catalogue"}, Registries{}, files);
}

Lines problems_of(const std::string& text, const std::string& trace, const std::string& environment = kEnvironment,
                  const std::string& changes = "") {
    try {
        static_cast<void>(load(text, trace, environment, changes));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

const std::string kNodesScenario =
    "compat: scratchpad\n"
    "fleet: {environment: env.json, precision: {weight_bits: 16, activation_bits: 16, kv_bits: 16}}\n"
    "workload: {trace: t.jsonl, arrival_rate: 1/s}\n";
const std::string kEnginesScenario =
    "compat: scratchpad\n"
    "fleet: {engines: 4, gpu: big-gpu, model: small-llm, changes: changes.jsonl}\n"
    "workload: {trace: t.jsonl, arrival_rate: 0/s}\n";

TEST(Scratchpad, AnEnvironmentIsWhatServes) {
    const Scenario scenario = load(kNodesScenario, line(k8B, 5, 6) + line(k8B, 0, 6) + line("large-llm", 7, 8));
    ASSERT_NE(scenario.scratchpad, nullptr);
    const control::ScratchpadFleet& fleet = scenario.scratchpad->fleet;
    ASSERT_EQ(fleet.nodes.size(), 1U);
    EXPECT_EQ(fleet.nodes[0].id, 7U);
    EXPECT_EQ(fleet.nodes[0].gpus.size(), 2U);
    EXPECT_DOUBLE_EQ(fleet.nodes[0].loading_s, 8.25);
    EXPECT_DOUBLE_EQ(fleet.reprovisioning_s[1], 140 / 2.0 + 140 / 64.0);  // a model that its table does not know
    EXPECT_EQ(fleet.router, control::ScratchpadRouter::Random);
    ASSERT_EQ(scenario.pools.size(), 2U);
    EXPECT_EQ(scenario.pools[0].name, "big-gpu meta-llama/Meta-Llama-3-8B-Instruct");
    EXPECT_EQ(scenario.pools[1].name, "big-gpu large-llm");
    ASSERT_EQ(scenario.streams.size(), 2U);
    EXPECT_EQ(scenario.streams[1].name, "large-llm");
    const auto& requests = scenario.scratchpad->requests;
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[1].line, 2U);
    EXPECT_DOUBLE_EQ(requests[1].arrival_s, 2.9750284169330166);  // the second arrival went to the line without tokens
}

TEST(Scratchpad, EnginesNeedNoNodes) {
    const Scenario scenario = load(kEnginesScenario, line("small-llm", 5, 6), kEnvironment,
                                   R"({"timestamp": 1.0, "gpu_name": "big-gpu", "amount": 2})");
    const control::ScratchpadFleet& fleet = scenario.scratchpad->fleet;
    ASSERT_EQ(fleet.engines.size(), 1U);
    EXPECT_EQ(fleet.engines[0].count, 4U);
    ASSERT_EQ(fleet.changes.size(), 1U);
    EXPECT_EQ(fleet.changes[0].count, 2);
    EXPECT_EQ(scenario.pools[fleet.changes[0].kind].name, "big-gpu meta-llama/Meta-Llama-3-70B-Instruct");
}

TEST(Scratchpad, EngineGroupsComeInTheirOrder) {
    const Scenario scenario = load(
        "compat: scratchpad\nfleet:\n  engine_groups:\n    - {engines: 1, gpu: big-gpu, model: small-llm}\n"
        "    - {engines: 2, gpu: big-gpu, model: small-llm, precision: {weight_bits: 8.25}}\n"
        "workload: {trace: t.jsonl, arrival_rate: 0/s, limit: 1}\n",
        line("small-llm", 5, 6) + line("small-llm", 5, 6));
    EXPECT_EQ(scenario.scratchpad->fleet.engines.size(), 2U);
    EXPECT_EQ(scenario.pools[1].name, "big-gpu small-llm 8.25/4/4");
    EXPECT_EQ(scenario.scratchpad->requests.size(), 1U);
}

TEST(Scratchpad, IsTheSameWhenTheResolvedTextIsRead) {
    for (const std::string& text : {kNodesScenario, kEnginesScenario}) {
        const Scenario first = load(text, line(k8B, 5, 6));
        const Scenario second = load(first.resolved_text, line(k8B, 5, 6));
        EXPECT_EQ(first.resolved_text, second.resolved_text);
        EXPECT_EQ(first.scratchpad->description, second.scratchpad->description);
    }
}

TEST(Scratchpad, WhatItCannotDoIsToldNotLeftOut) {
    EXPECT_EQ(problems_of("compat: scratchpad\nseed: 3\n"
                          "fleet: {environment: env.json, changes: c.jsonl, gpu: big-gpu}\n"
                          "gateways: {count: 2, router: lor, reports: {every: 1s}}\n"
                          "network: {gateway_to_node: 1ms}\n"
                          "workload: {trace: t.jsonl, arrival_rate: 1/s, rate_scale: 2, timeout: 1s}\n",
                          line(k8B, 5, 6))
                  .size(),
              9U);
    EXPECT_EQ(
        problems_of("compat: scratchpad\nseed: 3\nfleet: {environment: env.json}\n"
                    "gateways: {router: lor}\nworkload: {trace: t.jsonl, arrival_rate: 1/s, rate_scale: 2}\n",
                    line(k8B, 5, 6)),
        (Lines{"fleet.yaml:2:7: seed: random numbers are those of the seed 0; leave it out under compat: scratchpad",
               "fleet.yaml:4:20: gateways.router: Scratchpad has no lor; under compat: scratchpad expected one of: "
               "random, least_loaded, gpu_count, model_affinity",
               "fleet.yaml:5:59: workload.rate_scale: a trace is taken as it is; leave it out under compat: "
               "scratchpad"}));
    EXPECT_EQ(
        problems_of("compat: scratchpad\nfleet: {engines: 1, gpu: big-gpu, model: small-llm}\n"
                    "gateways: {router: gpu_count}\nworkload: {trace: t.jsonl}\n",
                    line(k8B, 5, 6)),
        (Lines{"fleet.yaml:3:20: gateways.router: gpu_count chooses among nodes of an environment; engines are "
               "chosen by random under compat: scratchpad",
               "fleet.yaml:4:11: workload.arrival_rate: missing; Scratchpad makes arrivals up: expected a rate such "
               "as 0.5/s, or 0/s for all at once"}));
}

TEST(Scratchpad, ItsKeysNeedIt) {
    EXPECT_EQ(testing::problems_of_text(testing::scenario_with(7, "workload:\n  arrival_rate: 1/s")),
              (Lines{"fleet.yaml:8:17: workload.arrival_rate: needs compat: scratchpad; a trace tells its arrivals "
                     "itself"}));
}

TEST(Scratchpad, UnknownHardwareAndModelsAreNamed) {
    EXPECT_EQ(problems_of(kNodesScenario, line("m9", 5, 6)),
              (Lines{"env.json: no model \"m9\" in the catalogue; `regatta catalog models` lists all 2"}));
    EXPECT_EQ(problems_of("compat: scratchpad\nfleet: {engines: 1, gpu: bigger-gpu, model: small-llm}\n"
                          "workload: {trace: t.jsonl, arrival_rate: 1/s}\n",
                          line(k8B, 5, 6)),
              (Lines{"fleet.yaml:2:26: fleet: no GPU \"bigger-gpu\" in the catalogue; `regatta catalog hardware` lists "
                     "all 1; did you mean \"big-gpu\"?"}));
    EXPECT_EQ(
        problems_of(kEnginesScenario, line(k8B, 5, 6), kEnvironment,
                    R"({"timestamp": 1.0, "gpu_name": "no-gpu", "amount": 2})"),
        (Lines{"changes.jsonl:1: gpu_name: no GPU \"no-gpu\" in the catalogue; `regatta catalog hardware` lists all "
               "1"}));
}

Lines environment_problems(const std::string& text) {
    try {
        static_cast<void>(read_scratchpad_environment("env.json", text));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    return text.replace(text.find(what), what.size(), by);
}

TEST(ScratchpadEnvironment, WhatIsWrongIsToldByItsPath) {
    const std::string good = kEnvironment;
    EXPECT_TRUE(environment_problems(good).empty());
    EXPECT_EQ(environment_problems(replaced(good, "[80.0]", "[80.0, 80.0]")),
              Lines{"env.json: nodes[0].memory_per_gpu_gb: 2 values, but gpu_types has 1; expected one for each type"});
    EXPECT_EQ(environment_problems(replaced(good, "\"node_id\": 7, ", "")),
              Lines{"env.json: nodes[0].node_id: missing; expected a whole number of at least 0"});
    EXPECT_EQ(environment_problems(replaced(good, "[2]", "[-2]")),
              Lines{"env.json: nodes[0].gpu_count_per_type: expected a list of whole numbers from 0 to 100000, found "
                    "[-2]"});
    EXPECT_EQ(environment_problems(replaced(good, "2000", "0")),
              Lines{"env.json: infrastructure.disk_bandwidth_mbps: expected a number above 0 [MB/s], found 0"});
    EXPECT_EQ(environment_problems(replaced(good, "false", "\"no\"")),
              Lines{"env.json: model_loading_config.preload_models: expected true or false, found \"no\""});
    EXPECT_EQ(environment_problems(replaced(good, "\"infrastructure\"", "\"infrastruktur\"")),
              Lines{"env.json: infrastructure: missing; expected a map with: disk_bandwidth_mbps, pcie_bandwidth_gbps, "
                    "network_bandwidth_gbps"});
    EXPECT_EQ(environment_problems(replaced(good, "\"nodes\": [", "\"nodes\": [3, ")),
              Lines{"env.json: nodes[0]: expected a map with: node_id, name, gpu_types, gpu_count_per_type, "
                    "memory_per_gpu_gb, network_bandwidth_gbps, found 3"});
    EXPECT_EQ(environment_problems(replaced(good, "\"nodes\"", "\"knots\"")),
              Lines{"env.json: nodes: missing; expected a list of nodes, or gpus, for nothing else serves requests"});
    EXPECT_EQ(environment_problems("[]"), Lines{"env.json: expected a map with: nodes or gpus, infrastructure, "
                                                "model_loading_config; found []"});
    EXPECT_EQ(environment_problems("{\n  \"nodes\": [}\n"),
              Lines{"env.json:2:13: no JSON: expected something else here"});
}

TEST(ScratchpadEnvironment, TheOlderListMakesANodeOfEachEntry) {
    const std::string text = replaced(
        kEnvironment, "\"nodes\"",
        R"("gpus": [{"name": "a", "amount": 5, "model": "m", "precision": {"weight_bits": 4, "activation_bits": 4, )"
        R"("kv_bits": 4}}, {"name": "b", "amount": 1, "model": "n", "precision": {"weight_bits": 4, "activation_bits": 4, )"
        R"("kv_bits": 4}}], "knots")");
    const ScratchpadEnvironment environment = read_scratchpad_environment("env.json", text);
    ASSERT_EQ(environment.nodes.size(), 2U);
    EXPECT_EQ(environment.nodes[1].id, 2U);
    EXPECT_EQ(environment.nodes[0].gpus, std::vector<std::string>{"a"});
    EXPECT_EQ(environment.nodes[1].model, "n");
    EXPECT_EQ(environment_problems(replaced(text, "\"kv_bits\": 4", "\"kv_bits\": 0")),
              Lines{"env.json: gpus[0].precision.kv_bits: expected a number above 0 [bits], found 0"});
}

TEST(ScratchpadChanges, MustBeInOrderOfTime) {
    const auto problems = [](const std::string& text) -> Lines {
        try {
            static_cast<void>(read_scratchpad_changes("c.jsonl", text));
            return {};
        } catch (const InputError& error) {
            return error.problems();
        }
    };
    const std::string good = "{\"timestamp\": 2.0, \"gpu_name\": \"a\", \"amount\": -1}\n";
    EXPECT_TRUE(problems(good + "\n" + good).empty());
    EXPECT_EQ(problems(good + "{\"timestamp\": 1.5, \"gpu_name\": \"a\", \"amount\": 1}"),
              Lines{"c.jsonl:2: timestamp: 1.5 s is before 2 s in the line above; expected changes in order of time"});
    EXPECT_EQ(problems("{\"timestamp\": -1, \"amount\": 1.5}\nno\n"),
              (Lines{"c.jsonl:1: timestamp: expected seconds of at least 0, found -1",
                     "c.jsonl:1: gpu_name: missing; expected the name of a GPU",
                     "c.jsonl:1: amount: expected a whole number of engines up to 100000, found 1.5",
                     "c.jsonl:2: expected a JSON object with timestamp, gpu_name and amount, found \"no\""}));
}

TEST(Scratchpad, ItsFleetIsAllThereIs) {
    EXPECT_EQ(
        problems_of("compat: scratchpad\n"
                    "fleet:\n"
                    "  environment: env.json\n"
                    "  pools: [{model: small-llm, node: {gpu: big-gpu}}]\n"
                    "  servers: [{name: s, gpus: [{gpu: big-gpu, count: 1}]}]\n"
                    "  failures: {node: {mtbf: 1h, mttr: 1h}}\n"
                    "  reprovision: longest_idle\n"
                    "  changes: changes.jsonl\n"
                    "gateways:\n"
                    "  count: 2\n"
                    "  unserved: provision\n"
                    "  reports: {every: 1s}\n"
                    "  admission: [{queue_limit: 3}]\n"
                    "network: {gateway_to_node: 1ms}\n"
                    "workload:\n"
                    "  arrival_rate: 1/s\n"
                    "  streams: [{arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 1}, output: {fixed: 1}}}]\n",
                    line(k8B, 5, 6)),
        (Lines{
            "fleet.yaml:4:10: fleet.pools: an environment, or engines, are what serves; leave it out under compat: "
            "scratchpad",
            "fleet.yaml:5:12: fleet.servers: the fleet does what that simulator does; leave it out under compat: "
            "scratchpad",
            "fleet.yaml:6:13: fleet.failures: nothing fails; leave it out under compat: scratchpad",
            "fleet.yaml:7:16: fleet.reprovision: an idle node is chosen by random; leave it out under compat: "
            "scratchpad",
            "fleet.yaml:8:12: fleet.changes: nodes do not change: that simulator reads the file and leaves it at that; "
            "leave it out under compat: scratchpad",
            "fleet.yaml:10:10: gateways.count: there is one; expected 1 under compat: scratchpad",
            "fleet.yaml:11:13: gateways.unserved: requests wait for their model; leave it out under compat: scratchpad",
            "fleet.yaml:12:12: gateways.reports: routers see the nodes as they are; leave it out under compat: "
            "scratchpad",
            "fleet.yaml:13:14: gateways.admission: everything is let in; leave it out under compat: scratchpad",
            "fleet.yaml:14:28: network.gateway_to_node: nothing takes time on its way; expected 0s, or leave it out "
            "under compat: scratchpad",
            "fleet.yaml:17:12: workload.streams: requests come from a trace; leave it out under compat: scratchpad"}));
    EXPECT_EQ(
        problems_of("compat: scratchpad\nfleet: {precision: {weight_bits: 8}}\nworkload: {arrival_rate: 1/s}\n",
                    line(k8B, 5, 6)),
        (Lines{"fleet.yaml:2:8: fleet: expected one of environment, engines and engine_groups under compat: scratchpad",
               "fleet.yaml:3:11: workload.trace: missing; requests come from a trace under compat: scratchpad"}));
    EXPECT_EQ(problems_of("compat: scratchpad\n"
                          "fleet: {model: small-llm, precision: {weight_bits: 8}, engine_groups: [{engines: 1, gpu: "
                          "big-gpu, model: small-llm}]}\n"
                          "workload: {trace: t.jsonl, arrival_rate: 1/s}\n",
                          line(k8B, 5, 6)),
              (Lines{"fleet.yaml:2:16: fleet.model: it belongs to engines; leave it out under compat: scratchpad",
                     "fleet.yaml:2:38: fleet.precision: each of the engine_groups has its own; leave it out under "
                     "compat: scratchpad"}));
}

TEST(Scratchpad, NothingBranchesUnderIt) {
    EXPECT_EQ(problems_of(kNodesScenario + "branches: [{at: 1s, set: [end=drain]}]\n", line(k8B, 5, 6)),
              (Lines{"fleet.yaml:4:17: branches: under compat: scratchpad nothing can change while a fleet runs"}));
}

}  // namespace
}  // namespace regatta::scenario
