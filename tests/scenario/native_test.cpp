// Environments, engines and changes of the Scratchpad simulator on Regatta's own models.
#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/native_types.hpp"
#include "scenario/scratchpad_scenario.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;

constexpr const char* kSmallGpu = R"(  small-gpu:
    memory: {value: 40GB, source: test}
    memory_bandwidth: {value: 1TB/s, source: test}
    bf16: {value: 300TFLOPS, source: test}
    int8: {value: 600TOPS, source: test}
    link_bandwidth: {value: 100GB/s, source: test}
    link_latency: {value: 1us, source: test}
    gpus_per_node: {value: 8, source: test}
)";
/// Too small for any model.
constexpr const char* kTinyGpu = R"(  tiny-gpu:
    memory: {value: 1GB, source: test}
    memory_bandwidth: {value: 1TB/s, source: test}
    bf16: {value: 300TFLOPS, source: test}
    link_bandwidth: {value: 100GB/s, source: test}
    link_latency: {value: 1us, source: test}
    gpus_per_node: {value: 2, source: test}
)";

std::string request(const char* model, int second, int prompt = 100) {
    return R"({"model": ")" + std::string(model) + R"(", "created_at": "2024-07-17 13:56:)" + (second < 10 ? "0" : "") +
           std::to_string(second) + R"(", "reported_token_input": )" + std::to_string(prompt) +
           R"(, "reported_token_output": 9})" + "\n";
}

std::string node(int id, const std::string& types, const std::string& counts, const std::string& memory) {
    return R"({"node_id": )" + std::to_string(id) + R"(, "name": "n)" + std::to_string(id) + R"(", "gpu_types": )" +
           types + R"(, "gpu_count_per_type": )" + counts + R"(, "memory_per_gpu_gb": )" + memory +
           R"(, "network_bandwidth_gbps": 100})";
}

std::string environment(const std::string& what, bool preloads = false) {
    return "{" + what + R"(,
  "infrastructure": {"disk_bandwidth_mbps": 2000, "pcie_bandwidth_gbps": 64, "network_bandwidth_gbps": 100},
  "model_loading_config": {"model_cache_path": "/models", "preload_models": )" +
           (preloads ? "true" : "false") + "}}";
}

struct Files {
    std::string trace = request("maker/small-chat", 1) + request("small-llm", 3);
    std::string environment = {};
    std::string changes = {};
};

Scenario load(const std::string& text, const Files& given) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    std::string models = testing::kModels;
    const std::string named = "  small-llm:\n";
    models.insert(models.find(named) + named.size(), "    aliases: [maker/small-chat]\n");
    files.files["fleet.yaml"] = {true, text, ""};
    files.files["catalogue/gpus.yaml"] = {true, std::string(testing::kGpus) + kSmallGpu + kTinyGpu, ""};
    files.files["catalogue/nodes.yaml"] = {true, testing::kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, models, ""};
    files.files["t.jsonl"] = files.files["/home/someone/t.jsonl"] = {true, given.trace, ""};
    files.files["/home/someone/env.json"] = {true, given.environment, ""};
    files.files["/home/someone/changes.jsonl"] = {true, given.changes, ""};
    return load_scenario({"fleet.yaml", {}, "catalogue"}, Registries{}, files);
}

Lines problems_of(const std::string& text, const Files& files) {
    try {
        static_cast<void>(load(text, files));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

const std::string kEnvironment = "fleet: {environment: env.json}\nworkload: {trace: t.jsonl}\n";

std::uint32_t started(const Pool& pool) {
    return static_cast<std::uint32_t>(std::count(pool.at_start.begin(), pool.at_start.end(), serving::Phase::Ready));
}

TEST(Native, EnginesAreOnePoolOfNodesWithTheGpusThatTheModelNeeds) {
    const Scenario small = load(
        "fleet: {engines: 4, gpu: small-gpu, model: maker/small-chat}\n"
        "workload: {trace: t.jsonl}\n",
        {});
    EXPECT_EQ(small.scratchpad, nullptr);
    ASSERT_EQ(small.pools.size(), 1U);
    EXPECT_EQ(small.pools[0].name, "small-llm/small-gpu");
    EXPECT_EQ(small.pools[0].replicas(), 4U);
    EXPECT_EQ(small.pools[0].gpus_per_node, 1U);
    EXPECT_EQ(small.pools[0].weight_type, llm::DataType::Bf16);
    EXPECT_EQ(small.pools[0].scheduler.name, "vllm_v1");
    EXPECT_EQ(small.pools[0].timing.name, "roofline");
    ASSERT_EQ(small.streams.size(), 2U);  // the model has two names
    // 141 GB of weights: two of 86 GB leave room for one block or so, but not for a sequence of the whole context.
    const Scenario large = load(
        "fleet: {engines: 2, gpu: big-gpu, model: large-llm}\n"
        "workload: {trace: t.jsonl, trace_model: large-llm}\n",
        {.trace = request("large-llm", 1)});
    EXPECT_EQ(large.pools[0].replicas(), 2U);
    EXPECT_EQ(large.pools[0].gpus_per_replica(), large.pools[0].gpus_per_node);
    EXPECT_GE(large.pools[0].replica_kv_blocks * 16, 8192);
}

TEST(Native, BitsAreDataTypesThatTheGpuHas) {
    hardware::Gpu gpu;
    gpu.name = "g";
    gpu.bf16_flops_per_s = gpu.fp16_flops_per_s = 1;
    gpu.int8_ops_per_s = 2;
    const auto eight = native_types(gpu, {8, 8, 8});
    ASSERT_TRUE(eight.has_value());
    EXPECT_EQ(eight->weights, llm::DataType::Int8);
    EXPECT_EQ(eight->activations, llm::DataType::Int8);
    const auto four = native_types(gpu, {4, 4, 4});
    ASSERT_TRUE(four.has_value());
    EXPECT_EQ(four->weights, llm::DataType::Int4);
    EXPECT_EQ(four->activations, llm::DataType::Int8);  // there are no faster ones
    EXPECT_TRUE(four->is_wider);
    EXPECT_EQ(four->kv_cache, llm::DataType::Int4);
    gpu.fp8_flops_per_s = 2;
    EXPECT_EQ(native_types(gpu, {8, 16, 8})->kv_cache, llm::DataType::Fp8);
    EXPECT_EQ(native_types(gpu, {8, 16, 8})->activations, llm::DataType::Bf16);
    gpu.bf16_flops_per_s = 0;
    EXPECT_EQ(native_types(gpu, {16, 16, 16})->weights, llm::DataType::Fp16);
    EXPECT_EQ(native_types(gpu, {16, 16, 5}).error(),
              "kv_bits: there is no data type of 5 bits; allowed: 16 (bf16 or fp16), 8 (fp8 or int8), 4 (int4)");
    EXPECT_EQ(native_types(gpu, {16, 8, 16}).error(),
              "activation_bits: activations in fp8 cannot be multiplied with weights in fp16; allowed weights: fp8, "
              "int4");
}

TEST(Native, NodesAreServersThatKeepTheirIds) {
    const std::string nodes = R"("nodes": [)" + node(1, R"(["small-gpu"])", "[2]", "[40.0]") + "," +
                              node(2, R"(["small-gpu"])", "[2]", "[80.0]") + "," +
                              node(7, R"(["big-gpu", "small-gpu"])", "[4, 1]", "[80.0, 40.0]") + "]";
    const Scenario scenario = load(kEnvironment, {.environment = environment(nodes)});
    ASSERT_EQ(scenario.servers.size(), 2U);
    EXPECT_EQ(scenario.servers[0].name, "nodes-1-to-2");
    EXPECT_EQ(scenario.servers[0].count, 2U);
    EXPECT_EQ(scenario.servers[1].name, "n7");
    EXPECT_EQ(scenario.servers[1].gpus.size(), 2U);
    EXPECT_DOUBLE_EQ(scenario.servers[0].facts.rates.disk_bytes_per_s, 2e9);
    EXPECT_DOUBLE_EQ(scenario.servers[0].facts.rates.host_link_bytes_per_s, 64e9);
    EXPECT_DOUBLE_EQ(scenario.servers[0].facts.rates.network_bytes_per_s, 100e9);
    ASSERT_EQ(scenario.pools.size(), 3U);
    EXPECT_EQ(scenario.pools[1].name, "small-llm/n7/big-gpu");
    EXPECT_EQ(scenario.pools[2].gpu.name, "small-gpu");
    for (const Pool& pool : scenario.pools)
        EXPECT_EQ(started(pool), 0U);
    EXPECT_TRUE(scenario.gateways.tell_demand);
    ASSERT_TRUE(scenario.changes.reprovision.has_value());
    EXPECT_EQ(scenario.changes.reprovision->name, "longest_idle");
    EXPECT_EQ(scenario.notes, (Lines{"env.json: memory_per_gpu_gb: 80 GB is not what small-gpu has; the catalogue's "
                                     "40 GB count"}));
}

TEST(Native, WhatTheScenarioSaysOfUnservedRequestsStays) {
    const std::string nodes = R"("nodes": [)" + node(1, R"(["small-gpu"])", "[2]", "[40.0]") + "]";
    const Scenario scenario = load(
        "fleet: {environment: env.json, reprovision: random_idle}\n"
        "gateways: {unserved: wait}\nworkload: {trace: t.jsonl}\n",
        {.environment = environment(nodes, true)});
    EXPECT_FALSE(scenario.gateways.tell_demand);
    EXPECT_EQ(scenario.changes.reprovision->name, "random_idle");
    EXPECT_EQ(started(scenario.pools[0]), 2U);
}

TEST(Native, PreloadedModelsDivideTheGpus) {
    const std::string nodes = R"("nodes": [)" + node(1, R"(["big-gpu"])", "[8]", "[80.0]") + "]";
    const Scenario scenario =
        load("fleet: {environment: env.json}\nworkload: {trace: t.jsonl, limit: 3}\n",
             {.trace = request("small-llm", 5) + request("large-llm", 1) + request("small-llm", 3) +
                       request("large-llm", 9) + request("small-llm", 0, 0),
              .environment = environment(nodes, true)});
    ASSERT_EQ(scenario.pools.size(), 2U);
    EXPECT_EQ(scenario.pools[0].model.name, "large-llm");  // for its replicas need GPUs side by side
    EXPECT_EQ(scenario.pools[0].tensor_parallel, 2U);
    EXPECT_EQ(started(scenario.pools[0]), 2U);
    EXPECT_EQ(started(scenario.pools[1]), 4U);
    // A stream for each model; together they have the trace's first three requests.
    ASSERT_EQ(scenario.streams.size(), 2U);
    EXPECT_EQ(scenario.streams[0].name, "small-llm");
    EXPECT_EQ(scenario.streams[0].limit, 2U);
    EXPECT_EQ(scenario.streams[0].pools, (std::vector<std::uint16_t>{1}));
    EXPECT_EQ(scenario.streams[1].limit, 1U);
    EXPECT_EQ(scenario.streams[1].trace->model, "large-llm");
}

TEST(Native, TheOlderListHasAmountsModelsAndPrecisions) {
    const std::string gpus = R"("gpus": [
        {"name": "small-gpu", "amount": 3, "model": "small-llm",
         "precision": {"weight_bits": 8, "activation_bits": 8, "kv_bits": 8}},
        {"name": "big-gpu", "amount": 1, "model": "large-llm",
         "precision": {"weight_bits": 4, "activation_bits": 16, "kv_bits": 16}}])";
    const Scenario scenario = load(kEnvironment, {.trace = request("small-llm", 1) + request("large-llm", 2),
                                                  .environment = environment(gpus, true)});
    ASSERT_EQ(scenario.pools.size(), 2U);
    EXPECT_EQ(scenario.pools[0].replicas(), 3U);
    EXPECT_EQ(scenario.pools[0].weight_type, llm::DataType::Int8);
    EXPECT_EQ(scenario.pools[0].gpu.name, "small-gpu");
    EXPECT_EQ(scenario.pools[1].replicas(), 1U);
    EXPECT_EQ(scenario.pools[1].weight_type, llm::DataType::Int4);
    EXPECT_EQ(scenario.pools[1].kv_type, llm::DataType::Bf16);
    EXPECT_EQ(scenario.streams[1].pools, (std::vector<std::uint16_t>{1}));
}

TEST(Native, ChangesAddAndTakeAwayAsManyAsThereAre) {
    const std::string changes = R"({"timestamp": 1.5, "gpu_name": "small-gpu", "amount": 2}
{"timestamp": 2, "gpu_name": "big-gpu", "amount": 1}
{"timestamp": 3, "gpu_name": "small-gpu", "amount": -5}
)";
    const Scenario scenario = load(
        "fleet: {engines: 2, gpu: small-gpu, model: small-llm, changes: changes.jsonl}\nworkload: {trace: t.jsonl}\n",
        {.changes = changes});
    ASSERT_EQ(scenario.pools.size(), 2U);
    EXPECT_EQ(scenario.pools[0].replicas(), 4U);
    EXPECT_EQ(scenario.pools[1].name, "small-llm/big-gpu-added");
    EXPECT_EQ(scenario.pools[1].at_start, std::vector(1, serving::Phase::Absent));
    ASSERT_EQ(scenario.changes.timeline.size(), 3U);
    EXPECT_EQ(scenario.changes.timeline[0].at, SimTime::from_ms(1500));
    EXPECT_EQ(scenario.changes.timeline[0].replicas, (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(scenario.changes.timeline[2].order, serving::Order::Uninstall);
    EXPECT_EQ(scenario.changes.timeline[2].replicas.size(), 4U);
    EXPECT_EQ(scenario.notes, (Lines{"changes.jsonl:3: takes away 5 small-gpu; by then the fleet has 4"}));
}

TEST(Native, ChangesOfAnEnvironmentTakeWhatOneModelHas) {
    const std::string nodes = R"("nodes": [)" + node(1, R"(["big-gpu"])", "[4]", "[80.0]") + "]";
    const std::string text = "fleet: {environment: env.json, changes: changes.jsonl}\nworkload: {trace: t.jsonl}\n";
    const std::string changes = R"({"timestamp": 1, "gpu_name": "big-gpu", "amount": 1}
{"timestamp": 2, "gpu_name": "big-gpu", "amount": -3}
)";
    const Scenario scenario = load(text, {.environment = environment(nodes, true), .changes = changes});
    ASSERT_EQ(scenario.changes.timeline.size(), 3U);
    EXPECT_EQ(scenario.changes.timeline[1].pool, 1U);  // what came last goes first
    EXPECT_EQ(scenario.changes.timeline[2].replicas, (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(
        problems_of(text, {.trace = request("small-llm", 1) + request("large-llm", 2),
                           .environment = environment(nodes),
                           .changes = changes}),
        (Lines{"changes.jsonl:2: amount: takes away 2 big-gpu more than came later, but those that several models "
               "share stay; expected fewer, or a trace of one model"}));
}

TEST(Native, TheResolvedTextIsTheOrdinaryForm) {
    const std::string nodes = R"("nodes": [)" + node(1, R"(["big-gpu"])", "[4]", "[80.0]") + "]";
    const Files files{.trace = request("small-llm", 1) + request("large-llm", 2), .environment = environment(nodes)};
    const std::string text = load(kEnvironment, files).resolved_text;
    EXPECT_EQ(text.find("env.json"), std::string::npos);
    EXPECT_NE(text.find("longest_idle"), std::string::npos);
    EXPECT_EQ(load(text, {.trace = files.trace}).resolved_text, text);
}

TEST(Native, WhatCannotBeIsTold) {
    const std::string one = R"("nodes": [)" + node(1, R"(["small-gpu"])", "[1]", "[40.0]") + "]";
    EXPECT_EQ(
        problems_of(kEnvironment, {.trace = request("large-llm", 1), .environment = environment(one)}),
        (Lines{"env.json: nodes: large-llm fits on none: of 1 small-gpu (37.3 GiB) each needs 131.4 GiB for weights "
               "and 1.3 GiB for activations, and may use 33.5 GiB; expected more or larger GPUs in a node, or "
               "fewer bits of precision"}));
    EXPECT_EQ(problems_of(kEnvironment, {.trace = request("m9", 1), .environment = environment(one)}),
              (Lines{"env.json: no model \"m9\" in the catalogue; `regatta catalog models` lists all 2"}));
    EXPECT_EQ(
        problems_of(kEnvironment,
                    {.trace = "arrival,prompt_tokens,output_tokens\n0,1,2\n", .environment = environment(one)}),
        (Lines{"fleet.yaml:2:11: workload.model: missing; an environment gets pools for the models that are asked "
               "for: expected the model of the trace, or of each stream"}));
    EXPECT_EQ(
        problems_of("fleet: {engines: 1, gpu: big-gpu, model: large-llm}\nworkload: {trace: t.jsonl}\n", {}),
        (Lines{"fleet.yaml:2:19: workload.trace: requests ask for maker/small-chat, which nothing in fleet serves; "
               "expected something that does, or trace_model for the requests of one model",
               "fleet.yaml:2:19: workload.trace: requests ask for small-llm, which nothing in fleet serves; "
               "expected something that does, or trace_model for the requests of one model"}));
    EXPECT_EQ(
        problems_of("fleet: {environment: env.json, engines: 1, gpu: big-gpu, model: m, servers: [{name: s, gpus: "
                    "[{gpu: big-gpu, count: 1}]}]}\nworkload: {trace: t.jsonl}\n",
                    {}),
        (Lines{"fleet.yaml:1:41: fleet.engines: environment says what serves; leave out one of them",
               "fleet.yaml:1:77: fleet.servers: environment makes them; leave out one of them, or write the "
               "ordinary form with regatta import scratchpad --native and change that"}));
    EXPECT_EQ(problems_of("fleet: {gpu: big-gpu, changes: changes.jsonl}\nworkload: {trace: t.jsonl}\n", {}),
              (Lines{"fleet.yaml:1:14: fleet.gpu: it belongs to engines; leave it out",
                     "fleet.yaml:1:32: fleet.changes: changes belong to an environment or engines; pools have a "
                     "timeline"}));
    EXPECT_EQ(problems_of("fleet: {engines: 1, gpu: big-gpu, model: large-llm, precision: {kv_bits: 5}}\n"
                          "workload: {trace: t.jsonl}\n",
                          {}),
              (Lines{"fleet.yaml:1:42: fleet.precision: kv_bits: there is no data type of 5 bits; allowed: 16 (bf16 or "
                     "fp16), 8 (fp8 or int8), 4 (int4)"}));
    EXPECT_EQ(
        problems_of("fleet: {engines: 1, gpu: big-gpu, model: m9}\nworkload: {trace: t.jsonl}\n", {}),
        (Lines{"fleet.yaml:1:42: fleet.model: no model \"m9\" in the catalogue; `regatta catalog models` lists all "
               "2"}));
    EXPECT_EQ(problems_of("compat: vidur\nfleet: {environment: env.json}\nworkload: {trace: t.jsonl}\n", {}).at(1),
              "fleet.yaml:2:22: fleet.environment: needs compat: scratchpad or none; expected pools otherwise");
    EXPECT_EQ(problems_of(kEnvironment, {.environment = "{"}), (Lines{"env.json:1:2: no JSON: it ends too soon here"}));
    EXPECT_EQ(problems_of("fleet: {engines: 1, gpu: tiny-gpu, model: small-llm}\nworkload: {trace: t.jsonl}\n", {}),
              (Lines{"fleet.yaml:1:43: fleet.model: small-llm does not fit: of 2 tiny-gpu (0.9 GiB) each needs 7.5 GiB "
                     "for weights and 1.1 GiB for activations, and may use 0.8 GiB; expected a smaller one, larger "
                     "GPUs, or fewer bits of precision"}));
}

constexpr const char* kTwoEntries = R"("gpus": [
    {"name": "tiny-gpu", "amount": 1, "model": "small-llm",
     "precision": {"weight_bits": 16, "activation_bits": 16, "kv_bits": 16}},
    {"name": "small-gpu", "amount": 0, "model": "small-llm",
     "precision": {"weight_bits": 4, "activation_bits": 4, "kv_bits": 4}},
    {"name": "small-gpu", "amount": 1, "model": "small-llm",
     "precision": {"weight_bits": 4, "activation_bits": 4, "kv_bits": 4}}])";

TEST(Native, WhatDoesNotFitIsTold) {
    const Files files{.environment = environment(kTwoEntries),
                      .changes = R"({"timestamp": 1, "gpu_name": "tiny-gpu", "amount": 1})"};
    EXPECT_EQ(problems_of(kEnvironment, files),
              (Lines{"env.json: gpus[0].model: small-llm does not fit: of 2 tiny-gpu (0.9 GiB) each needs 7.5 GiB for "
                     "weights and 1.1 GiB for activations, and may use 0.8 GiB; expected a smaller one, larger GPUs, "
                     "or fewer bits of precision"}));
    EXPECT_EQ(
        problems_of("fleet: {environment: env.json, precision: {kv_bits: 8}}\nworkload: {trace: t.jsonl}\n", files),
        (Lines{"fleet.yaml:1:43: fleet.precision: each of the gpus in env.json has its own; leave it out",
               "env.json: gpus[0].model: small-llm does not fit: of 2 tiny-gpu (0.9 GiB) each needs 7.5 GiB for "
               "weights and 1.1 GiB for activations, and may use 0.8 GiB; expected a smaller one, larger GPUs, or "
               "fewer bits of precision"}));
    EXPECT_EQ(problems_of("fleet: {engines: 2, gpu: small-gpu, model: small-llm, changes: changes.jsonl}\n"
                          "workload: {trace: t.jsonl}\n",
                          files),
              (Lines{"changes.jsonl:1: gpu_name: small-llm does not fit on what is added: of 2 tiny-gpu (0.9 GiB) each "
                     "needs 7.5 GiB for weights and 1.1 GiB for activations, and may use 0.8 GiB; expected larger "
                     "GPUs, or fewer bits of precision"}));
}

TEST(Native, WhatIsLeftOutIsNoted) {
    std::string two = kTwoEntries;
    two.erase(two.find("{\"name\": \"tiny"), two.find("{\"name\": \"small") - two.find("{\"name\": \"tiny"));
    EXPECT_EQ(load(kEnvironment, {.environment = environment(two)}).notes,
              (Lines{"env.json: gpus[0].amount is 0: no engines",
                     "small-gpu does not compute faster in 4 bits: activations are int8"}));
    const std::string nodes = R"("nodes": [)" + node(1, R"(["small-gpu"])", "[1]", "[40.0]") + "," +
                              node(2, R"(["small-gpu"])", "[0]", "[40.0]") + "," +
                              node(3, R"(["tiny-gpu"])", "[1]", "[1.0]") + "]";
    EXPECT_EQ(load(kEnvironment, {.environment = environment(nodes)}).notes,
              (Lines{"env.json: node 2 has no GPU and is left out",
                     "no model that is asked for fits on tiny-gpu of n3: they stay idle"}));
}

TEST(Native, APoolMayBeginWithNothingOnlyWhenSomethingComes) {
    const std::string text = "fleet: {pools: [{model: small-llm, nodes: 0, node: {gpu: big-gpu, gpus: 1}}]";
    EXPECT_EQ(problems_of(text + "}\nworkload: {trace: t.jsonl}\n", {}),
              (Lines{"fleet.yaml:1:43: fleet.pools[0].nodes: 0 nodes, and fleet.timeline adds none; expected at least "
                     "1"}));
    const Scenario scenario =
        load(text + ", timeline: [{at: 1s, pool: pool-0, nodes: 2}]}\nworkload: {trace: t.jsonl}\n", {});
    EXPECT_EQ(scenario.pools[0].at_start, std::vector(2, serving::Phase::Absent));
}

}  // namespace
}  // namespace regatta::scenario
