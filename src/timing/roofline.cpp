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
    return rounded(seconds * 1e9 * static_cast<double>(kFinePerNs));
}

// Reached speed of matrix products with the weights' type. A GPU without arithmetic for it widens the weights on the
// fly and computes in bf16 (as vLLM's Marlin kernels do).
double matrix_ops_per_s(const hardware::Gpu& gpu, llm::DataType type, const RooflineStepTime::Options& options) {
    const double bf16 = gpu.bf16_flops_per_s * options.compute_efficiency;
    switch (type) {
        case llm::DataType::Bf16:
            return bf16;
        case llm::DataType::Fp8:
            return gpu.fp8_flops_per_s > 0 ? gpu.fp8_flops_per_s * options.quantized_efficiency : bf16;
        case llm::DataType::Int8:
            return gpu.int8_ops_per_s > 0 ? gpu.int8_ops_per_s * options.quantized_efficiency : bf16;
    }
    return bf16;
}

}  // namespace

double RooflineStepTime::MatrixProduct::seconds(double rows) const {
    return std::max(arithmetic_s_per_row * rows, weights_s + activations_s_per_row * rows);
}

// What one GPU holds of the model under tensor parallelism.
struct RooflineStepTime::Share {
    double gpus = 1;
    double layers = 0;
    double hidden = 0;
    double head_dim = 0;
    double heads = 0;
    double kv_heads = 0;
    double intermediate = 0;
    double vocabulary = 0;
    double kv_bytes_per_token = 0;  // of one layer
    double byte_s = 0;              // moving one byte from or to memory [s]
};

RooflineStepTime::RooflineStepTime(const StepTimeTarget& target, const Options& options) {
    const llm::Model& model = target.model;
    const std::int64_t gpus = target.tensor_parallel;
    const Share share{
        .gpus = real(gpus),
        .layers = real(model.layers),
        .hidden = real(model.hidden),
        .head_dim = real(model.head_dim),
        .heads = real(llm::heads_per_gpu(model.heads, gpus)),
        .kv_heads = real(llm::heads_per_gpu(model.kv_heads, gpus)),
        .intermediate = real(model.intermediate) / real(gpus),
        .vocabulary = real(model.vocabulary) / real(gpus),
        .kv_bytes_per_token = llm::kv_bytes_per_token_per_gpu(model, target.kv_type, gpus) / real(model.layers),
        .byte_s = 1 / (target.gpu.memory_bandwidth_bytes_per_s * options.memory_efficiency)};
    step_s_ = options.step_overhead_s + share.layers * options.layer_overhead_s;
    set_matrix_products(target, options, share);
    set_memory_traffic(share);
    if (gpus > 1) set_collectives(target.gpu, options, share);
    set_attention(target.gpu, options, share);
}

void RooflineStepTime::set_matrix_products(const StepTimeTarget& target, const Options& options, const Share& share) {
    const auto product = [&](double inputs, double outputs, double repeats, llm::DataType type) {
        const double elements = repeats * inputs * outputs;
        return MatrixProduct{.arithmetic_s_per_row = 2 * elements / matrix_ops_per_s(target.gpu, type, options),
                             .weights_s = elements * llm::bytes_of(type) * share.byte_s,
                             .activations_s_per_row = repeats * (inputs + outputs) * kActivationBytes * share.byte_s};
    };
    const double head_values = share.heads * share.head_dim;
    const double kv_values = 2 * share.kv_heads * share.head_dim;
    const llm::DataType type = target.weight_type;
    layer_products_ = {product(share.hidden, head_values + kv_values, share.layers, type),
                       product(head_values, share.hidden, share.layers, type),
                       product(share.hidden, 2 * share.intermediate, share.layers, type),
                       product(share.intermediate, share.hidden, share.layers, type)};
    head_ = product(share.hidden, share.vocabulary, 1, llm::DataType::Bf16);
}

void RooflineStepTime::set_memory_traffic(const Share& share) {
    // Values that pass through memory once per token and layer, besides the matrix products' own: two norms with
    // residual (two read, two written each), rotary embedding (queries and keys read and written), the gated
    // activation (two read, one written). Keys and values are written to the cache.
    const double layer_values =
        2 * 4 * share.hidden + 2 * (share.heads + share.kv_heads) * share.head_dim + 3 * share.intermediate;
    const double layer_bytes = layer_values * kActivationBytes + share.kv_bytes_per_token;
    const double embedding_bytes = 2 * share.hidden * kActivationBytes;
    token_s_ = (share.layers * layer_bytes + embedding_bytes) * share.byte_s;
    // The sampler reads all logits twice (maximum, then sum of exponentials).
    sample_s_ = 2 * share.gpus * share.vocabulary * kLogitBytes * share.byte_s;
}

void RooflineStepTime::set_collectives(const hardware::Gpu& gpu, const Options& options, const Share& share) {
    // Ring all-reduce: 2 (n-1)/n of the data over each link in 2 (n-1) hops; all-gather half of both.
    // Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH",
    // IJHPCA 19(1), 2005, section 4.
    // Two all-reduces per layer (after attention and after the MLP; Shoeybi et al., "Megatron-LM", arXiv:1909.08053,
    // section 3), one after the embedding, which is cut by vocabulary; one all-gather of the logits.
    const double all_reduces = 2 * share.layers + 1;
    const double link_byte_s = 1 / (gpu.link_bytes_per_s * options.network_efficiency);
    const double sent_fraction = (share.gpus - 1) / share.gpus;
    const double hops_s = (share.gpus - 1) * gpu.link_latency_s;
    token_s_ += all_reduces * 2 * sent_fraction * share.hidden * kActivationBytes * link_byte_s;
    step_s_ += all_reduces * (options.collective_overhead_s + 2 * hops_s);
    sample_s_ += sent_fraction * share.gpus * share.vocabulary * kActivationBytes * link_byte_s;
    gather_s_ = options.collective_overhead_s + hops_s;
}

void RooflineStepTime::set_attention(const hardware::Gpu& gpu, const Options& options, const Share& share) {
    // Scores and weighted values: two products of head_dim for each head, query and context token; a multiply-add is
    // two operations. Source: Dao, "FlashAttention-2", arXiv:2307.08691, section 4.1.
    const double pair_flops = share.layers * 4 * share.heads * share.head_dim;
    pair_s_ = pair_flops / (gpu.bf16_flops_per_s * options.attention_efficiency);
    kv_read_s_ = share.layers * share.kv_bytes_per_token * share.byte_s;
    query_s_ = share.layers * 2 * share.heads * share.head_dim * kActivationBytes * share.byte_s;
    context_memory_fine_ = fine(kv_read_s_);
    context_arithmetic_fine_ = fine(pair_s_);
}

double RooflineStepTime::prefill_attention_s(const PrefillChunk& chunk) const {
    const double tokens = real(chunk.tokens);
    const double context = real(chunk.context_tokens);
    // Causal: token i of the chunk attends to the context and to itself and the i - 1 before it.
    const double pairs = tokens * context + tokens * (tokens + 1) / 2;
    return std::max(pairs * pair_s_, (context + tokens) * kv_read_s_ + tokens * query_s_);
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
        seconds += head_.seconds(samples) + samples * sample_s_ + gather_s_;
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

/// One token without attention and sampling, which every step has at least.
std::int64_t RooflineStepTime::least_step_fine() const {
    double seconds = step_s_ + token_s_;
    for (const MatrixProduct& product : layer_products_)
        seconds += product.seconds(1);
    return std::max(fine(seconds), kFinePerNs);
}

std::unique_ptr<StepTimeModel> make_roofline(const StepTimeTarget& target, const Parameters& parameters) {
    return std::make_unique<RooflineStepTime>(
        target, RooflineStepTime::Options{
                    .compute_efficiency = parameters.real("compute_efficiency"),
                    .quantized_efficiency = parameters.real("quantized_efficiency"),
                    .attention_efficiency = parameters.real("attention_efficiency"),
                    .memory_efficiency = parameters.real("memory_efficiency"),
                    .network_efficiency = parameters.real("network_efficiency"),
                    .collective_overhead_s = parameters.duration("collective_overhead").seconds(),
                    .layer_overhead_s = parameters.duration("layer_overhead").seconds(),
                    .step_overhead_s = parameters.duration("step_overhead").seconds(),
                });
}

// The defaults are rounded medians over many points and several GPUs, never fits to one: docs/model/roofline.md says
// which measurements they come from and how far they spread.
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
    return {efficiency("compute_efficiency", "0.77", "share of the bf16 peak that matrix products reach"),
            efficiency("quantized_efficiency", "0.57", "share of the fp8 or int8 peak that matrix products reach"),
            efficiency("attention_efficiency", "0.5", "share of the bf16 peak that attention reaches"),
            efficiency("memory_efficiency", "0.77", "share of the memory bandwidth that is reached"),
            efficiency("network_efficiency", "0.6", "share of the link bandwidth that collectives reach"),
            overhead("collective_overhead", "20us", "time of each all-reduce or all-gather besides its data and hops"),
            overhead("layer_overhead", "5us", "time of each layer besides its operators"),
            overhead("step_overhead", "300us", "time of each step besides its layers: scheduling, launch, sampling")};
}

}  // namespace regatta::timing
