#include "scenario/hugging_face.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/quantity.hpp"

namespace regatta::scenario {
namespace {

/// Which layers `sliding_window` is for when no `layer_types` say so.
enum class Window {
    None,
    All,
    Alternate,  ///< every other one, the first included
    Pattern,    ///< all but each sixth (or `sliding_window_pattern`)
    FromLayer,  ///< those from `max_window_layers` on, if `use_sliding_window`
    Chunks,     ///< all but each fourth, in chunks of `attention_chunk_size`
};

/// Where the experts of an architecture are described.
enum class Experts {
    None,
    Every,    ///< in every layer; `intermediate_size` is that of an expert (Mixtral, gpt-oss)
    Sparse,   ///< by `decoder_sparse_step` and `mlp_only_layers` (Qwen)
    FirstK,   ///< from `first_k_dense_replace` on (DeepSeekMoE, GLM)
    Interval  ///< each `interleave_moe_layer_step`-th (Llama 4)
};

/// What a `model_type` means beyond what its config says, from the reading code of transformers 4.5x.
struct Family {
    std::string_view type;
    bool ties_embeddings = false;  ///< when the config does not say
    bool has_qk_norm = false;
    bool has_qkv_bias = false;  ///< always; else `attention_bias`
    Window window = Window::None;
    Experts experts = Experts::None;
    // What is meant when the config leaves it out; 0: it must be there.
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t vocabulary = 0;
    std::int64_t max_context_tokens = 0;
};

// Gemma 3 writes only what differs from these, the defaults of Gemma3TextConfig.
constexpr Family gemma3(std::string_view type) {
    return {.type = type,
            .ties_embeddings = true,
            .has_qk_norm = true,
            .window = Window::Pattern,
            .heads = 8,
            .kv_heads = 4,
            .head_dim = 256,
            .vocabulary = 262208,
            .max_context_tokens = 131072};
}

constexpr std::array kFamilies = {
    Family{.type = "llama"},
    Family{.type = "mistral", .window = Window::All},
    Family{.type = "mixtral", .window = Window::All, .experts = Experts::Every},
    Family{.type = "qwen2", .has_qkv_bias = true, .window = Window::FromLayer},
    Family{.type = "qwen2_moe", .has_qkv_bias = true, .window = Window::FromLayer, .experts = Experts::Sparse},
    Family{.type = "qwen3", .has_qk_norm = true, .window = Window::FromLayer},
    Family{.type = "qwen3_moe", .has_qk_norm = true, .window = Window::FromLayer, .experts = Experts::Sparse},
    Family{.type = "gemma", .ties_embeddings = true},
    Family{.type = "gemma2", .ties_embeddings = true, .window = Window::Alternate},
    gemma3("gemma3_text"),
    gemma3("gemma3"),
    Family{.type = "phi3", .window = Window::All},
    Family{.type = "gpt_oss", .has_qkv_bias = true, .window = Window::Alternate, .experts = Experts::Every},
    Family{.type = "llama4_text", .window = Window::Chunks, .experts = Experts::Interval},
    Family{.type = "llama4", .window = Window::Chunks, .experts = Experts::Interval},
    Family{.type = "minimax_m2", .has_qk_norm = true, .experts = Experts::Every},
    Family{.type = "deepseek", .experts = Experts::FirstK},
    Family{.type = "glm4_moe", .experts = Experts::FirstK},
    Family{.type = "granite"},
    Family{.type = "olmo2", .has_qk_norm = true},
    Family{.type = "cohere", .ties_embeddings = true},
};

/// Architectures that people ask for and that are something else.
struct Unmodelled {
    std::string_view type;
    std::string_view why;
};
constexpr std::string_view kLatent =
    "has multi-head latent attention (MLA), which is not modelled yet: its cache holds one compressed vector per "
    "token, "
    "and its products go around the heads";
constexpr std::string_view kState =
    "has layers with a state in place of a KV cache (Mamba, linear attention), which are not modelled yet";
constexpr std::array kUnmodelled = {Unmodelled{"deepseek_v2", kLatent},  Unmodelled{"deepseek_v3", kLatent},
                                    Unmodelled{"deepseek_v32", kLatent}, Unmodelled{"kimi_k2", kLatent},
                                    Unmodelled{"minicpm3", kLatent},     Unmodelled{"longcat_flash", kLatent},
                                    Unmodelled{"mamba", kState},         Unmodelled{"mamba2", kState},
                                    Unmodelled{"falcon_mamba", kState},  Unmodelled{"jamba", kState},
                                    Unmodelled{"bamba", kState},         Unmodelled{"nemotron_h", kState},
                                    Unmodelled{"qwen3_next", kState},    Unmodelled{"granitemoehybrid", kState},
                                    Unmodelled{"rwkv", kState},          Unmodelled{"recurrent_gemma", kState}};

class ConfigReader {
public:
    ConfigReader(const Node& document, const std::string& path, Problems& problems)
        : document_(document), path_(path), problems_(problems) {}

    llm::Model read(const std::string& name) {
        llm::Model model;
        model.name = name;
        model.source = path_;
        const std::size_t before = problems_.size();
        const Family* family = find_family();
        if (family == nullptr) return model;
        read_sizes(*family, model);
        if (problems_.size() == before) read_experts(*family, model);
        if (problems_.size() == before) read_window(*family, model);
        if (problems_.size() == before)
            for (const std::string& problem : problems_of(model))
                problems_.add(document_.place, "", problem);
        return model;
    }

private:
    /// Null when the key is missing or null. Models that also see images keep what we want under `text_config`.
    [[nodiscard]] const Node* find(const std::string& key) const {
        const Node* text = document_.find("text_config");
        const Node* item = text == nullptr ? nullptr : text->find(key);
        if (item == nullptr) item = document_.find(key);
        const bool is_null = item != nullptr && (item->kind == Node::Kind::Null ||
                                                 (item->kind == Node::Kind::Scalar && item->text == "null"));
        return is_null ? nullptr : item;
    }

    std::optional<std::int64_t> count(const std::string& key, std::int64_t least = 1) {
        const Node* item = find(key);
        if (item == nullptr) return std::nullopt;
        const auto value = item->kind == Node::Kind::Scalar && !item->is_quoted
                               ? read_whole_number(item->text)
                               : Read<std::int64_t>(tl::make_unexpected(""));
        // As in the catalogue: products of three stay inside 64 bits.
        if (value && *value >= least && *value <= 1'000'000'000) return *value;
        problems_.add(item->place, key,
                      fmt::format("expected a whole number from {} to 1000000000, found {}", least, item->as_found()));
        return std::nullopt;
    }

    std::int64_t required(const std::string& key, std::int64_t otherwise = 0) {
        if (find(key) == nullptr && otherwise > 0) return otherwise;
        if (find(key) == nullptr) {
            problems_.add(document_.place, key, "missing; expected a whole number of at least 1");
            return 0;
        }
        return count(key).value_or(0);
    }

    bool flag(const std::string& key, bool otherwise) {
        const Node* item = find(key);
        if (item == nullptr) return otherwise;
        const bool is_true = item->text == "true";
        if (item->kind == Node::Kind::Scalar && !item->is_quoted && (is_true || item->text == "false")) return is_true;
        problems_.add(item->place, key, "expected true or false, found " + item->as_found());
        return otherwise;
    }

    const Family* find_family() {
        const Node* type = document_.find("model_type");
        if (type == nullptr || type->kind != Node::Kind::Scalar) {
            problems_.add(type == nullptr ? document_.place : type->place, "model_type",
                          "missing; expected the config.json of a model on Hugging Face");
            return nullptr;
        }
        for (const Unmodelled& other : kUnmodelled)
            if (other.type == type->text) return refuse(*type, other.why);
        if (find("kv_lora_rank") != nullptr) return refuse(*type, kLatent);
        if (flag("is_encoder_decoder", false))
            return refuse(*type, "has an encoder and a decoder; only decoders are modelled");
        for (const Family& family : kFamilies)
            if (family.type == type->text) return &family;
        const std::vector<std::string> known = hugging_face_types();
        problems_.add(type->place, "model_type",
                      fmt::format("\"{}\" is no architecture that can be read; allowed: {}{}", type->text, join(known),
                                  did_you_mean(type->text, known)));
        return nullptr;
    }

    const Family* refuse(const Node& type, std::string_view why) {
        problems_.add(type.place, "model_type", fmt::format("{} {}", type.text, why));
        return nullptr;
    }

    void read_sizes(const Family& family, llm::Model& model) {
        model.layers = required("num_hidden_layers");
        model.hidden = required("hidden_size");
        model.heads = required("num_attention_heads", family.heads);
        model.kv_heads = count("num_key_value_heads").value_or(family.kv_heads > 0 ? family.kv_heads : model.heads);
        const std::int64_t usual_head_dim = model.heads > 0 ? model.hidden / model.heads : 0;
        model.head_dim = count("head_dim").value_or(family.head_dim > 0 ? family.head_dim : usual_head_dim);
        model.vocabulary = required("vocab_size", family.vocabulary);
        model.max_context_tokens = required("max_position_embeddings", family.max_context_tokens);
        model.ties_embeddings = flag("tie_word_embeddings", family.ties_embeddings);
        model.has_qk_norm = family.has_qk_norm || flag("use_qk_norm", false);
        model.has_qkv_bias = family.has_qkv_bias || flag("attention_bias", false);
        if (family.experts == Experts::None) model.intermediate = required("intermediate_size");
    }

    std::int64_t first_of(const std::vector<std::string>& keys) {
        for (const std::string& key : keys)
            if (find(key) != nullptr) return count(key).value_or(0);
        return required(keys.front());
    }

    void read_experts(const Family& family, llm::Model& model) {
        if (family.experts == Experts::None) return;
        model.experts = first_of({"num_local_experts", "num_experts", "n_routed_experts"});
        model.experts_per_token = first_of({"num_experts_per_tok", "experts_per_token"});
        std::int64_t dense_layers = 0;
        switch (family.experts) {
            case Experts::None:
                break;
            case Experts::Every:
                model.expert_intermediate = required("intermediate_size");
                break;
            case Experts::Sparse:
                model.expert_intermediate = required("moe_intermediate_size");
                model.shared_intermediate = count("shared_expert_intermediate_size", 0).value_or(0);
                dense_layers = dense_layers_by_step(model.layers);
                break;
            case Experts::FirstK:
                model.expert_intermediate = required("moe_intermediate_size");
                model.shared_intermediate = count("n_shared_experts", 0).value_or(0) * model.expert_intermediate;
                dense_layers = std::min(count("first_k_dense_replace", 0).value_or(0), model.layers);
                break;
            case Experts::Interval: {
                model.expert_intermediate = required("intermediate_size");
                model.shared_intermediate = model.expert_intermediate;
                dense_layers = model.layers - model.layers / count("interleave_moe_layer_step").value_or(1);
                break;
            }
        }
        model.dense_layers = dense_layers;
        if (dense_layers > 0)
            model.intermediate =
                required(family.experts == Experts::Interval ? "intermediate_size_mlp" : "intermediate_size");
    }

    std::int64_t dense_layers_by_step(std::int64_t layers) {
        const std::int64_t step = count("decoder_sparse_step").value_or(1);
        std::int64_t dense = layers - layers / step;
        const Node* only = find("mlp_only_layers");
        if (only == nullptr) return dense;
        for (const Node& item : only->items) {
            const auto layer = read_whole_number(item.text);
            // One that the step leaves dense anyway is not counted twice.
            if (layer && *layer >= 0 && *layer < layers && (*layer + 1) % step == 0) ++dense;
        }
        return dense;
    }

    void read_window(const Family& family, llm::Model& model) {
        const bool is_chunked = family.window == Window::Chunks;
        const auto window = count(is_chunked ? "attention_chunk_size" : "sliding_window");
        const bool is_on = family.window != Window::FromLayer || flag("use_sliding_window", false);
        if (!window || !is_on || family.window == Window::None || *window >= model.max_context_tokens) return;
        model.window_layers = window_layers(family, model.layers);
        if (model.window_layers > 0) model.window_tokens = *window;
    }

    std::int64_t window_layers(const Family& family, std::int64_t layers) {
        if (const Node* types = find("layer_types"); types != nullptr && types->kind == Node::Kind::List)
            return std::count_if(types->items.begin(), types->items.end(), [](const Node& item) {
                return item.text == "sliding_attention" || item.text == "chunked_attention";
            });
        switch (family.window) {
            case Window::None:
                return 0;
            case Window::All:
                return layers;
            case Window::Alternate:
                return (layers + 1) / 2;
            case Window::Pattern:
                return layers - layers / count("sliding_window_pattern").value_or(6);
            case Window::FromLayer:
                return std::max<std::int64_t>(layers - count("max_window_layers", 0).value_or(layers), 0);
            case Window::Chunks:
                return layers - layers / 4;
        }
        return 0;
    }

    const Node& document_;
    const std::string& path_;
    Problems& problems_;
};

}  // namespace

bool is_hugging_face_config(const Node& document) {
    return document.find("model_type") != nullptr || document.find("architectures") != nullptr;
}

std::string hugging_face_name(const std::string& path) {
    const std::filesystem::path file(path);
    const std::string directory = file.parent_path().filename().string();
    return file.filename() == "config.json" && !directory.empty() ? directory : file.stem().string();
}

llm::Model read_hugging_face(const Node& document, const std::string& name, const std::string& path,
                             Problems& problems) {
    return ConfigReader(document, path, problems).read(name);
}

std::vector<std::string> hugging_face_types() {
    std::vector<std::string> types;
    for (const Family& family : kFamilies)
        types.emplace_back(family.type);
    return types;
}

}  // namespace regatta::scenario
