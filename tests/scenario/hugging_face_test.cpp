// A config.json of Hugging Face as a model.
#include "scenario/hugging_face.hpp"

#include <gtest/gtest.h>

#include "loading.hpp"
#include "scenario/catalogue.hpp"
#include "shipped.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;

struct Outcome {
    llm::Model model;
    Lines problems;
};

Outcome read(const std::string& text) {
    Problems problems;
    const int source = problems.add_source("m/config.json");
    Node document;
    Outcome outcome;
    if (parse_document(text, source, document, problems))
        outcome.model = read_hugging_face(document, "m", "m/config.json", problems);
    try {
        problems.throw_if_any();
    } catch (const InputError& error) {
        outcome.problems = error.problems();
    }
    return outcome;
}

llm::Model shipped_model(const std::string& name) {
    InputFiles files;
    Problems problems;
    CatalogueSet set(testing::source_directory() + "/configs/catalogue", files, problems);
    for (const auto& entry : set.models())
        if (entry.name == name) return entry.facts;
    return {};
}

/// Everything but name and source is that of the catalogue's model.
void expect_shipped(const std::string& config, const std::string& name) {
    SCOPED_TRACE(name);
    const Outcome outcome = read(config);
    EXPECT_EQ(outcome.problems, Lines{});
    const llm::Model& read = outcome.model;
    const llm::Model shipped = shipped_model(name);
    EXPECT_EQ(read.layers, shipped.layers);
    EXPECT_EQ(read.hidden, shipped.hidden);
    EXPECT_EQ(read.heads, shipped.heads);
    EXPECT_EQ(read.kv_heads, shipped.kv_heads);
    EXPECT_EQ(read.head_dim, shipped.head_dim);
    EXPECT_EQ(read.intermediate, shipped.intermediate);
    EXPECT_EQ(read.vocabulary, shipped.vocabulary);
    EXPECT_EQ(read.max_context_tokens, shipped.max_context_tokens);
    EXPECT_EQ(read.ties_embeddings, shipped.ties_embeddings);
    EXPECT_EQ(read.has_qk_norm, shipped.has_qk_norm);
    EXPECT_EQ(read.has_qkv_bias, shipped.has_qkv_bias);
    EXPECT_EQ(read.experts, shipped.experts);
    EXPECT_EQ(read.experts_per_token, shipped.experts_per_token);
    EXPECT_EQ(read.expert_intermediate, shipped.expert_intermediate);
    EXPECT_EQ(read.shared_intermediate, shipped.shared_intermediate);
    EXPECT_EQ(read.dense_layers, shipped.dense_layers);
    EXPECT_EQ(read.window_tokens, shipped.window_tokens);
    EXPECT_EQ(read.window_layers, shipped.window_layers);
}

constexpr const char* kLlama = R"({
  "architectures": ["LlamaForCausalLM"],
  "attention_bias": false,
  "hidden_act": "silu",
  "hidden_size": 4096,
  "initializer_range": 0.02,
  "intermediate_size": 14336,
  "max_position_embeddings": 131072,
  "model_type": "llama",
  "num_attention_heads": 32,
  "num_hidden_layers": 32,
  "num_key_value_heads": 8,
  "rms_norm_eps": 1e-05,
  "rope_scaling": {"factor": 8.0, "rope_type": "llama3"},
  "tie_word_embeddings": false,
  "vocab_size": 128256
}
)";

std::string llama_with(const std::string& old, const std::string& changed) {
    std::string text = kLlama;
    text.replace(text.find(old), old.size(), changed);
    return text;
}

TEST(HuggingFace, ReadsDenseModels) {
    expect_shipped(kLlama, "llama-3.1-8b");
    expect_shipped(R"({"model_type": "qwen3", "hidden_size": 5120, "num_hidden_layers": 64, "num_attention_heads": 64,
        "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 25600, "vocab_size": 151936,
        "max_position_embeddings": 40960, "tie_word_embeddings": false, "sliding_window": null,
        "use_sliding_window": false, "max_window_layers": 64})",
                   "qwen3-32b");
    expect_shipped(R"({"model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28,
        "num_key_value_heads": 4, "intermediate_size": 18944, "vocab_size": 152064, "max_position_embeddings": 32768,
        "sliding_window": 131072, "use_sliding_window": false, "max_window_layers": 28})",
                   "qwen2.5-7b");
}

TEST(HuggingFace, ReadsModelsWithExperts) {
    expect_shipped(R"({"model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000, "max_position_embeddings": 32768,
        "num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": null})",
                   "mixtral-8x7b");
    expect_shipped(R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48,
        "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144,
        "moe_intermediate_size": 768, "vocab_size": 151936, "max_position_embeddings": 40960, "num_experts": 128,
        "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [], "use_sliding_window": false})",
                   "qwen3-30b-a3b");
    expect_shipped(R"({"model_type": "deepseek", "hidden_size": 2048, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 16, "intermediate_size": 10944,
        "moe_intermediate_size": 1408, "vocab_size": 102400, "max_position_embeddings": 4096, "n_routed_experts": 64,
        "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1})",
                   "deepseek-moe-16b");
    expect_shipped(R"({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_size": 5120,
        "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
        "intermediate_size": 8192, "intermediate_size_mlp": 16384, "vocab_size": 202048,
        "max_position_embeddings": 1048576, "num_local_experts": 128, "num_experts_per_tok": 1,
        "interleave_moe_layer_step": 2, "attention_chunk_size": 8192}})",
                   "llama-4-maverick");
}

TEST(HuggingFace, ReadsSlidingWindows) {
    expect_shipped(R"({"model_type": "mistral", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000, "max_position_embeddings": 32768,
        "sliding_window": 4096})",
                   "mistral-7b-v0.1");
    expect_shipped(R"({"model_type": "gemma2", "hidden_size": 3584, "num_hidden_layers": 42, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 256, "intermediate_size": 14336, "vocab_size": 256000,
        "max_position_embeddings": 8192, "sliding_window": 4096})",
                   "gemma-2-9b");
    expect_shipped(R"({"model_type": "gemma3", "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
        "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024}})",
                   "gemma-3-4b");
    const Outcome listed = read(R"({"model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 3,
        "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 2880,
        "vocab_size": 201088, "max_position_embeddings": 131072, "num_local_experts": 32, "experts_per_token": 4,
        "sliding_window": 128, "layer_types": ["full_attention", "sliding_attention", "full_attention"]})");
    EXPECT_EQ(listed.problems, Lines{});
    EXPECT_EQ(listed.model.window_layers, 1);
    EXPECT_EQ(listed.model.window_tokens, 128);
}

TEST(HuggingFace, RefusesWhatIsNotModelledByName) {
    const std::string latent =
        "has multi-head latent attention (MLA), which is not modelled yet: its cache holds one compressed vector per "
        "token, and its products go around the heads";
    EXPECT_EQ(read(R"({"model_type": "deepseek_v3", "kv_lora_rank": 512})").problems,
              Lines{"m/config.json:1:16: model_type: deepseek_v3 " + latent});
    EXPECT_EQ(read(R"({"model_type": "new_one", "kv_lora_rank": 512})").problems,
              Lines{"m/config.json:1:16: model_type: new_one " + latent});
    EXPECT_EQ(
        read(R"({"model_type": "jamba"})").problems,
        Lines{"m/config.json:1:16: model_type: jamba has layers with a state in place of a KV cache (Mamba, linear "
              "attention), which are not modelled yet"});
    EXPECT_EQ(read(R"({"model_type": "t5", "is_encoder_decoder": true})").problems,
              Lines{"m/config.json:1:16: model_type: t5 has an encoder and a decoder; only decoders are modelled"});
    const Lines unknown = read(R"({"model_type": "qwen3_mo"})").problems;
    ASSERT_EQ(unknown.size(), 1U);
    EXPECT_TRUE(
        unknown[0].starts_with("m/config.json:1:16: model_type: \"qwen3_mo\" is no architecture that can be "
                               "read; allowed: llama, mistral, mixtral, "));
    EXPECT_TRUE(unknown[0].ends_with("; did you mean \"qwen3_moe\"?"));
}

TEST(HuggingFace, TellsWhatIsMissingOrWrongByItsKey) {
    EXPECT_EQ(read(llama_with("  \"hidden_size\": 4096,\n", "")).problems,
              Lines{"m/config.json:1:1: hidden_size: missing; expected a whole number of at least 1"});
    EXPECT_EQ(
        read(llama_with("\"num_hidden_layers\": 32", "\"num_hidden_layers\": \"32\"")).problems,
        Lines{"m/config.json:11:24: num_hidden_layers: expected a whole number from 1 to 1000000000, found the quoted "
              "text \"32\""});
    EXPECT_EQ(read(llama_with("\"vocab_size\": 128256", "\"vocab_size\": 0")).problems,
              Lines{"m/config.json:16:17: vocab_size: expected a whole number from 1 to 1000000000, found \"0\""});
    EXPECT_EQ(read(llama_with("_embeddings\": false", "_embeddings\": \"no\"")).problems,
              Lines{"m/config.json:15:26: tie_word_embeddings: expected true or false, found the quoted text \"no\""});
    EXPECT_EQ(
        read(llama_with("heads\": 8", "heads\": 5")).problems,
        Lines{"m/config.json:1:1: kv_heads: 5 does not divide heads = 32; each key-value head serves the same number "
              "of query heads"});
    EXPECT_EQ(read(R"({"architectures": ["X"]})").problems,
              Lines{"m/config.json:1:1: model_type: missing; expected the config.json of a model on Hugging Face"});
}

TEST(HuggingFace, MissingKeyValueHeadsAreAsManyAsQueryHeads) {
    EXPECT_EQ(read(llama_with("  \"num_key_value_heads\": 8,\n", "")).model.kv_heads, 32);
}

TEST(HuggingFace, AWindowAsLongAsTheContextIsNone) {
    const Outcome outcome =
        read(R"({"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32, "num_attention_heads": 32,
        "intermediate_size": 8192, "vocab_size": 32064, "max_position_embeddings": 131072, "sliding_window": 262144})");
    EXPECT_EQ(outcome.problems, Lines{});
    EXPECT_EQ(outcome.model.window_layers, 0);
}

TEST(HuggingFace, ModelsAreCalledAsTheirDirectory) {
    EXPECT_EQ(hugging_face_name("/models/Llama-3.1-8B/config.json"), "Llama-3.1-8B");
    EXPECT_EQ(hugging_face_name("/models/my-llama.json"), "my-llama");
}

/// The scenario with `model` for its model, beside which models/mine/config.json lies.
Scenario load_with(const std::string& model, const std::string& config = kLlama) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["catalogue/gpus.yaml"] = {true, testing::kGpus, ""};
    files.files["catalogue/models.yaml"] = {true, testing::kModels, ""};
    files.files["dir/models/mine/config.json"] = {true, config, ""};
    files.files["/home/someone/dir/models/mine/config.json"] = {true, config, ""};
    files.files["dir/fleet.yaml"] = {true, testing::scenario_with(5, "      model: " + model), ""};
    const Scenario first = load_scenario({"dir/fleet.yaml", {}, "catalogue"}, Registries{}, files);
    files.files["dir/resolved.yaml"] = {true, first.resolved_text, ""};
    Scenario again = load_scenario({"dir/resolved.yaml", {}, "catalogue"}, Registries{}, files);
    EXPECT_EQ(again.resolved_text, first.resolved_text);
    return again;
}

TEST(HuggingFace, AScenarioNamesTheFile) {
    const Scenario scenario = load_with("models/mine/config.json");
    EXPECT_EQ(scenario.pools[0].model.name, "mine");
    EXPECT_EQ(scenario.pools[0].model.vocabulary, 128256);
    EXPECT_NE(scenario.resolved_text.find("        name: mine\n"
                                          "        file: /home/someone/dir/models/mine/config.json\n"),
              std::string::npos);
    EXPECT_EQ(load_with("{name: finetuned, file: models/mine/config.json}").pools[0].model.name, "finetuned");
}

TEST(HuggingFace, AScenarioTellsTheFileThatIsWrong) {
    EXPECT_EQ(testing::problems_of_text(testing::scenario_with(5, "      model: none/config.json")),
              Lines{"fleet.yaml:5:14: fleet.pools[0].model: cannot read \"none/config.json\": no such file"});
    try {
        static_cast<void>(load_with("models/mine/config.json", "{\"model_type\": \"kimi_k2\"}"));
        FAIL() << "a model that is not modelled was loaded";
    } catch (const InputError& error) {
        ASSERT_EQ(error.problems().size(), 1U);
        EXPECT_TRUE(error.problems()[0].starts_with(
            "dir/models/mine/config.json:1:16: model_type: kimi_k2 has multi-head latent attention (MLA)"));
    }
}

}  // namespace
}  // namespace regatta::scenario
