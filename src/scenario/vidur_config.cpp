#include "scenario/vidur_config.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "workload/json_depth.hpp"

namespace regatta::scenario {
namespace {

using nlohmann::json;

/// Fields and defaults of every configuration class, by the prefix of its flags.
const json& classes() {
    static const json kClasses = json::parse(R"({
"": {"seed": 42, "log_level": "info", "time_limit": 0}, "cluster_config": {"num_replicas": 1},
"replica_config": {"model_name": "meta-llama/Llama-2-7b-hf", "memory_margin_fraction": 0.1, "num_pipeline_stages": 1,
  "tensor_parallel_size": 1, "device": "a100", "network_device": "a100_pairwise_nvlink"},
"random_global_scheduler_config": {}, "round_robin_global_scheduler_config": {}, "lor_global_scheduler_config": {},
"vllm_scheduler_config": {"batch_size_cap": 128, "block_size": 16, "watermark_blocks_fraction": 0.01,
  "num_blocks": null, "max_tokens_in_batch": 4096},
"lightllm_scheduler_config": {"batch_size_cap": 128, "block_size": 16, "watermark_blocks_fraction": 0.01,
  "num_blocks": null, "max_tokens_in_batch": 4096, "max_waiting_iters": 10},
"sarathi_scheduler_config": {"batch_size_cap": 128, "block_size": 16, "watermark_blocks_fraction": 0.01,
  "num_blocks": null, "chunk_size": 512},
"orca_scheduler_config": {"batch_size_cap": 128, "block_size": 16, "watermark_blocks_fraction": 0.01,
  "num_blocks": null},
"faster_transformer_scheduler_config": {"batch_size_cap": 128, "block_size": 16, "watermark_blocks_fraction": 0.01,
  "num_blocks": null},
"synthetic_request_generator_config": {"seed": 42, "num_requests": 128, "duration": null},
"trace_request_generator_config": {"seed": 42, "trace_file": "data/processed_traces/splitwise_conv.csv",
  "prefill_scale_factor": 1.0, "decode_scale_factor": 1.0, "time_scale_factor": 1.0, "max_tokens": 4096},
"fixed_request_length_generator_config": {"seed": 42, "max_tokens": 4096, "prefill_tokens": 2048,
  "decode_tokens": 512},
"uniform_request_length_generator_config": {"seed": 42, "max_tokens": 4096, "min_tokens": 1024,
  "prefill_to_decode_ratio": 20.0},
"zipf_request_length_generator_config": {"seed": 42, "max_tokens": 4096, "theta": 0.6, "scramble": false,
  "min_tokens": 1024, "prefill_to_decode_ratio": 20.0},
"trace_request_length_generator_config": {"seed": 42, "max_tokens": 4096, "trace_file":
  "data/processed_traces/sharegpt_8k_filtered_stats_llama2_tokenizer.csv", "prefill_scale_factor": 1,
  "decode_scale_factor": 1},
"poisson_request_interval_generator_config": {"seed": 42, "qps": 0.5},
"gamma_request_interval_generator_config": {"seed": 42, "qps": 0.2, "cv": 0.5},
"static_request_interval_generator_config": {"seed": 42},
"trace_request_interval_generator_config": {"seed": 42, "trace_file":
  "data/processed_traces/AzureFunctionsInvocationTraceForTwoWeeksJan2021Processed.csv",
  "start_time": "1970-01-04 12:00:00", "end_time": "1970-01-04 15:00:00", "time_scale_factor": 1.0},
"random_forrest_execution_time_predictor_config": {"num_estimators": [250, 500, 750], "max_depth": [8, 16, 32],
  "min_samples_split": [2, 5, 10]},
"linear_regression_execution_time_predictor_config": {"polynomial_degree": [1, 2, 3, 4, 5],
  "polynomial_include_bias": [true, false], "polynomial_interaction_only": [true, false],
  "fit_intercept": [true, false]},
"metrics_config": {"write_metrics": true, "write_json_trace": false, "wandb_project": null, "wandb_group": null,
  "wandb_run_name": null, "wandb_sweep_id": null, "wandb_run_id": null, "enable_chrome_trace": true,
  "save_table_to_wandb": false, "store_plots": true, "store_operation_metrics": false,
  "store_token_completion_metrics": false, "store_request_metrics": true, "store_batch_metrics": true,
  "store_utilization_metrics": true, "keep_individual_batch_metrics": false, "subsamples": null,
  "min_batch_index": null, "max_batch_index": null, "output_dir": "simulator_output", "cache_dir": "cache"}
})");
    return kClasses;
}

/// What both predictors have in common.
const json& predictor_fields() {
    static const json kFields = json::parse(R"({
"compute_input_file": "./data/profiling/compute/{DEVICE}/{MODEL}/mlp.csv",
"attention_input_file": "./data/profiling/compute/{DEVICE}/{MODEL}/attention.csv",
"all_reduce_input_file": "./data/profiling/network/{NETWORK_DEVICE}/all_reduce.csv",
"send_recv_input_file": "./data/profiling/network/{NETWORK_DEVICE}/send_recv.csv",
"cpu_overhead_input_file": "./data/profiling/cpu_overhead/{NETWORK_DEVICE}/{MODEL}/cpu_overheads.csv",
"k_fold_cv_splits": 10, "no_cache": false, "kv_cache_prediction_granularity": 64,
"prediction_max_prefill_chunk_size": 4096, "prediction_max_batch_size": 128,
"prediction_max_tokens_per_request": 4096, "attention_decode_batching_overhead_fraction": 0.1,
"attention_prefill_batching_overhead_fraction": 0.1, "nccl_cpu_launch_overhead_ms": 0.02,
"nccl_cpu_skew_overhead_per_device_ms": 0.0, "num_training_job_threads": -1, "skip_cpu_overhead_modeling": true})");
    return kFields;
}

/// A place where one of several classes is chosen: by `<flag>` on the command line, by `name` in config.json.
struct Choice {
    const char* flag;
    const char* otherwise;
    std::map<std::string, const char*> class_of;  ///< by name
};
const std::map<std::string, Choice>& choices() {
    static const std::map<std::string, Choice> kChoices = {
        {"global_scheduler_config",
         {"global_scheduler_config_type",
          "round_robin",
          {{"random", "random_global_scheduler_config"},
           {"round_robin", "round_robin_global_scheduler_config"},
           {"lor", "lor_global_scheduler_config"}}}},
        {"replica_scheduler_config",
         {"replica_scheduler_config_type",
          "sarathi",
          {{"vllm", "vllm_scheduler_config"},
           {"sarathi", "sarathi_scheduler_config"},
           {"orca", "orca_scheduler_config"},
           {"lightllm", "lightllm_scheduler_config"},
           {"faster_transformer", "faster_transformer_scheduler_config"}}}},
        {"request_generator_config",
         {"request_generator_config_type",
          "synthetic",
          {{"synthetic", "synthetic_request_generator_config"}, {"trace_replay", "trace_request_generator_config"}}}},
        {"length_generator_config",
         {"length_generator_config_type",
          "fixed",
          {{"fixed", "fixed_request_length_generator_config"},
           {"uniform", "uniform_request_length_generator_config"},
           {"zipf", "zipf_request_length_generator_config"},
           {"trace", "trace_request_length_generator_config"}}}},
        {"interval_generator_config",
         {"interval_generator_config_type",
          "poisson",
          {{"poisson", "poisson_request_interval_generator_config"},
           {"gamma", "gamma_request_interval_generator_config"},
           {"static", "static_request_interval_generator_config"},
           {"trace", "trace_request_interval_generator_config"}}}},
        {"execution_time_predictor_config",
         {"execution_time_predictor_config_type",
          "random_forrest",
          {{"random_forrest", "random_forrest_execution_time_predictor_config"},
           {"linear_regression", "linear_regression_execution_time_predictor_config"}}}}};
    return kChoices;
}

json fields_of(const std::string& class_name) {
    json fields = classes().at(class_name);
    if (class_name.ends_with("_predictor_config")) fields.update(predictor_fields());
    return fields;
}

std::vector<std::string> keys_of(const json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items())
        keys.push_back(key);
    return keys;
}

/// The nested form out of one that may lack fields; what Vidur adds for the reader alone is dropped.
class Completer {
public:
    explicit Completer(std::string source) : source_(std::move(source)) {}

    json complete(const json& given) {
        json config = section(
            "", given, fields_of(""),
            {"cluster_config", "request_generator_config", "execution_time_predictor_config", "metrics_config"});
        const json cluster = part(given, "cluster_config", "");
        json& own = config["cluster_config"] =
            section("cluster_config", cluster, fields_of("cluster_config"),
                    {"replica_config", "global_scheduler_config", "replica_scheduler_config"});
        own["replica_config"] =
            section("cluster_config.replica_config", part(cluster, "replica_config", "cluster_config."),
                    fields_of("replica_config"), {"world_size", "model_config", "device_config", "node_config"});
        own["global_scheduler_config"] = choose("cluster_config.", "global_scheduler_config", cluster, {});
        own["replica_scheduler_config"] =
            choose("cluster_config.", "replica_scheduler_config", cluster, {"num_blocks_resolved"});
        json& generator = config["request_generator_config"] =
            choose("", "request_generator_config", given,
                   {"length_generator_config", "interval_generator_config", "max_tokens"});
        if (generator["name"] == "synthetic") {
            const json synthetic = part(given, "request_generator_config", "");
            for (const char* key : {"length_generator_config", "interval_generator_config"})
                generator[key] = choose("request_generator_config.", key, synthetic, {});
        }
        config["execution_time_predictor_config"] = choose("", "execution_time_predictor_config", given, {});
        config["metrics_config"] =
            section("metrics_config", part(given, "metrics_config", ""), fields_of("metrics_config"), {});
        if (!problems_.empty()) throw InputError(problems_);
        return config;
    }

private:
    json part(const json& parent, const std::string& key, const std::string& above) {
        if (!parent.contains(key)) return json::object();
        if (parent.at(key).is_object()) return parent.at(key);
        problems_.push_back(fmt::format("{}: {}{}: expected an object", source_, above, key));
        return json::object();
    }

    json choose(const std::string& above, const std::string& key, const json& parent,
                const std::vector<std::string>& beside) {
        const Choice& choice = choices().at(key);
        const json given = part(parent, key, above);
        std::string name = choice.otherwise;
        if (given.contains("name") && given["name"].is_string()) name = given["name"];
        const auto found = choice.class_of.find(name);
        if (found == choice.class_of.end()) {
            std::vector<std::string> names;
            for (const auto& [one, class_name] : choice.class_of)
                names.push_back(one);
            problems_.push_back(fmt::format("{}: {}{}.name: expected one of: {}, found \"{}\"{}", source_, above, key,
                                            join(names), name, did_you_mean(name, names)));
            return {{"name", choice.otherwise}};
        }
        std::vector<std::string> allowed = beside;
        allowed.emplace_back("name");
        json result = section(above + key, given, fields_of(found->second), allowed);
        result["name"] = name;
        return result;
    }

    json section(const std::string& path, const json& given, json fields, const std::vector<std::string>& beside) {
        std::vector<std::string> known = keys_of(fields);
        known.insert(known.end(), beside.begin(), beside.end());
        for (const auto& [key, value] : given.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end())
                problems_.push_back(fmt::format("{}: {}{}{}: Vidur has no such key{}", source_, path,
                                                path.empty() ? "" : ".", key, did_you_mean(key, known)));
            if (fields.contains(key)) fields[key] = value;
        }
        return fields;
    }

    std::string source_;
    std::vector<std::string> problems_;
};

/// The words of a command line, quotes taken off.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    bool is_in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            is_in_word = true;
        } else if (c == '\\' && i + 1 < text.size()) {
            // At the end of a line it joins the next one.
            if (text[++i] != '\n') word += text[i];
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (is_in_word || !word.empty()) words.push_back(std::exchange(word, {}));
            is_in_word = false;
        } else {
            word += c;
        }
    }
    if (is_in_word || !word.empty()) words.push_back(word);
    return words;
}

/// Command-line flags into the nested form.
class Flags {
public:
    Flags(const std::string& text, std::string source) : source_(std::move(source)) {
        for (const auto& [class_name, fields] : classes().items()) {
            const json all = fields_of(class_name);
            for (const auto& [field, value] : all.items()) {
                const std::string flag = class_name.empty() ? field : fmt::format("{}_{}", class_name, field);
                known_[flag] = {class_name, field};
                if (value.is_boolean()) known_["no-" + flag] = {class_name, field};
            }
        }
        for (const auto& [key, choice] : choices())
            known_[choice.flag] = {choice.flag, ""};
        read(words_of(text));
    }

    json nested() const {
        json config = at("");
        json& cluster = config["cluster_config"] = at("cluster_config");
        cluster["replica_config"] = at("replica_config");
        cluster["global_scheduler_config"] = chosen("global_scheduler_config");
        cluster["replica_scheduler_config"] = chosen("replica_scheduler_config");
        json& generator = config["request_generator_config"] = chosen("request_generator_config");
        if (generator["name"] == "synthetic")
            for (const char* key : {"length_generator_config", "interval_generator_config"})
                generator[key] = chosen(key);
        config["execution_time_predictor_config"] = chosen("execution_time_predictor_config");
        config["metrics_config"] = at("metrics_config");
        return config;
    }

private:
    struct Target {
        std::string class_name;
        std::string field;
    };

    void read(const std::vector<std::string>& words) {
        std::vector<std::string> flags;
        for (const auto& [flag, target] : known_)
            flags.push_back("--" + flag);
        std::vector<std::string> problems;
        std::size_t i = 0;
        // What stands before the first flag starts Vidur.
        while (i < words.size() && !words[i].starts_with("--"))
            ++i;
        while (i < words.size()) {
            std::string flag = words[i++].substr(2);
            std::vector<std::string> values;
            if (const std::size_t equals = flag.find('='); equals != std::string::npos) {
                values.push_back(flag.substr(equals + 1));
                flag.resize(equals);
            }
            while (i < words.size() && !words[i].starts_with("--"))
                values.push_back(words[i++]);
            const auto found = known_.find(flag);
            if (found == known_.end())
                problems.push_back(
                    fmt::format("{}: --{}: Vidur has no such flag{}", source_, flag, did_you_mean("--" + flag, flags)));
            else if (const std::string problem = set(flag, found->second, values); !problem.empty())
                problems.push_back(fmt::format("{}: --{}: {}", source_, flag, problem));
        }
        if (!problems.empty()) throw InputError(problems);
    }

    std::string set(const std::string& flag, const Target& target, const std::vector<std::string>& values) {
        if (target.field.empty()) {
            if (values.size() != 1) return "expected one name";
            given_[target.class_name] = values.front();
            return {};
        }
        const json otherwise = fields_of(target.class_name).at(target.field);
        json& value = given_[target.class_name][target.field];
        if (otherwise.is_boolean()) {
            if (!values.empty()) return "takes no value";
            value = !flag.starts_with("no-");
            return {};
        }
        if (otherwise.is_array()) {
            for (const std::string& one : values)
                value.push_back(typed(one, otherwise.front()));
            return values.empty() ? "expected values" : "";
        }
        if (values.size() != 1) return fmt::format("expected one value, found {}", values.size());
        value = typed(values.front(), otherwise);
        return {};
    }

    /// Numbers as numbers, where the field holds some or may be anything.
    static json typed(const std::string& text, const json& like) {
        if (like.is_string()) return text;
        if (like.is_boolean()) return text == "True" || text == "true";
        const json value = json::parse(text, nullptr, false);
        return value.is_number() ? value : json(text);
    }

    json at(const std::string& class_name) const {
        return given_.contains(class_name) ? given_.at(class_name) : json::object();
    }

    json chosen(const std::string& key) const {
        const Choice& choice = choices().at(key);
        const std::string name =
            given_.contains(choice.flag) ? given_.at(choice.flag).get<std::string>() : choice.otherwise;
        const auto found = choice.class_of.find(name);
        json result = found == choice.class_of.end() ? json::object() : at(found->second);
        result["name"] = name;
        return result;
    }

    std::string source_;
    std::map<std::string, Target> known_;
    json given_ = json::object();
};

std::string text_of(const json& config, const std::string& source) {
    try {
        return config.dump();
    } catch (const json::type_error&) {
        throw InputError(fmt::format("{}: expected text in UTF-8", source));
    }
}

}  // namespace

std::string vidur_config(const std::string& text, const std::string& source) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos)
        throw InputError(fmt::format("{}: the file is empty; expected Vidur's config.json or a command line", source));
    if (text[first] != '{') return text_of(Completer(source).complete(Flags(text, source).nested()), source);
    if (const auto at = workload::too_deep_at(text))
        throw InputError(
            fmt::format("{}: byte {}: nested deeper than {} levels", source, *at + 1, workload::kMaxJsonDepth));
    json given;
    try {
        given = json::parse(text);
    } catch (const json::parse_error& error) {
        throw InputError(fmt::format("{}: byte {}: this is no JSON", source, error.byte));
    } catch (const json::out_of_range&) {
        throw InputError(fmt::format("{}: a number is too large to be read", source));
    }
    return text_of(Completer(source).complete(given), source);
}

}  // namespace regatta::scenario
