#include "timing/roofline.hpp"

#include <algorithm>
#include <cmath>

namespace regatta::timing {
namespace {

constexpr double kActivationBytes = 2;  // bf16
constexpr double kLogitBytes = 4;       // samplers work in fp32

double real(std::int64_t count) {
    return static_cast<double>(count);
}

std::int64_t fine(double seconds) {
    return std::llround(seconds * 1e9 * static_cast<double>(kFinePerNs));
}

// Heads are dealt out to GPUs; with fewer heads than GPUs each GPU still holds one (vLLM replicates KV heads).
double per_gpu(std::int64_t heads, std::int64_t gpus) {
    return real((heads + gpus - 1) / gpus);
}

// Peak for matrix products with the weights' type. A GPU without arithmetic for it widens the weights on the fly
// and computes in bf16 (as vLLM's Marlin kernels do).
double peak_per_s(const hardware::Gpu& gpu, llm::DataType type) {
    switch (type) {
        case llm::DataType::Bf16:
            break;
        case llm::DataType::Fp8:
            if (gpu.fp8_flops_per_s > 0) return gpu.fp8_flops_per_s;
            break;
        case llm::DataType::Int8:
            if (gpu.int8_ops_per_s > 0) return gpu.int8_ops_per_s;
            break;
    }
    return gpu.bf16_flops_per_s;
}

}  // namespace

double RooflineStepTime::MatrixProduct::seconds(double rows) const {
    return std::max(arithmetic_s_per_row * rows, weights_s + activations_s_per_row * rows);
}

RooflineStepTime::RooflineStepTime(const StepTimeTarget& target, const Options& options) {
    const llm::Model& model = target.model;
    const std::int64_t gpus = target.tensor_parallel;
    const double layers = real(model.layers);
    const double hidden = real(model.hidden);
    const double head_dim = real(model.head_dim);
    const double heads = per_gpu(model.heads, gpus);
    const double kv_heads = per_gpu(model.kv_heads, gpus);
    const double intermediate = real(model.intermediate) / real(gpus);
    const double vocabulary = real(model.vocabulary) / real(gpus);

    const double byte_s = 1 / (target.gpu.memory_bandwidth_bytes_per_s * options.memory_efficiency);
    const auto product = [&](double inputs, double outputs, double repeats, double peak, double weight_bytes) {
        return MatrixProduct{
            .arithmetic_s_per_row = repeats * 2 * inputs * outputs / (peak * options.compute_efficiency),
            .weights_s = repeats * inputs * outputs * weight_bytes * byte_s,
            .activations_s_per_row = repeats * (inputs + outputs) * kActivationBytes * byte_s};
    };
    const double peak = peak_per_s(target.gpu, target.weight_type);
    const double weight_bytes = llm::bytes_of(target.weight_type);
    layer_products_ = {product(hidden, (heads + 2 * kv_heads) * head_dim, layers, peak, weight_bytes),
                       product(heads * head_dim, hidden, layers, peak, weight_bytes),
                       product(hidden, 2 * intermediate, layers, peak, weight_bytes),
                       product(intermediate, hidden, layers, peak, weight_bytes)};
    head_ = product(hidden, vocabulary, 1, target.gpu.bf16_flops_per_s, llm::bytes_of(llm::DataType::Bf16));

    const double kv_bytes = 2 * kv_heads * head_dim * llm::bytes_of(target.kv_type);
    // Values that pass through memory once per token and layer, besides the matrix products' own: two norms with
    // residual (two read, two written each), rotary embedding (queries and keys read and written), the gated
    // activation (two read, one written).
    const double layer_values = 2 * 4 * hidden + 2 * (heads + kv_heads) * head_dim + 3 * intermediate;
    const double embedding_values = 2 * hidden;
    token_s_ = (layers * (layer_values * kActivationBytes + kv_bytes) + embedding_values * kActivationBytes) * byte_s;
    // The sampler reads all logits twice (maximum, then sum of exponentials).
    sample_s_ = 2 * real(model.vocabulary) * kLogitBytes * byte_s;

    // Ring all-reduce: 2 (n-1)/n of the data over each link in 2 (n-1) hops; all-gather half of both.
    // Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH",
    // IJHPCA 19(1), 2005, section 4.
    // Two all-reduces per layer (after attention and after the MLP; Shoeybi et al., "Megatron-LM", arXiv:1909.08053,
    // section 3), one after the embedding, which is cut by vocabulary.
    const double all_reduces = 2 * layers + 1;
    const double link_byte_s = 1 / (target.gpu.link_bytes_per_s * options.network_efficiency);
    const double shared_fraction = real(gpus - 1) / real(gpus);
    const double hops_s = real(gpus - 1) * target.gpu.link_latency_s;
    token_s_ += all_reduces * 2 * shared_fraction * hidden * kActivationBytes * link_byte_s;
    sample_s_ += shared_fraction * real(model.vocabulary) * kActivationBytes * link_byte_s;
    step_s_ = options.step_overhead_s + layers * options.layer_overhead_s + all_reduces * 2 * hops_s;
    head_hops_s_ = hops_s;

    // Scores and weighted values: two products of head_dim for each head, query and context token; a multiply-add is
    // two operations. Source: Dao, "FlashAttention-2", arXiv:2307.08691, section 4.1.
    const double pair_flops = layers * 4 * heads * head_dim;
    pair_s_ = pair_flops / (target.gpu.bf16_flops_per_s * options.attention_efficiency);
    prefill_kv_s_ = layers * kv_bytes * byte_s;
    query_s_ = layers * 2 * heads * head_dim * kActivationBytes * byte_s;
    context_memory_fine_ = fine(prefill_kv_s_);
    context_arithmetic_fine_ = fine(pair_s_);
}

double RooflineStepTime::prefill_attention_s(const PrefillChunk& chunk) const {
    const double tokens = real(chunk.tokens);
    const double context = real(chunk.context_tokens);
    // Causal: token i of the chunk attends to the context and to itself and the i - 1 before it.
    const double pairs = tokens * context + tokens * (tokens + 1) / 2;
    return std::max(pairs * pair_s_, (context + tokens) * prefill_kv_s_ + tokens * query_s_);
}

StepLine RooflineStepTime::line(const BatchShape& shape) const {
    double rows = real(shape.decodes);
    double seconds = step_s_;
    for (const PrefillChunk& chunk : shape.prefills) {
        rows += real(chunk.tokens);
        seconds += prefill_attention_s(chunk);
    }
    for (const MatrixProduct& product : layer_products_)
        seconds += product.seconds(rows);
    seconds += rows * token_s_;
    if (shape.samples > 0) {
        const double samples = real(shape.samples);
        seconds += head_.seconds(samples) + samples * sample_s_ + head_hops_s_;
    }
    const std::int64_t base = std::max(fine(seconds), kFinePerNs);
    if (shape.decodes == 0) return {.base_fine = base};

    // Decode attention: queries + memory * c bytes-bound, arithmetic * c compute-bound. In integers, so that the two
    // lines meet exactly at the break and each is the same for every shape of its piece.
    const std::int64_t queries = fine(real(shape.decodes) * query_s_);
    const StepLine memory_bound{.base_fine = base + queries, .slope_fine = context_memory_fine_};
    const std::int64_t steeper = context_arithmetic_fine_ - context_memory_fine_;
    if (steeper <= 0) return memory_bound;
    // The first context sum at which arithmetic takes longer.
    const std::int64_t first_above = queries / steeper + 1;
    if (shape.decode_context_tokens >= first_above) return {.base_fine = base, .slope_fine = context_arithmetic_fine_};
    return {.base_fine = memory_bound.base_fine, .slope_fine = memory_bound.slope_fine, .valid_below = first_above};
}

std::unique_ptr<StepTimeModel> make_roofline(const StepTimeTarget& target, const Parameters& parameters) {
    return std::make_unique<RooflineStepTime>(target,
                                              RooflineStepTime::Options{
                                                  .compute_efficiency = parameters.real("compute_efficiency"),
                                                  .attention_efficiency = parameters.real("attention_efficiency"),
                                                  .memory_efficiency = parameters.real("memory_efficiency"),
                                                  .network_efficiency = parameters.real("network_efficiency"),
                                                  .layer_overhead_s = parameters.duration("layer_overhead").seconds(),
                                                  .step_overhead_s = parameters.duration("step_overhead").seconds(),
                                              });
}

std::vector<Parameter> roofline_parameters() {
    const auto efficiency = [](const char* key, const char* value, const char* sentence) {
        // Above 0, for time is divided by it.
        return Parameter{.key = key,
                         .kind = ParameterKind::Fraction,
                         .default_text = value,
                         .least = 0.01,
                         .most = 1,
                         .sentence = sentence};
    };
    const auto overhead = [](const char* key, const char* value, const char* sentence) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Duration,
                         .default_text = value,
                         .least = 0,
                         .most = 1,
                         .sentence = sentence};
    };
    return {efficiency("compute_efficiency", "0.7", "share of the peak arithmetic that matrix products reach"),
            efficiency("attention_efficiency", "0.5", "share of the bf16 peak that attention reaches"),
            efficiency("memory_efficiency", "0.8", "share of the memory bandwidth that is reached"),
            efficiency("network_efficiency", "0.75", "share of the link bandwidth that all-reduces reach"),
            overhead("layer_overhead", "10us", "time of each layer besides its operators"),
            overhead("step_overhead", "500us", "time of each step besides its layers: scheduling, launch, sampling")};
}

}  // namespace regatta::timing
