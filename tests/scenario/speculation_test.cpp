#include <gtest/gtest.h>

#include <string>

#include "loading.hpp"
#include "serving/memory_plan.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

std::string with(const std::string& speculation) {
    return scenario_with(
        6, "      node: {gpu: big-gpu, gpus: 8}\n      parallel: {tp: 4}\n      speculation: " + speculation);
}

const std::string kPath = "fleet.pools[0].speculation.";

TEST(Speculation, IsNoneUnlessAskedFor) {
    EXPECT_FALSE(load_text(scenario_with()).pools[0].speculation.has_value());
    EXPECT_FALSE(load_text(with("none")).pools[0].speculation.has_value());
}

TEST(Speculation, TakesOneChanceOrOneForEachPosition) {
    const auto reach = [](const std::string& acceptance) {
        return load_text(with("{method: ngram, tokens: 2, " + acceptance + "}")).pools[0].speculation->reach;
    };
    EXPECT_EQ(reach("acceptance: 0.5"), (std::vector<double>{0.5, 0.25}));
    EXPECT_EQ(reach("acceptance: [0.5]"), (std::vector<double>{0.5, 0.25}));
    EXPECT_EQ(reach("acceptance: [0.5, 1]"), (std::vector<double>{0.5, 0.5}));
    EXPECT_EQ(reach("accepted: [1, 1, 2]"), (std::vector<double>{0.75, 0.5}));
}

TEST(Speculation, ChancesMustFitWhatIsProposed) {
    EXPECT_EQ(problems_of_text(with("{method: ngram, tokens: 3, acceptance: [0.5, 0.4]}")),
              Lines{"fleet.yaml:8:59: " + kPath +
                    "acceptance: 2 numbers for 3 proposed tokens; expected one, or one for each"});
    EXPECT_EQ(problems_of_text(with("{method: ngram, tokens: 2, accepted: [1, 2]}")),
              Lines{"fleet.yaml:8:57: " + kPath +
                    "accepted: 2 numbers for 2 proposed tokens; expected 3, for 0, 1, ..., 2 right ones"});
    EXPECT_EQ(problems_of_text(with("{method: ngram, tokens: 1, accepted: [0, 0]}")),
              Lines{"fleet.yaml:8:57: " + kPath + "accepted: all numbers are 0; expected one above 0"});
    EXPECT_EQ(
        problems_of_text(with("{method: ngram, acceptance: 1.5}")),
        Lines{"fleet.yaml:8:48: " + kPath + "acceptance: element 0: expected a number from 0 to 1, found \"1.5\""});
}

TEST(Speculation, TheDraftMustBeKnownAndFit) {
    EXPECT_EQ(problems_of_text(with("{method: draft_model, model: small-lm}")),
              Lines{"fleet.yaml:8:49: " + kPath +
                    "model: the catalogue has no model \"small-lm\"; `regatta catalog models` lists them; did you mean "
                    "\"small-llm\"?"});
    EXPECT_EQ(
        problems_of_text(with("{method: draft_model, model: large-llm, tp: 3}")),
        Lines{"fleet.yaml:8:64: " + kPath +
              "tp: 3 GPUs cannot share the 64 query and 8 KV heads of large-llm; expected a divisor of both, and at "
              "most the 4 of the model itself"});
}

TEST(Speculation, TheDraftTakesMemory) {
    const Pool plain = load_text(with("none")).pools[0];
    const Pool drafted = load_text(with("{method: draft_model, model: small-llm, tp: 1}")).pools[0];
    // Weights and KV of the whole small model are on one GPU; of the model itself a quarter on each.
    const double usable = plain.gpu.memory_bytes * plain.memory_fraction;
    const double weights = llm::weight_bytes_per_gpu(plain.model, plain.weight_type, 1);
    const double block = 16 * llm::kv_bytes_per_token_per_gpu(plain.model, plain.kv_type, 1);
    const double block_of_four = 16 * llm::kv_bytes_per_token_per_gpu(plain.model, plain.kv_type, 4);
    const double left = static_cast<double>(plain.replica_kv_blocks) * block_of_four;
    EXPECT_LT(left, usable);
    EXPECT_NEAR(static_cast<double>(drafted.replica_kv_blocks), (left - weights) / (block + block_of_four), 1.5);
}

TEST(Speculation, VidurHasNone) {
    const Lines problems = problems_of_text("compat: vidur\n" + with("{method: ngram}"));
    EXPECT_EQ(problems, Lines{"fleet.yaml:9:20: fleet.pools[0].speculation: method: Vidur proposes nothing; expected "
                              "speculation: none with compat: vidur"});
}

TEST(Speculation, OnlyPlainQueuesOfVllmV1) {
    const Lines problems =
        problems_of_text(with("{method: ngram}\n      scheduler: {policy: vllm_v1, order: shortest_first}"));
    EXPECT_EQ(problems,
              Lines{"fleet.yaml:9:18: fleet.pools[0].scheduler: policy: vllm_v1 knows order, max_waiting and "
                    "class_limits neither with speculation nor with parallel.pp above 1; expected none of them"});
    EXPECT_EQ(
        problems_of_text(with("{method: ngram, tokens: 4}\n      scheduler: {chunk_tokens: 300, max_running: 100}")),
        Lines{"fleet.yaml:9:33: fleet.pools[0].scheduler.chunk_tokens: 300 is less than max_running x (1 + "
              "proposed tokens); expected at least 500"});
}

}  // namespace
}  // namespace regatta::scenario
