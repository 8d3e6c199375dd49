#include "timing/roofline.hpp"

#include <algorithm>

#include "timing/data_types.hpp"
#include "timing/expert_count.hpp"

namespace regatta::timing {
namespace {

constexpr double kActivationBytes = 2;  // bf16
constexpr double kLogitBytes = 4;       // samplers work in fp32

double real(std::int64_t count) {
    return static_cast<double>(count);
}

// Reached speed of matrix products whose activations have the type.
double matrix_ops_per_s(const hardware::Gpu& gpu, llm::DataType type, const RooflineStepTime::Options& options) {
    const bool is_narrow = llm::bytes_of(type) < kActivationBytes;
    return peak_ops_per_s(gpu, type) * (is_narrow ? options.quantized_efficiency : options.compute_efficiency);
}

// The type of what is never quantised: LM head, router, attention.
llm::DataType wide_type(const StepTimeTarget& target) {
    const bool is_narrow = llm::bytes_of(target.activation_type) < kActivationBytes;
    return is_narrow ? half_type(target.gpu) : target.activation_type;
}

}  // namespace

double RooflineStepTime::MatrixProduct::seconds(double rows, double matrices) const {
    return std::max(arithmetic_s_per_row * rows, weights_s * matrices + activations_s_per_row * rows);
}

double RooflineStepTime::ExpertProducts::in_use(std::int64_t rows) const {
    return expected_distinct_experts(experts, per_token, rows);
}

double RooflineStepTime::ExpertProducts::seconds(std::int64_t rows) const {
    const double used = in_use(rows);
    double sum = 0;
    for (const MatrixProduct& product : products)
        sum += product.seconds(real(rows), used);
    return sum;
}

// What one GPU holds of the model under tensor parallelism.
struct RooflineStepTime::Share {
    double gpus = 1;
    double layers = 0;
    double hidden = 0;
    double head_dim = 0;
    double heads = 0;
    double kv_heads = 0;
    double vocabulary = 0;
    double dense_layers = 0;         // layers with a dense MLP
    double intermediate = 0;         // of their MLP
    double expert_layers = 0;        // layers with experts
    double expert_intermediate = 0;  // of one expert: each is cut over all GPUs
    double shared_intermediate = 0;
    double per_token = 0;           // routed experts that each token passes
    double gate_matrices = 0;       // matrices into the MLP: 2 with a gate, else 1
    double kv_bytes_per_token = 0;  // of one layer
    double byte_s = 0;              // moving one byte from or to memory [s]
    double window_layers = 0;       // of the layers
    double embeddings = 1;          // looking tokens up, with its all-reduce
};

RooflineStepTime::RooflineStepTime(const StepTimeTarget& target, const Options& options)
    : RooflineStepTime(target, options, Part::Whole) {
    pipeline_ = target.pipeline_parallel;
    if (pipeline_ == 1) return;
    stages_.push_back(RooflineStepTime(target, options, Part::InnerStage));
    stages_.push_back(RooflineStepTime(target, options, Part::LastStage));
}

RooflineStepTime::RooflineStepTime(const StepTimeTarget& target, const Options& options, Part part)
    : has_head_(part != Part::InnerStage) {
    const llm::Model& model = target.model;
    const std::int64_t gpus = target.tensor_parallel;
    // Stages are told apart as last and others only: layers of each kind are spread over all of them, and the embedding
    // of the first is spread over all but the last.
    const double stages = part == Part::Whole ? 1 : real(target.pipeline_parallel);
    const double embeddings = part == Part::Whole ? 1 : part == Part::LastStage ? 0 : 1 / (stages - 1);
    const Share share{
        .gpus = real(gpus),
        .layers = real(model.layers) / stages,
        .hidden = real(model.hidden),
        .head_dim = real(model.head_dim),
        .heads = real(llm::heads_per_gpu(model.heads, gpus)),
        .kv_heads = real(llm::heads_per_gpu(model.kv_heads, gpus)),
        .vocabulary = real(model.vocabulary) / real(gpus),
        .dense_layers = real(llm::dense_mlp_layers(model)) / stages,
        .intermediate = real(model.intermediate) / real(gpus),
        .expert_layers = real(llm::expert_layers(model)) / stages,
        .expert_intermediate = real(model.expert_intermediate) / real(gpus),
        .shared_intermediate = real(model.shared_intermediate) / real(gpus),
        .per_token = real(model.experts_per_token),
        .gate_matrices = model.has_gated_mlp ? 2.0 : 1.0,
        .kv_bytes_per_token = llm::kv_bytes_per_token_per_gpu(model, target.kv_type, gpus) / real(model.layers),
        .byte_s = 1 / (target.gpu.memory_bandwidth_bytes_per_s * options.memory_efficiency),
        .window_layers = real(model.window_layers) / stages,
        .embeddings = embeddings};
    step_s_ = options.step_overhead_s + share.layers * options.layer_overhead_s;
    sequence_s_ = options.sequence_overhead_s;
    byte_s_ = share.byte_s;
    pads_decodes_ = options.pads_decodes;
    set_matrix_products(target, options, share);
    set_memory_traffic(share);
    if (gpus > 1) set_collectives(target.gpu, options, share);
    if (part == Part::InnerStage) set_transfer(target, options);
    set_attention(target, options, share);
    for (std::int64_t decodes = 0; decodes < kTabledDecodes; ++decodes)
        base_of_decodes_.push_back(base_fine({.decodes = decodes, .prefills = {}, .samples = decodes}));
}

void RooflineStepTime::set_matrix_products(const StepTimeTarget& target, const Options& options, const Share& share) {
    const auto product = [&](const char* name, double StepParts::*part, double inputs, double outputs, double repeats,
                             llm::DataType weights, llm::DataType activations) {
        const double elements = repeats * inputs * outputs;
        const MatrixProduct::Work work{.repeats = repeats,
                                       .flops_per_row = 2 * elements,
                                       .weight_bytes = elements * llm::bytes_of(weights),
                                       .input_bytes_per_row = repeats * inputs * kActivationBytes,
                                       .output_bytes_per_row = repeats * outputs * kActivationBytes};
        const double activation_bytes = work.input_bytes_per_row + work.output_bytes_per_row;
        return MatrixProduct{
            .name = name,
            .part = part,
            .work = work,
            .arithmetic_s_per_row = work.flops_per_row / matrix_ops_per_s(target.gpu, activations, options),
            .weights_s = work.weight_bytes * share.byte_s,
            .activations_s_per_row = activation_bytes * share.byte_s};
    };
    const auto in_layers = [&](const char* name, double StepParts::*part, double inputs, double outputs,
                               double repeats) {
        return product(name, part, inputs, outputs, repeats, target.weight_type, target.activation_type);
    };
    const llm::DataType wide = wide_type(target);
    const double head_values = share.heads * share.head_dim;
    const double kv_values = 2 * share.kv_heads * share.head_dim;
    const auto add_mlp = [&](const char* up, const char* down, double intermediate, double layers) {
        if (!(layers * intermediate > 0)) return;
        const double outputs = share.gate_matrices * intermediate;
        layer_products_.push_back(in_layers(up, &StepParts::mlp, share.hidden, outputs, layers));
        layer_products_.push_back(in_layers(down, &StepParts::mlp, intermediate, share.hidden, layers));
    };
    layer_products_ = {
        in_layers("qkv_proj", &StepParts::projections, share.hidden, head_values + kv_values, share.layers),
        in_layers("out_proj", &StepParts::projections, head_values, share.hidden, share.layers)};
    add_mlp("gate_up_proj", "down_proj", share.intermediate, share.dense_layers);
    head_ = product("lm_head", &StepParts::head, share.hidden, share.vocabulary, 1, wide, wide);
    if (!(share.expert_layers > 0)) return;
    // The router is on every GPU.
    const std::int64_t experts = target.model.experts;
    layer_products_.push_back(
        product("router", &StepParts::experts, share.hidden, real(experts), share.expert_layers, wide, wide));
    add_mlp("shared_gate_up_proj", "shared_down_proj", share.shared_intermediate, share.expert_layers);
    experts_ = {.experts = experts,
                .per_token = target.model.experts_per_token,
                .products = {in_layers("expert_gate_up_proj", &StepParts::experts, share.hidden,
                                       share.gate_matrices * share.expert_intermediate, share.expert_layers),
                             in_layers("expert_down_proj", &StepParts::experts, share.expert_intermediate, share.hidden,
                                       share.expert_layers)}};
    for (MatrixProduct& expert : experts_.products) {
        expert.work.flops_per_row *= share.per_token;
        expert.work.input_bytes_per_row *= share.per_token;
        expert.work.output_bytes_per_row *= share.per_token;
        expert.arithmetic_s_per_row *= share.per_token;
        expert.activations_s_per_row *= share.per_token;
    }
}

void RooflineStepTime::set_memory_traffic(const Share& share) {
    // Values that pass through memory once per token and layer, besides the matrix products' own.
    const auto add = [&](const char* name, double repeats, double read_values, double written_values) {
        traffic_.push_back({.name = name,
                            .repeats = repeats,
                            .token_bytes = {.load_activation = repeats * read_values * kActivationBytes,
                                            .store_activation = repeats * written_values * kActivationBytes}});
    };
    // Two norms with residual: two read, two written each.
    add("norms", share.layers, 2 * 2 * share.hidden, 2 * 2 * share.hidden);
    const double rotated = (share.heads + share.kv_heads) * share.head_dim;  // queries and keys
    add("rotary", share.layers, rotated, rotated);
    // With a gate two values are read for each that is written.
    if (share.dense_layers > 0)
        add("activation", share.dense_layers, share.gate_matrices * share.intermediate, share.intermediate);
    if (share.expert_layers > 0) {
        const double values = share.per_token * share.expert_intermediate + share.shared_intermediate;
        add("expert_activation", share.expert_layers, share.gate_matrices * values, values);
        // Adding up what the experts give: one value read for each, the sum written.
        add("expert_sum", share.expert_layers, share.per_token * share.hidden, share.hidden);
    }
    traffic_.push_back({.name = "kv_write",
                        .repeats = share.layers,
                        .token_bytes = {.store_kv = share.layers * share.kv_bytes_per_token}});
    if (share.embeddings > 0) add("embedding", share.embeddings, share.hidden, share.hidden);
    double bytes = 0;
    for (const Traffic& each : traffic_)
        bytes += each.token_bytes.total();
    token_s_ = bytes * share.byte_s;
    // The sampler reads all logits twice (maximum, then sum of exponentials).
    sampler_bytes_ = 2 * share.gpus * share.vocabulary * kLogitBytes;
    sample_s_ = sampler_bytes_ * share.byte_s;
}

void RooflineStepTime::set_collectives(const hardware::Gpu& gpu, const Options& options, const Share& share) {
    // Ring all-reduce: 2 (n-1)/n of the data over each link in 2 (n-1) hops; all-gather half of both.
    // Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH",
    // IJHPCA 19(1), 2005, section 4.
    // Two all-reduces per layer (after attention and after the MLP; Shoeybi et al., "Megatron-LM", arXiv:1909.08053,
    // section 3), one after the embedding, which is cut by vocabulary; one all-gather of the logits.
    const double all_reduces = 2 * share.layers + share.embeddings;
    const double link_byte_s = 1 / (gpu.link_bytes_per_s * options.network_efficiency);
    const double sent_fraction = (share.gpus - 1) / share.gpus;
    const double hops_s = (share.gpus - 1) * gpu.link_latency_s;
    collectives_ = {.all_reduces = all_reduces,
                    .link_byte_s = link_byte_s,
                    .token_s = all_reduces * 2 * sent_fraction * share.hidden * kActivationBytes * link_byte_s,
                    .sample_s = sent_fraction * share.gpus * share.vocabulary * kActivationBytes * link_byte_s,
                    .step_s = all_reduces * (options.collective_overhead_s + 2 * hops_s)};
    token_s_ += collectives_.token_s;
    sample_s_ += collectives_.sample_s;
    step_s_ += collectives_.step_s;
    gather_s_ = options.collective_overhead_s + hops_s;
}

/// A stage that is not the last hands its activations to the next, over links like those inside a node, wherever the
/// next one is.
void RooflineStepTime::set_transfer(const StepTimeTarget& target, const Options& options) {
    const double link_bytes_per_s = target.gpu.link_bytes_per_s * options.network_efficiency;
    const double token_s = real(target.model.hidden) * kActivationBytes / link_bytes_per_s;
    const double step_s = options.collective_overhead_s + target.gpu.link_latency_s;
    collectives_.token_s += token_s;
    collectives_.step_s += step_s;
    token_s_ += token_s;
    step_s_ += step_s;
}

void RooflineStepTime::set_attention(const StepTimeTarget& target, const Options& options, const Share& share) {
    const auto add = [&](double layers, std::int64_t window_tokens) {
        if (!(layers > 0)) return;
        // Scores and weighted values: two products of head_dim for each head, query and context token; a multiply-add
        // is two operations. Source: Dao, "FlashAttention-2", arXiv:2307.08691, section 4.1.
        const double flops_per_s = peak_ops_per_s(target.gpu, wide_type(target)) * options.attention_efficiency;
        // The query read, the output written.
        const AttentionUnits units{.repeats = layers,
                                   .pair_flops = layers * 4 * share.heads * share.head_dim,
                                   .kv_bytes = layers * share.kv_bytes_per_token,
                                   .query_bytes = layers * 2 * share.heads * share.head_dim * kActivationBytes};
        attention_units_.push_back(units);
        attention_.emplace_back(RooflineAttention::Costs{.pair_s = units.pair_flops / flops_per_s,
                                                         .kv_read_s = units.kv_bytes * share.byte_s,
                                                         .query_s = units.query_bytes * share.byte_s,
                                                         .window_tokens = window_tokens});
    };
    add(share.layers - share.window_layers, 0);
    add(share.window_layers, target.model.window_tokens);
}

std::int64_t captured_size(std::int64_t decodes) {
    constexpr std::int64_t kLargest = 512;
    if (decodes > kLargest) return decodes;
    if (decodes <= 2) return decodes;
    return decodes <= 4 ? 4 : (decodes + 7) / 8 * 8;
}

std::int64_t RooflineStepTime::rows_of(const BatchShape& shape) const {
    if (pads_decodes_ && shape.prefills.empty()) return captured_size(shape.decode_tokens());
    std::int64_t rows = shape.decode_tokens();
    for (const PrefillChunk& chunk : shape.prefills)
        rows += chunk.tokens;
    return rows;
}

/// Everything but the attention of decodes.
std::int64_t RooflineStepTime::base_fine(const BatchShape& shape) const {
    const std::int64_t rows = rows_of(shape);
    double seconds = step_s_ + (real(shape.decodes) + static_cast<double>(shape.prefills.size())) * sequence_s_;
    for (const PrefillChunk& chunk : shape.prefills)
        for (const RooflineAttention& attention : attention_)
            seconds += attention.prefill_s(chunk);
    for (const MatrixProduct& product : layer_products_)
        seconds += product.seconds(real(rows));
    if (experts_.experts > 0) seconds += experts_.seconds(rows);
    seconds += real(rows) * token_s_;
    if (shape.samples > 0 && has_head_) {
        const double samples = real(shape.samples);
        seconds += head_.seconds(samples) + samples * sample_s_ + gather_s_;
    }
    return std::max(fine_of_seconds(seconds), kFinePerNs);
}

StepLine RooflineStepTime::line(const BatchShape& shape) const {
    if (stages_.empty()) return own_line(shape);
    // One stage after the other.
    StepLine line = stages_.back().own_line(shape);
    const StepLine inner = stages_.front().own_line(shape);
    line.base_fine += (pipeline_ - 1) * inner.base_fine;
    line.slope_fine += (pipeline_ - 1) * inner.slope_fine;
    line.valid_below = std::min(line.valid_below, inner.valid_below);
    return line;
}

StepLine RooflineStepTime::stage_line(const BatchShape& shape, bool is_last) const {
    if (stages_.empty()) return own_line(shape);
    return is_last ? stages_.back().own_line(shape) : stages_.front().own_line(shape);
}

StepLine RooflineStepTime::own_line(const BatchShape& shape) const {
    const bool only_decodes =
        shape.prefills.empty() && shape.tokens_per_decode == 1 && (shape.samples == shape.decodes || !has_head_);
    const auto decodes = static_cast<std::size_t>(shape.decodes);
    StepLine line{.base_fine =
                      only_decodes && decodes < base_of_decodes_.size() ? base_of_decodes_[decodes] : base_fine(shape)};
    if (shape.decodes == 0) return line;
    for (const RooflineAttention& attention : attention_) {
        const StepLine of_decodes = attention.decode_line(shape);
        line.base_fine += of_decodes.base_fine;
        line.slope_fine += of_decodes.slope_fine;
        line.valid_below = std::min(line.valid_below, of_decodes.valid_below);
    }
    return line;
}

/// Of a pipeline, the shorter of the stages: a batch passes all of them.
std::int64_t RooflineStepTime::least_step_fine() const {
    if (stages_.empty()) return own_least_fine();
    return std::min(stages_.front().own_least_fine(), stages_.back().own_least_fine());
}

/// One token without attention and sampling, which every step has at least.
std::int64_t RooflineStepTime::own_least_fine() const {
    double seconds = step_s_ + token_s_ + sequence_s_;
    for (const MatrixProduct& product : layer_products_)
        seconds += product.seconds(1);
    if (experts_.experts > 0) seconds += experts_.seconds(1);
    return std::max(fine_of_seconds(seconds), kFinePerNs);
}

}  // namespace regatta::timing
