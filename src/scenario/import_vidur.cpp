#include "scenario/import_vidur.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/vidur_config.hpp"
#include "scenario/vidur_values.hpp"

namespace regatta::scenario {
namespace {

using nlohmann::json;
using Names = std::vector<std::pair<std::string_view, std::string_view>>;

// Vidur's names and those of our catalogue.
const Names kModels = {{"meta-llama/Llama-2-7b-hf", "llama-2-7b"},
                       {"meta-llama/Llama-2-70b-hf", "llama-2-70b"},
                       {"codellama/CodeLlama-34b-Instruct-hf", "codellama-34b"},
                       {"meta-llama/Meta-Llama-3-8B", "llama-3-8b"},
                       {"meta-llama/Meta-Llama-3-70B", "llama-3-70b"},
                       {"internlm/internlm-20b", "internlm-20b"},
                       {"internlm/internlm2-20b", "internlm2-20b"},
                       {"microsoft/phi-2", "phi-2"},
                       {"Qwen/Qwen-72B", "qwen-72b"}};
const Names kDevices = {{"a40", "a40"}, {"a100", "a100-sxm-80gb"}, {"h100", "h100-sxm"}};

// Vidur plans with 80 GiB of an H100; the catalogue has the 79.6 GiB that there are.
constexpr double kH100Surplus = 80.0 / 79.6;

struct NodeKind {
    std::string_view name;
    std::int64_t devices;
};
constexpr std::array<NodeKind, 5> kNodes = {{{"a40_pairwise_nvlink", 8},
                                             {"a100_pairwise_nvlink", 4},
                                             {"h100_pairwise_nvlink", 4},
                                             {"a100_dgx", 8},
                                             {"h100_dgx", 8}}};

constexpr const char* kSchedulerPath = "cluster_config.replica_scheduler_config";
constexpr const char* kGeneratorPath = "request_generator_config";
constexpr const char* kPredictorPath = "execution_time_predictor_config";

/// What is put in is not looked at again.
void replace_all(std::string& text, std::string_view mark, const std::string& by) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size()))
        text.replace(at, mark.size(), by);
}

class Translation {
public:
    Translation(const json& config, const VidurImport& how)
        : config_(config),
          how_(how),
          cluster_(config.at("cluster_config")),
          replica_(cluster_.at("replica_config")),
          scheduler_(cluster_.at("replica_scheduler_config")),
          generator_(config.at("request_generator_config")),
          predictor_(config.at("execution_time_predictor_config")),
          values_(how.source) {}

    std::string text() {
        std::string body = times() + fleet() + gateways() + "network: {gateway_to_node: 0s}\n" + workload();
        values_.throw_if_any();
        return fmt::format(
                   "# What {} asks of Vidur, by `regatta import vidur`.\n"
                   "# Left out, for it changes no schedule: metrics_config (what Vidur writes), log_level, no_cache,\n"
                   "# num_training_job_threads, and all seeds but the generator's, whose numbers are others here.\n",
                   how_.source) +
               notes_ + "name: vidur\ncompat: vidur\n" + body;
    }

private:
    void note(const std::string& what) { notes_ += "# " + what + "\n"; }

    std::string translated(const Names& names, const char* path, const char* key) {
        const auto name = values_.get<std::string>(replica_, path, key);
        std::vector<std::string> known;
        for (const auto& [theirs, ours] : names) {
            if (theirs == name) return std::string(ours);
            known.emplace_back(theirs);
        }
        values_.wrong(fmt::format("{}.{}", path, key),
                      fmt::format("expected one of: {}, found \"{}\"{}", join(known), name, did_you_mean(name, known)));
        return {};
    }

    std::string file(const std::string& path) const { return quote_if_needed(how_.locate ? how_.locate(path) : path); }

    std::string times() {
        std::string text = fmt::format("seed: {}\n", values_.number(generator_, kGeneratorPath, "seed"));
        const double limit_s = values_.get<double>(config_, "", "time_limit");
        const bool has_duration = generator_.contains("duration") && !generator_["duration"].is_null();
        if (how_.workload.empty() && has_duration) {
            const double duration_s = values_.positive(generator_, kGeneratorPath, "duration");
            if (limit_s > duration_s)
                values_.wrong("time_limit",
                              fmt::format("{} s after arrivals end at {} s cannot be said; expected 0, or no duration",
                                          limit_s, duration_s));
            text += fmt::format("duration: {}s\n", limit_s > 0 ? limit_s : duration_s);
        } else if (limit_s > 0) {
            text += fmt::format("duration: {}s\n", limit_s);
        }
        return text + (limit_s > 0 ? "end: at_duration\n" : "end: drain\n");
    }

    std::string fleet() {
        constexpr const char* kPath = "cluster_config.replica_config";
        const std::string model = translated(kModels, kPath, "model_name");
        const std::string gpu = translated(kDevices, kPath, "device");
        const std::int64_t tp = values_.count(replica_, kPath, "tensor_parallel_size");
        const std::int64_t pp = values_.count(replica_, kPath, "num_pipeline_stages");
        const double margin = values_.get<double>(replica_, kPath, "memory_margin_fraction");
        const double fraction = (1 - margin) * (gpu == "h100-sxm" ? kH100Surplus : 1);
        if (fraction > 1)
            values_.wrong(
                fmt::format("{}.memory_margin_fraction", kPath),
                fmt::format("{} leaves more than the {} GiB that an H100 has; expected at least 0.005", margin, 79.6));
        std::string text = "fleet:\n  pools:\n    - name: vidur\n";
        text += fmt::format("      model: {}  # {}\n", model, values_.get<std::string>(replica_, kPath, "model_name"));
        text += nodes(gpu, tp * pp);
        text += fmt::format("      parallel: {{tp: {}, pp: {}}}\n", tp, pp);
        text += fmt::format("      scheduler: {}\n", scheduler());
        text += fmt::format("      timing: {}\n", timing());
        text += fmt::format("      block_tokens: {}\n", values_.number(scheduler_, kSchedulerPath, "block_size"));
        text += fmt::format("      memory_fraction: {:.17g}  # what Vidur's margin of {} leaves\n",
                            std::min(fraction, 1.0), margin);
        if (!scheduler_.at("num_blocks").is_null())
            text += fmt::format("      kv_blocks: {}\n", values_.count(scheduler_, kSchedulerPath, "num_blocks"));
        return text +
               fmt::format("      max_context_tokens: {}  # the generator's max_tokens, by which Vidur plans memory\n",
                           max_tokens());
    }

    /// As many nodes of equally many GPUs as make the replicas; how many share one does not matter to Vidur.
    std::string nodes(const std::string& gpu, std::int64_t gpus_per_replica) {
        const auto name = values_.get<std::string>(replica_, "cluster_config.replica_config", "network_device");
        std::vector<std::string> known;
        std::int64_t devices = 0;
        for (const NodeKind& kind : kNodes) {
            known.emplace_back(kind.name);
            if (kind.name == name) devices = kind.devices;
        }
        const std::int64_t replicas = values_.count(cluster_, "cluster_config", "num_replicas");
        if (devices == 0) {
            values_.wrong(
                "cluster_config.replica_config.network_device",
                fmt::format("expected one of: {}, found \"{}\"{}", join(known), name, did_you_mean(name, known)));
            return {};
        }
        std::int64_t gpus = devices;
        std::int64_t count_of_nodes = 1;
        if (gpus_per_replica > static_cast<std::int64_t>(VidurValues::kMost)) {
            values_.wrong(
                "cluster_config.replica_config.num_pipeline_stages",
                fmt::format("expected a replica of at most {} GPUs, found {}", VidurValues::kMost, gpus_per_replica));
        } else if (gpus_per_replica > devices) {
            if (gpus_per_replica % devices != 0)
                values_.wrong(
                    "cluster_config.replica_config.num_pipeline_stages",
                    fmt::format("a replica of {} GPUs does not fill nodes of {} evenly", gpus_per_replica, devices));
            count_of_nodes = replicas * (gpus_per_replica / devices);
        } else {
            std::int64_t together = devices / gpus_per_replica;
            while (replicas % together != 0)
                --together;
            gpus = together * gpus_per_replica;
            count_of_nodes = replicas / together;
        }
        return fmt::format("      nodes: {}\n      node: {{gpu: {}, gpus: {}}}  # {} replicas on {}, {} GPUs each\n",
                           count_of_nodes, gpu, gpus, replicas, name, devices);
    }

    std::string scheduler() {
        const auto name = scheduler_.at("name").get<std::string>();
        std::string text = fmt::format("{{policy: {}, max_running: {}", name,
                                       values_.count(scheduler_, kSchedulerPath, "batch_size_cap"));
        if (name == "vllm" || name == "sarathi")
            text +=
                fmt::format(", watermark: {}", values_.number(scheduler_, kSchedulerPath, "watermark_blocks_fraction"));
        if (name == "vllm" || name == "lightllm")
            text +=
                fmt::format(", max_batch_tokens: {}", values_.count(scheduler_, kSchedulerPath, "max_tokens_in_batch"));
        if (name == "lightllm")
            text += fmt::format(", max_waiting_iterations: {}",
                                values_.number(scheduler_, kSchedulerPath, "max_waiting_iters"));
        if (name == "sarathi")
            text += fmt::format(", chunk_tokens: {}", values_.count(scheduler_, kSchedulerPath, "chunk_size"));
        return text + "}";
    }

    std::string timing() {
        std::string predictor = how_.predictor;
        const bool is_forest = predictor_.at("name") == "random_forrest";
        if (predictor.empty()) predictor = is_forest ? "forest" : "polynomial";
        if (!how_.tables.empty()) predictor = "table";
        std::string text = fmt::format("{{policy: profile, predictor: {}", predictor);
        if (predictor == "table")
            text += fmt::format(", tables: {}", quote_if_needed(how_.tables));
        else
            text += measurements();
        const auto take = [&](const char* ours, const char* theirs) {
            text += fmt::format(", {}: {}", ours, values_.number(predictor_, kPredictorPath, theirs));
        };
        take("kv_granularity", "kv_cache_prediction_granularity");
        take("decode_batching_overhead", "attention_decode_batching_overhead_fraction");
        take("prefill_batching_overhead", "attention_prefill_batching_overhead_fraction");
        take("nccl_launch_ms", "nccl_cpu_launch_overhead_ms");
        take("nccl_skew_ms", "nccl_cpu_skew_overhead_per_device_ms");
        text += fmt::format(", models_cpu_overhead: {}", models_cpu());
        if (predictor == "table") return text + "}";
        take("max_chunk_tokens", "prediction_max_prefill_chunk_size");
        take("max_batch", "prediction_max_batch_size");
        take("max_tokens", "prediction_max_tokens_per_request");
        if (scheduler_.at("name") == "orca")
            text += fmt::format(", max_step_tokens: {}",
                                values_.count(predictor_, kPredictorPath, "prediction_max_tokens_per_request") *
                                    values_.count(predictor_, kPredictorPath, "prediction_max_batch_size"));
        take("folds", "k_fold_cv_splits");
        if (predictor == "forest" && is_forest)
            text += fmt::format(", estimators: {}, max_depth: {}, min_samples_split: {}",
                                values_.numbers(predictor_, kPredictorPath, "num_estimators"),
                                values_.numbers(predictor_, kPredictorPath, "max_depth"),
                                values_.numbers(predictor_, kPredictorPath, "min_samples_split"));
        if (predictor == "polynomial" && !is_forest) {
            text += fmt::format(", degrees: {}", values_.numbers(predictor_, kPredictorPath, "polynomial_degree"));
            note("Left out: polynomial_include_bias, polynomial_interaction_only, fit_intercept.");
        }
        return text + "}";
    }

    bool models_cpu() { return !values_.get<bool>(predictor_, kPredictorPath, "skip_cpu_overhead_modeling"); }

    std::string measurements() {
        const auto replaced = [&](std::string path) {
            for (const auto& [mark, key] :
                 Names{{"{DEVICE}", "device"}, {"{MODEL}", "model_name"}, {"{NETWORK_DEVICE}", "network_device"}})
                replace_all(path, mark,
                            values_.get<std::string>(replica_, "cluster_config.replica_config", key.data()));
            return file(path);
        };
        std::string text;
        const auto take = [&](const char* ours, const char* theirs) {
            text +=
                fmt::format(", {}: {}", ours, replaced(values_.get<std::string>(predictor_, kPredictorPath, theirs)));
        };
        take("compute", "compute_input_file");
        take("attention", "attention_input_file");
        if (replica_.at("tensor_parallel_size") != 1) take("all_reduce", "all_reduce_input_file");
        if (replica_.at("num_pipeline_stages") != 1) take("send_recv", "send_recv_input_file");
        if (models_cpu()) take("cpu_overhead", "cpu_overhead_input_file");
        return text;
    }

    /// By which Vidur plans memory: of made-up requests the length generator's.
    std::int64_t max_tokens() {
        if (generator_.at("name") == "trace_replay") return values_.count(generator_, kGeneratorPath, "max_tokens");
        return values_.count(generator_.at("length_generator_config"),
                             "request_generator_config.length_generator_config", "max_tokens");
    }

    std::string gateways() {
        const auto router = cluster_.at("global_scheduler_config").at("name").get<std::string>();
        return fmt::format("gateways: {{count: 1, router: {}, reports: instant}}\n",
                           how_.replay.empty() ? router : fmt::format("{{replay: {}}}", quote_if_needed(how_.replay)));
    }

    std::string workload() {
        if (!how_.workload.empty()) return fmt::format("workload: {{trace: {}}}\n", quote_if_needed(how_.workload));
        if (generator_.at("name") == "trace_replay") return replayed();
        std::string text = "workload:\n  streams:\n    - name: vidur\n";
        const bool has_count = generator_.at("duration").is_null() && !generator_.at("num_requests").is_null();
        if (has_count)
            text += fmt::format("      limit: {}\n", values_.count(generator_, kGeneratorPath, "num_requests"));
        return text + arrivals(has_count) + lengths();
    }

    std::string replayed() {
        constexpr const char* kPath = "request_generator_config";
        return fmt::format(
            "workload:\n  trace: {}\n  rate_scale: {:.17g}\n  prompt_scale: {}\n  output_scale: {}\n  max_tokens: {}\n",
            file(values_.get<std::string>(generator_, kPath, "trace_file")),
            1 / values_.positive(generator_, kPath, "time_scale_factor"),
            values_.positive(generator_, kPath, "prefill_scale_factor"),
            values_.positive(generator_, kPath, "decode_scale_factor"), max_tokens());
    }

    std::string arrivals(bool has_count) {
        constexpr const char* kPath = "request_generator_config.interval_generator_config";
        const json& interval = generator_.at("interval_generator_config");
        const auto name = interval.at("name").get<std::string>();
        const bool has_duration = !generator_.at("duration").is_null();
        if (name != "trace" && !has_count && !has_duration)
            values_.wrong("request_generator_config.num_requests",
                          "missing; without it and a duration requests would never end");
        if (name == "static" && !has_count)
            values_.wrong("request_generator_config.duration",
                          "static intervals are none: no time would pass; expected num_requests");
        if (name == "static") return "      arrivals: {process: all_at_once}\n";
        if (name == "trace")
            return fmt::format(
                "      arrival_times: {{file: {}, column: arrival_time, from: {}, to: {}, time_scale: {}, whole: "
                "1s}}\n",
                file(values_.get<std::string>(interval, kPath, "trace_file")),
                quote_if_needed(values_.get<std::string>(interval, kPath, "start_time")),
                quote_if_needed(values_.get<std::string>(interval, kPath, "end_time")),
                values_.positive(interval, kPath, "time_scale_factor"));
        const double qps = values_.positive(interval, kPath, "qps");
        if (name == "gamma")
            return fmt::format("      arrivals: {{process: gamma, cv: {}, rate: {}/s}}\n",
                               values_.positive(interval, kPath, "cv"), qps);
        // Vidur cuts its gaps at three times the mean.
        return fmt::format("      arrivals: {{process: truncated_poisson, longest_gap: 3, rate: {}/s}}\n", qps);
    }

    std::string lengths() {
        constexpr const char* kPath = "request_generator_config.length_generator_config";
        const json& length = generator_.at("length_generator_config");
        const auto name = length.at("name").get<std::string>();
        const auto tokens = [&](const char* key) { return values_.count(length, kPath, key); };
        if (name == "fixed")
            return fmt::format("      lengths: {{prompt: {{fixed: {}}}, output: {{fixed: {}}}}}\n",
                               tokens("prefill_tokens"), tokens("decode_tokens"));
        if (name == "trace")
            return fmt::format(
                "      lengths: {{recorded: {{file: {}, prompt_scale: {}, output_scale: {}, max_tokens: {}}}}}\n",
                file(values_.get<std::string>(length, kPath, "trace_file")),
                values_.positive(length, kPath, "prefill_scale_factor"),
                values_.positive(length, kPath, "decode_scale_factor"), tokens("max_tokens"));
        const double ratio = values_.positive(length, kPath, "prefill_to_decode_ratio");
        const std::int64_t least = tokens("min_tokens");
        const std::int64_t most = tokens("max_tokens");
        if (name == "uniform")
            // Totals are real numbers below max_tokens.
            return fmt::format(
                "      lengths: {{total: {{distribution: uniform, least: {}, most: {}}}, prompt_to_output: {}, "
                "rounding: "
                "up}}\n",
                least, std::max(least, most - 1), ratio);
        if (values_.get<bool>(length, kPath, "scramble"))
            values_.wrong(fmt::format("{}.scramble", kPath),
                          "Python's salted hash differs from run to run; expected false");
        return fmt::format(
            "      lengths: {{total: {{distribution: ycsb_zipf, theta: {}, least: {}, most: {}}}, prompt_to_output: "
            "{}, "
            "rounding: down}}\n",
            values_.number(length, kPath, "theta"), least, most, ratio);
    }

    const json& config_;
    const VidurImport& how_;
    const json& cluster_;
    const json& replica_;
    const json& scheduler_;
    const json& generator_;
    const json& predictor_;
    std::string notes_;
    VidurValues values_;
};

}  // namespace

std::string import_vidur(const std::string& text, const VidurImport& how) {
    const json config = json::parse(vidur_config(text, how.source));
    return Translation(config, how).text();
}

}  // namespace regatta::scenario
