// Prints, as CSV, what the roofline with its defaults says of decode steps: `step_table > steps.csv`. For
// step_times.py, which makes the table of docs/model/roofline.md of it.

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include "regatta/llm/model.hpp"
#include "scenario/load.hpp"
#include "timing/roofline.hpp"

namespace {

using regatta::scenario::Pool;
using regatta::timing::BatchShape;
using regatta::timing::RooflineStepTime;

constexpr double kNever = 1e30;  // a rate at which everything takes no time

struct Layout {
    const char* model;
    int tensor_parallel;
};
constexpr const char* kGpus[] = {"a100-sxm-80gb", "h100-sxm", "h200-sxm"};
constexpr Layout kLayouts[] = {{"llama-3.1-8b", 1}, {"llama-3.1-70b", 4}};
constexpr std::int64_t kBatches[] = {1, 16, 64, 256};
constexpr std::int64_t kContexts[] = {512, 4096, 32768};

/// A pool as a scenario would have it, from the shipped catalogue.
Pool pool_of(const std::string& gpu, const Layout& layout) {
    regatta::scenario::InputFiles files;
    files.files["pool.yaml"] = {true,
                                fmt::format("fleet: {{pools: [{{model: {}, node: {{gpu: {}, gpus: 8}}, parallel: "
                                            "{{tp: {}}}}}]}}\n"
                                            "workload: {{streams: [{{arrivals: {{process: poisson, rate: 1/s}}, "
                                            "lengths: {{prompt: {{fixed: 1}}, output: {{fixed: 1}}}}, limit: 1}}]}}\n",
                                            layout.model, gpu, layout.tensor_parallel),
                                ""};
    const std::string catalogue = regatta::scenario::catalogue_directory("");
    return regatta::scenario::load_scenario({"pool.yaml", {}, catalogue}, {}, files).pools.front();
}

/// The roofline's options as the scenario has them.
RooflineStepTime::Options options_of(const Pool& pool) {
    const regatta::Parameters& parameters = pool.timing.parameters;
    return {.compute_efficiency = parameters.real("compute_efficiency"),
            .quantized_efficiency = parameters.real("quantized_efficiency"),
            .attention_efficiency = parameters.real("attention_efficiency"),
            .memory_efficiency = parameters.real("memory_efficiency"),
            .network_efficiency = parameters.real("network_efficiency"),
            .collective_overhead_s = parameters.duration("collective_overhead").seconds(),
            .layer_overhead_s = parameters.duration("layer_overhead").seconds(),
            .step_overhead_s = parameters.duration("step_overhead").seconds()};
}

double milliseconds(const Pool& pool, const RooflineStepTime::Options& options, const BatchShape& shape) {
    const RooflineStepTime model({.gpu = pool.gpu,
                                  .model = pool.model,
                                  .tensor_parallel = pool.tensor_parallel,
                                  .weight_type = pool.weight_type,
                                  .activation_type = pool.activation_type,
                                  .kv_type = pool.kv_type},
                                 options);
    return static_cast<double>(model.line(shape).at(shape.decode_context_tokens)) / regatta::timing::kFinePerNs * 1e-6;
}

RooflineStepTime::Options without_overheads(RooflineStepTime::Options options) {
    options.collective_overhead_s = options.layer_overhead_s = options.step_overhead_s = 0;
    return options;
}

RooflineStepTime::Options reaching_the_peak(RooflineStepTime::Options options) {
    options.compute_efficiency = options.attention_efficiency = options.memory_efficiency = 1;
    return options;
}

Pool without_links(Pool pool) {
    pool.gpu.link_bytes_per_s = kNever;
    pool.gpu.link_latency_s = 0;
    return pool;
}

/// Whose arithmetic is all that takes time.
Pool without_traffic(Pool pool) {
    pool = without_links(pool);
    pool.gpu.memory_bandwidth_bytes_per_s = kNever;
    return pool;
}

/// Whose memory traffic is all that takes time.
Pool without_arithmetic(Pool pool) {
    pool = without_links(pool);
    pool.gpu.bf16_flops_per_s = pool.gpu.fp16_flops_per_s = kNever;
    return pool;
}

/// Norms, rotary embedding, activation, embedding and keys and values written, by the formula of
/// docs/model/roofline.md: traffic of everything that is neither a matrix product nor attention, for one token.
double elementwise_ms_per_token(const Pool& pool, const RooflineStepTime::Options& options) {
    const auto hidden = static_cast<double>(pool.model.hidden);
    const double gpus = pool.tensor_parallel;
    const double heads = static_cast<double>(pool.model.heads + pool.model.kv_heads) / gpus;
    const double intermediate = static_cast<double>(pool.model.intermediate) / gpus;
    const double layer_bytes =
        2 * (8 * hidden + 2 * heads * static_cast<double>(pool.model.head_dim) + 3 * intermediate);
    const double bytes = static_cast<double>(pool.model.layers) * layer_bytes + 4 * hidden +
                         regatta::llm::kv_bytes_per_token_per_gpu(pool.model, pool.kv_type, pool.tensor_parallel);
    return bytes / (pool.gpu.memory_bandwidth_bytes_per_s * options.memory_efficiency) * 1e3;
}

void print_step(const Pool& pool, std::int64_t batch, std::int64_t context_tokens) {
    const BatchShape shape{
        .decodes = batch, .decode_context_tokens = batch * context_tokens, .prefills = {}, .samples = batch};
    const RooflineStepTime::Options options = options_of(pool);
    const RooflineStepTime::Options bare = without_overheads(options);
    const double step = milliseconds(pool, options, shape);
    const double arithmetic = milliseconds(without_traffic(pool), bare, shape);
    const double traffic = milliseconds(without_arithmetic(pool), bare, shape);
    const double operators = milliseconds(without_links(pool), bare, shape);
    const double at_peak_arithmetic = milliseconds(without_traffic(pool), reaching_the_peak(bare), shape);
    const double at_peak_traffic = milliseconds(without_arithmetic(pool), reaching_the_peak(bare), shape);
    BatchShape unsampled = shape;
    unsampled.samples = 0;
    const double layers = milliseconds(without_links(pool), bare, unsampled) -
                          static_cast<double>(batch) * elementwise_ms_per_token(pool, options);
    const bool fits = batch * ((context_tokens + pool.block_tokens - 1) / pool.block_tokens) <= pool.replica_kv_blocks;
    fmt::print("{},{},{},{},{},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{}\n", pool.gpu.name, pool.model.name,
               pool.tensor_parallel, batch, context_tokens, step, arithmetic, traffic, operators,
               at_peak_arithmetic / step, at_peak_traffic / step, layers, fits ? 1 : 0);
}

}  // namespace

int main() try {
    fmt::print(
        "gpu,model,tp,batch,context_tokens,step_ms,arithmetic_ms,traffic_ms,operators_ms,arithmetic_fraction,"
        "bandwidth_fraction,layers_ms,fits\n");
    for (const char* gpu : kGpus) {
        for (const Layout& layout : kLayouts) {
            const Pool pool = pool_of(gpu, layout);
            for (const std::int64_t batch : kBatches)
                for (const std::int64_t context_tokens : kContexts)
                    print_step(pool, batch, context_tokens);
        }
    }
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "step_table: {}\n", error.what());
    return 1;
}
