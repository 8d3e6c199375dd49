// Whatever bytes come, the answer is a scenario or an InputError: never a crash, never another exception.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::problems_of_text;
using testing::scenario_with;

std::string mutated(std::string text) {
    const int mutations = *rc::gen::inRange(1, 6);
    for (int i = 0; i < mutations; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto kind = *rc::gen::inRange(0, 4);
        if (kind == 0)
            text.erase(at, *rc::gen::inRange<std::size_t>(1, 12));
        else if (kind == 1)
            text.insert(at, 1, *rc::gen::element('{', '}', '[', ']', ':', '-', '\t', '\n', '&', '*', '\0', '"'));
        else if (kind == 2)
            text[at] = *rc::gen::arbitrary<char>();
        else
            text.insert(
                at, *rc::gen::element<std::string>("none", "{}", "[]", " : ", "*a", "&a ", "<<: ", "- ", "0", "!x "));
        if (text.empty()) text = " ";
    }
    return text;
}

RC_GTEST_PROP(RobustnessProperty, MutatedScenariosAreReadOrRefused, ()) {
    const std::string text =
        mutated(scenario_with(1, "duration: 10min\ngateways: {router: random, reports: {every: 100ms}}"));
    for (const std::string& problem : problems_of_text(text))
        RC_ASSERT(problem.rfind("fleet.yaml", 0) == 0U);
}

RC_GTEST_PROP(RobustnessProperty, MutatedFilesOfOneModelAreReadOrRefused, ()) {
    const std::string config =
        R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32,
            "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768,
            "decoder_sparse_step": 2, "mlp_only_layers": [3], "num_experts": 128, "num_experts_per_tok": 8,
            "vocab_size": 151936, "max_position_embeddings": 40960, "use_sliding_window": true, "sliding_window": 4096,
            "max_window_layers": 28, "layer_types": null, "text_config": {}})";
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["fleet.yaml"] = {true, scenario_with(5, "      model: m/config.json\n      kv_blocks: 10000"), ""};
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["m/config.json"] = {true, mutated(config), ""};
    try {
        static_cast<void>(load_scenario({"fleet.yaml", {}, "catalogue"}, Registries{}, files));
    } catch (const InputError& error) {
        for (const std::string& problem : error.problems())
            RC_ASSERT(problem.starts_with("m/config.json") || problem.starts_with("fleet.yaml"));
    }
}

RC_GTEST_PROP(RobustnessProperty, AnyOverrideIsAppliedOrRefused, ()) {
    const auto piece =
        rc::gen::element<std::string>("fleet", "pools", "[0]", "[chat]", ".", "gateways", "router", "=", "{}",
                                      "workload", "streams", "none", "random", "[", "]", "1", "&a", "*a");
    std::string text;
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece))
        text += part;
    for (const std::string& problem : problems_of_text(scenario_with(), {text}))
        RC_ASSERT(problem.rfind("--set #1", 0) == 0U || problem.rfind("fleet.yaml", 0) == 0U);
}

TEST(Robustness, AnyPartOfAScenarioIsReadOrRefused) {
    const std::string text = scenario_with();
    for (std::size_t length = 0; length < text.size(); ++length) {
        SCOPED_TRACE(length);
        EXPECT_FALSE(problems_of_text(text.substr(0, length)).empty() && length + 30 < text.size());
    }
}

}  // namespace
}  // namespace regatta::scenario
