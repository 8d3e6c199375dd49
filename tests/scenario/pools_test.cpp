// Checks that look at several keys of a pool at once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "loading.hpp"
#include "serving/memory_plan.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

Lines problems_with_tp(const std::string& tp, const std::string& gpus = "8") {
    return problems_of_text(
        scenario_with(6, "      node: {gpu: big-gpu, gpus: " + gpus + "}\n      parallel: {tp: " + tp + "}"));
}

TEST(Pools, AReplicaMustFitIntoANode) {
    EXPECT_EQ(problems_with_tp("16"),
              Lines{"fleet.yaml:7:22: fleet.pools[0].parallel.tp: 16 GPUs per replica, but a node "
                    "has 8; allowed: 1, 2, 4, 8"});
    EXPECT_EQ(problems_with_tp("3"),
              Lines{"fleet.yaml:7:22: fleet.pools[0].parallel.tp: 3 GPUs per replica do not divide "
                    "the 8 of a node; allowed: 1, 2, 4, 8"});
}

TEST(Pools, HeadsMustSplitEvenlyOverTheGpus) {
    EXPECT_EQ(problems_with_tp("3", "6"),
              Lines{"fleet.yaml:7:22: fleet.pools[0].parallel.tp: 3 GPUs cannot share the 32 query and 8 KV heads of "
                    "small-llm evenly; allowed: 1, 2"});
    EXPECT_EQ(problems_with_tp("16", "16"), Lines{});  // each KV head on two GPUs
}

TEST(Pools, KvHeadsMustSplitOrBeCopiedEvenlyToo) {
    std::string models = testing::kModels;
    models.replace(models.find("heads: {value: 32"), 17, "heads: {value: 48");
    InputFiles files;
    files.reads_disk = false;
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, models, ""};
    files.files["fleet.yaml"] = {true, scenario_with(6, "      node: {gpu: big-gpu, gpus: 48}"), ""};
    const auto tp = [&](int gpus) {
        return load_scenario({"fleet.yaml", {fmt::format("fleet.pools[0].parallel.tp={}", gpus)}, "catalogue"},
                             Registries{}, files)
            .pools[0]
            .tensor_parallel;
    };
    EXPECT_EQ(tp(4), 4U);
    EXPECT_EQ(tp(16), 16U);
    EXPECT_THROW(tp(12), InputError);  // 12 GPUs divide 48 query heads, but 8 KV heads neither divide nor fill them
    EXPECT_THROW(tp(3), InputError);
}

/// Of `tp` x `pp` GPUs a replica, on `nodes` nodes of 8.
std::string pipeline(int tp, int pp, int nodes = 1) {
    return scenario_with(
        4, fmt::format("    - parallel: {{tp: {}, pp: {}}}\n      nodes: {}\n      name: chat", tp, pp, nodes));
}

TEST(Pools, PipelinesTakeAPartOfANodeOrWholeOnes) {
    const Pool part = load_text(pipeline(1, 4)).pools[0];
    EXPECT_EQ(part.pipeline_parallel, 4U);
    EXPECT_EQ(part.gpus_per_replica(), 4U);
    EXPECT_EQ(part.replicas(), 2U);
    EXPECT_EQ(load_text(pipeline(8, 2, 6)).pools[0].replicas(), 3U);
    EXPECT_EQ(
        problems_of_text(pipeline(1, 3)),
        Lines{"fleet.yaml:4:29: fleet.pools[0].parallel.pp: 3 stages cannot have equally many of the 32 layers of "
              "small-llm; allowed: 1, 2, 4, 8, 16, 32"});
    EXPECT_EQ(problems_of_text(pipeline(8, 2, 3)),
              Lines{"fleet.yaml:5:14: fleet.pools[0].nodes: a replica takes 2 nodes, of which 3 is no multiple"});
    const std::string six = scenario_with(6, "      node: {gpu: big-gpu, gpus: 6}\n      parallel: {pp: 4}");
    EXPECT_EQ(problems_of_text(six), Lines{"fleet.yaml:7:22: fleet.pools[0].parallel.pp: 1 x 4 GPUs of a replica do "
                                           "not divide the 6 of a node"});
    const std::string eight = scenario_with(6, "      node: {gpu: big-gpu, gpus: 6}\n      parallel: {pp: 8}");
    EXPECT_EQ(problems_of_text(eight), Lines{"fleet.yaml:7:22: fleet.pools[0].parallel.pp: 1 x 8 GPUs of a replica are "
                                             "more than the 6 of a node, and no multiple of them"});
}

TEST(Pools, EachStageOfAPipelineGetsASequence) {
    const std::string few =
        "      model: small-llm\n      parallel: {pp: 4}\n"
        "      scheduler: {policy: sarathi, max_running: 3}";
    EXPECT_EQ(problems_of_text(scenario_with(5, few)),
              Lines{"fleet.yaml:7:49: fleet.pools[0].scheduler.max_running: 3 is less than the stages of the pipeline; "
                    "expected at least 4"});
}

TEST(Pools, ModelsMustFitIntoMemory) {
    const Lines problems = problems_of_text(scenario_with(5, "      model: large-llm"));
    const Scenario fitting = load_text(scenario_with(5, "      model: large-llm\n      kv_blocks: 1"));
    const auto plan = serving::plan_memory({.gpu = fitting.pools[0].gpu, .model = fitting.pools[0].model});
    const auto gib = [](double bytes) { return fmt::format("{:.1f} GiB", bytes / (1 << 30)); };
    EXPECT_EQ(problems,
              Lines{"fleet.yaml:5:14: fleet.pools[0].model: large-llm does not fit: each GPU needs 131.4 GiB for "
                    "weights and " +
                    gib(plan.activation_bytes) + " for activations, and may use 72.0 GiB: " +
                    gib(plan.missing_bytes()) + " too little; raise parallel.tp, or store smaller weights"});
    EXPECT_EQ(problems_of_text(scenario_with(5, "      model: large-llm\n      parallel: {tp: 4}")), Lines{});
}

TEST(Pools, BlocksOfTheUsersReplaceTheMemoryPlan) {
    EXPECT_EQ(load_text(scenario_with(5, "      model: large-llm\n      kv_blocks: 100")).pools[0].kv_blocks, 100);
}

TEST(Pools, UnknownModelsAndGpusNameTheCatalogue) {
    EXPECT_EQ(
        problems_of_text(scenario_with(5, "      model: smal-llm")),
        Lines{"fleet.yaml:5:14: fleet.pools[0].model: no model \"smal-llm\" in the catalogue; allowed: small-llm, "
              "large-llm; did you mean \"small-llm\"?"});
    EXPECT_EQ(problems_of_text(scenario_with(6, "      node: {gpu: abacus}")),
              Lines{"fleet.yaml:6:19: fleet.pools[0].node.gpu: no GPU \"abacus\" in the catalogue; allowed: big-gpu"});
    EXPECT_EQ(problems_of_text(scenario_with(5, "      model: {}")),
              Lines{"fleet.yaml:5:14: fleet.pools[0].model.name: missing; expected a text"});
    EXPECT_EQ(problems_of_text(scenario_with(5, "")),
              Lines{"fleet.yaml:4:7: fleet.pools[0].model: missing; expected a name"});
}

TEST(Pools, ActivationsFollowFromTheWeightsUnlessTheyAreGiven) {
    // The GPU computes in bf16 only.
    const Scenario scenario = load_text(scenario_with(4, "    - weights: fp8\n      kv_cache: int4"));
    EXPECT_EQ(scenario.pools[0].weight_type, llm::DataType::Fp8);
    EXPECT_EQ(scenario.pools[0].activation_type, llm::DataType::Bf16);
    EXPECT_EQ(scenario.pools[0].kv_type, llm::DataType::Int4);
    EXPECT_NE(scenario.resolved_text.find("      activations: bf16\n"), std::string::npos);
    EXPECT_EQ(problems_of_text(scenario_with(4, "    - weights: fp8\n      activations: fp8")),
              Lines{"fleet.yaml:5:20: fleet.pools[0].activations: big-gpu does not compute in fp8; allowed: bf16"});
    EXPECT_EQ(problems_of_text(scenario_with(4, "    - weights: fp16")),
              Lines{"fleet.yaml:4:16: fleet.pools[0].weights: big-gpu does not compute in fp16; allowed: bf16"});
}

TEST(Pools, NodesCanBeNamedByTheirType) {
    const Pool named = load_text(scenario_with(6, "      node: big-node")).pools[0];
    EXPECT_EQ(named.gpu.name, "big-gpu");
    EXPECT_EQ(named.gpus_per_node, 4U);
    const Pool changed = load_text(scenario_with(6, "      node: {name: big-node, gpus: 2}")).pools[0];
    EXPECT_EQ(changed.gpus_per_node, 2U);
    const Pool other = load_text(scenario_with(6, "      node: {name: lost-node, gpu: big-gpu}")).pools[0];
    EXPECT_EQ(other.gpu.name, "big-gpu");
    EXPECT_EQ(other.gpus_per_node, 4U);
}

TEST(Pools, NodeTypesThatAreNotThereAreTold) {
    EXPECT_EQ(problems_of_text(scenario_with(6, "      node: bg-node")),
              Lines{"fleet.yaml:6:13: fleet.pools[0].node: no node type \"bg-node\" in the catalogue; allowed: "
                    "big-node, lost-node; did you mean \"big-node\"?"});
    EXPECT_EQ(problems_of_text(scenario_with(6, "      node: lost-node")),
              Lines{"fleet.yaml:6:13: fleet.pools[0].node: the GPU of lost-node: no GPU \"lost-gpu\" in the catalogue; "
                    "allowed: big-gpu"});
    EXPECT_EQ(problems_of_text(scenario_with(6, "      node: {gpus: 4}")),
              Lines{"fleet.yaml:6:13: fleet.pools[0].node.gpu: missing; expected a name, or a node type for the node"});
}

TEST(Pools, TheContextIsTheModelsAtMost) {
    EXPECT_EQ(load_text(scenario_with(4, "    - max_context_tokens: 4096")).pools[0].max_context_tokens, 4096);
    EXPECT_EQ(
        problems_of_text(scenario_with(4, "    - max_context_tokens: 9000")),
        Lines{"fleet.yaml:4:27: fleet.pools[0].max_context_tokens: 9000 tokens, but small-llm takes at most 8192"});
}

TEST(Pools, PoliciesSpeakForTheirParameters) {
    EXPECT_EQ(problems_of_text(scenario_with(4, "    - scheduler: {chunk_tokens: 128}")),
              Lines{"fleet.yaml:4:33: fleet.pools[0].scheduler.chunk_tokens: 128 is less than max_running; expected at "
                    "least 256"});
}

TEST(Pools, NamesDiffer) {
    const char* const pools =
        "    - {name: a, model: small-llm, node: {gpu: big-gpu}}\n"
        "    - {name: a, model: small-llm, node: {gpu: big-gpu}}";
    const std::string text = "duration: 1s\nfleet:\n  pools:\n" + std::string(pools) +
                             "\nworkload:\n  streams:\n    - pool: a\n      arrivals: {rate: 1/s}\n"
                             "      lengths: {prompt: {fixed: 1}, output: {fixed: 1}}\n";
    EXPECT_EQ(
        problems_of_text(text),
        Lines{"fleet.yaml:5:14: fleet.pools[1].name: another pool is called \"a\", too; expected names that differ"});
}

TEST(Pools, ATierOfItsOwnHasItsOwnLatency) {
    const Scenario scenario =
        load_text(scenario_with(4, "    - gateway_latency: 3ms"), {"network.gateway_to_node=1ms"});
    EXPECT_EQ(scenario.pools[0].gateway_latency, SimTime::from_ms(3));
}

TEST(Pools, KnowWhichGpusOthersMayHave) {
    const Scenario scenario = load_text(
        "duration: 1s\n"
        "fleet:\n"
        "  servers:\n"
        "    - {name: mixed, count: 3, gpus: [{gpu: big-gpu, count: 4}, {gpu: big-gpu, count: 2}]}\n"
        "  pools:\n"
        "    - {name: first, model: small-llm, servers: mixed, gpu: big-gpu, parallel: {tp: 2}}\n"
        "    - {name: second, model: small-llm, servers: mixed, gpu: big-gpu}\n"
        "    - {name: own, model: small-llm, nodes: 2, node: {gpu: big-gpu, gpus: 1}}\n"
        "workload:\n"
        "  streams: [{pool: first, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 9}, output: {fixed: 9}}}]\n");
    EXPECT_EQ(gpus_shared_with_earlier(scenario, 0), 0u);
    EXPECT_EQ(gpus_shared_with_earlier(scenario, 1), 12u);
    EXPECT_EQ(gpus_shared_with_earlier(scenario, 2), 0u);
}

TEST(Pools, ThereMustBeOne) {
    const std::string traffic =
        "workload: {streams: [{arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 1}, output: {fixed: 1}}}]}\n";
    EXPECT_EQ(problems_of_text("duration: 1s\nfleet: {controller: {}}\n" + traffic),
              Lines{"fleet.yaml:2:8: fleet.pools: missing; expected a list with at least one element"});
    EXPECT_EQ(problems_of_text("duration: 1s\nfleet: {pools: []}\n" + traffic),
              Lines{"fleet.yaml:2:16: fleet.pools: expected a list with at least one element, found an empty list"});
}

TEST(Pools, StandOnSomething) {
    EXPECT_EQ(problems_of_text(scenario_with(6, "")),
              Lines{"fleet.yaml:4:7: fleet.pools[0].node: missing; expected a map with: gpu, gpus; the name of a node "
                    "type; or servers in its place"});
}

TEST(Pools, OnServersOfSeveralKindsChooseOne) {
    std::string text = scenario_with(6, "      servers: mixed");
    text.insert(text.find("  pools:"),
                "  servers: [{name: mixed, gpus: [{gpu: big-gpu, count: 4}, {gpu: big-gpu, count: 1}]}]\n");
    EXPECT_EQ(
        problems_of_text(text),
        Lines{"fleet.yaml:5:7: fleet.pools[0].gpu: missing; servers \"mixed\" have several kinds: expected one of: "
              "big-gpu, big-gpu"});
}

TEST(Pools, SchedulersSayWhatTheyCannotDo) {
    EXPECT_EQ(problems_of_text(scenario_with(4, "    - scheduler: lightllm")),
              Lines{"fleet.yaml:4:18: fleet.pools[0].scheduler: policy: lightllm counts KV memory by the token; "
                    "expected block_tokens: 1 in the pool"});
    EXPECT_EQ(problems_of_text(scenario_with(4,
                                             "    - scheduler: lightllm\n      block_tokens: 1\n"
                                             "      parallel: {pp: 2}")),
              Lines{"fleet.yaml:4:18: fleet.pools[0].scheduler: policy: lightllm has no pipelines; expected "
                    "parallel.pp: 1"});
    EXPECT_EQ(problems_of_text(scenario_with(4,
                                             "    - scheduler: lightllm\n      block_tokens: 1\n"
                                             "      speculation: {method: ngram}")),
              Lines{"fleet.yaml:4:18: fleet.pools[0].scheduler: policy: lightllm looks ahead by one token a step; "
                    "expected speculation: none"});
    EXPECT_EQ(
        problems_of_text(scenario_with(4, "    - scheduler: orca\n      kv_blocks: 100")),
        Lines{"fleet.yaml:4:18: fleet.pools[0].scheduler: policy: it reserves 512 KV blocks for each request, the "
              "longest of which has 8192 tokens, but a replica has 100; lower max_context_tokens"});
}

}  // namespace
}  // namespace regatta::scenario
