#include "timing/scratchpad_roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace regatta::timing {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

// Steps per element that the simulator counts, in operations.
constexpr double kSoftmaxOps = 5;
constexpr double kNormOps = 7;
constexpr double kAddOps = 1;
constexpr double kActivationOps = 2;

constexpr double kByteBits = 8;

}  // namespace

ScratchpadModel scratchpad_model(const llm::Model& model) {
    return {.hidden = model.hidden,
            .layers = model.layers,
            .heads = model.heads,
            .kv_heads = model.kv_heads,
            .intermediate = model.intermediate,
            .vocabulary = model.vocabulary};
}

std::string_view unknown_to_scratchpad(const llm::Model& model) {
    if (model.experts > 0) return "experts";
    if (model.window_layers > 0) return "a sliding window";
    if (!model.has_gated_mlp) return "an MLP without gate";
    if (model.head_dim * model.heads != model.hidden) return "heads that are not hidden size / heads wide";
    return {};
}

std::string problem_with_split(const llm::Model& model, std::int64_t tensor_parallel) {
    for (const std::int64_t size : {model.hidden, model.heads, model.kv_heads, model.intermediate})
        if (size % tensor_parallel != 0)
            return fmt::format(
                "{} GPUs cannot share hidden size {}, {} query heads, {} key-value heads and MLP size {} of {}; "
                "expected "
                "a divisor of all",
                tensor_parallel, model.hidden, model.heads, model.kv_heads, model.intermediate, model.name);
    return {};
}

ScratchpadHardware scratchpad_hardware(const hardware::Gpu& gpu) {
    const double fp16 = gpu.fp16_flops_per_s > 0 ? gpu.fp16_flops_per_s : gpu.bf16_flops_per_s;
    return {.bandwidth_bytes_per_s = gpu.memory_bandwidth_bytes_per_s,
            .fp16_flops_per_s = fp16,
            .int8_ops_per_s = gpu.int8_ops_per_s > 0 ? gpu.int8_ops_per_s : fp16,
            .onchip_bytes = gpu.onchip_bytes,
            .memory_bytes = gpu.memory_bytes};
}

ScratchpadRoofline::ScratchpadRoofline(const ScratchpadModel& model, const ScratchpadHardware& hardware,
                                       const ScratchpadPrecision& precision, std::int64_t tensor_parallel)
    : model_(model),
      memory_bytes_(hardware.memory_bytes),
      weight_(precision.weight_bits / kByteBits),
      activation_(precision.activation_bits / kByteBits),
      kv_(precision.kv_bits / kByteBits),
      layers_(real(model.layers)),
      hidden_(real(model.hidden / tensor_parallel)),
      heads_(real(model.heads / tensor_parallel)),
      kv_heads_(real(model.kv_heads / tensor_parallel)),
      head_dim_(real(model.hidden / model.heads)),
      rows_of_block_(head_dim_),
      bandwidth_(hardware.bandwidth_bytes_per_s) {
    const bool is_int8 = precision.weight_bits <= 8 && precision.activation_bits <= 8 && precision.kv_bits <= 8;
    peak_ = is_int8 ? hardware.int8_ops_per_s : hardware.fp16_flops_per_s;
    if (hardware.onchip_bytes > 0)
        rows_of_block_ = std::min(std::ceil(hardware.onchip_bytes / (kv_ * head_dim_)), head_dim_);
    const double whole = real(model.hidden);
    const double kv_values = whole * real(model.kv_heads) / real(model.heads) / real(tensor_parallel);
    const double intermediate = real(model.intermediate / tensor_parallel);
    linears_ = {{"q_proj", false, whole, hidden_},         {"k_proj", false, whole, kv_values, true},
                {"v_proj", false, whole, kv_values, true}, {"out_proj", false, hidden_, whole},
                {"gate_proj", true, whole, intermediate},  {"up_proj", true, whole, intermediate},
                {"down_proj", true, intermediate, whole}};
    set_costs();
}

ScratchpadOperator ScratchpadRoofline::rated(std::string_view name, std::int64_t repeats, double ops,
                                             const OperatorBytes& bytes) const {
    ScratchpadOperator rated{.name = name, .repeats = repeats, .ops = ops, .bytes = bytes};
    rated.intensity = ops / bytes.total();
    const bool is_memory = rated.intensity < peak_ / bandwidth_;
    rated.bound = is_memory ? Bound::Memory : Bound::Compute;
    rated.attained_ops_per_s = is_memory ? rated.intensity * bandwidth_ : peak_;
    rated.seconds = is_memory ? bytes.total() / bandwidth_ : ops / peak_;
    return rated;
}

std::vector<ScratchpadOperator> ScratchpadRoofline::linears(double rows) const {
    std::vector<ScratchpadOperator> operators;
    for (const Linear& linear : linears_) {
        const double written = linear.out * rows;
        operators.push_back(rated(linear.name, model_.layers, 2 * linear.in * linear.out * rows,
                                  {.load_weight = linear.in * linear.out * weight_,
                                   .load_activation = linear.in * rows * activation_,
                                   .store_activation = linear.is_stored_as_kv ? 0 : written * activation_,
                                   .store_kv = linear.is_stored_as_kv ? written * kv_ : 0}));
    }
    return operators;
}

double ScratchpadRoofline::row_blocks(double queries) const {
    return std::ceil(queries / rows_of_block_);
}

void ScratchpadRoofline::add_attention(std::vector<ScratchpadOperator>& operators, ScratchpadStage stage, double batch,
                                       double length, bool is_fused) const {
    const bool is_prefill = stage == ScratchpadStage::Prefill;
    const double queries = is_prefill ? length : 1;
    const double product_ops = 2 * queries * length * head_dim_ * heads_ * batch;
    const double softmax_ops = kSoftmaxOps * batch * heads_ * queries * length;
    const double query_bytes = queries * head_dim_ * batch * heads_ * activation_;
    const double score_bytes = queries * length * batch * heads_ * activation_;
    const double kv_bytes = length * head_dim_ * batch * kv_heads_ * kv_;  // keys or values
    const auto add = [&](std::string_view name, double ops, const OperatorBytes& bytes) {
        operators.push_back(rated(name, model_.layers, ops, bytes));
    };
    if (is_fused) {
        // The scores are written as if attention were not fused, and twice: so it is there.
        add("fused_attention", 2 * product_ops + softmax_ops,
            {.load_activation = query_bytes,
             .store_activation = 2 * score_bytes,
             .load_kv = 2 * row_blocks(queries) * kv_bytes});
        return;
    }
    // A prefill reads as many queries as there are key-value heads: so it is there.
    const double read_bytes = is_prefill ? queries * head_dim_ * batch * kv_heads_ * activation_ : query_bytes;
    add("qk_matmul", product_ops,
        {.load_activation = read_bytes, .store_activation = score_bytes, .load_kv = kv_bytes});
    add("sv_matmul", product_ops,
        {.load_activation = score_bytes, .store_activation = query_bytes, .load_kv = kv_bytes});
    add("softmax", softmax_ops, {.load_activation = score_bytes, .store_activation = score_bytes});
}

void ScratchpadRoofline::add_elementwise(std::vector<ScratchpadOperator>& operators, double rows) const {
    const double values = rows * hidden_;
    const auto add = [&](std::string_view name, double ops, double reads) {
        operators.push_back(
            rated(name, model_.layers, ops * values,
                  {.load_activation = reads * values * activation_, .store_activation = values * activation_}));
    };
    add("attn_norm", kNormOps, 1);
    add("mlp_norm", kNormOps, 1);
    add("attn_add", kAddOps, 1);
    add("mlp_add", kAddOps, 1);
    add("mlp_act", kActivationOps, 2);
}

/// Half of the operations, and the activations of one sequence: so it is there.
ScratchpadOperator ScratchpadRoofline::lm_head(double batch) const {
    const double vocabulary = real(model_.vocabulary);
    return rated("lm_head", 1, batch * hidden_ * vocabulary,
                 {.load_weight = hidden_ * vocabulary * weight_,
                  .load_activation = hidden_ * activation_,
                  .store_activation = vocabulary * activation_});
}

ScratchpadAnalysis ScratchpadRoofline::analyze(ScratchpadStage stage, std::int64_t batch, std::int64_t length,
                                               bool is_fused) const {
    const double sequences = real(batch);
    const double rows = stage == ScratchpadStage::Prefill ? sequences * real(length) : sequences;
    ScratchpadAnalysis analysis;
    analysis.operators = linears(rows);
    // Of a step of either stage, what the prefill of so many tokens has written.
    for (const ScratchpadOperator& linear : linears(sequences * real(length)))
        analysis.kv_bytes += layers_ * linear.bytes.store_kv;
    add_attention(analysis.operators, stage, sequences, real(length), is_fused);
    add_elementwise(analysis.operators, rows);
    for (const ScratchpadOperator& each : analysis.operators) {
        analysis.activation_bytes += each.bytes.store_activation;
        analysis.weight_bytes += layers_ * each.bytes.load_weight;
    }
    analysis.operators.push_back(lm_head(sequences));
    for (const ScratchpadOperator& each : analysis.operators) {
        const double repeats = real(each.repeats);
        analysis.ops += repeats * each.ops;
        analysis.seconds += repeats * each.seconds;
        analysis.bytes += repeats * each.bytes;
    }
    return analysis;
}

void ScratchpadRoofline::set_costs() {
    const double byte_s = 1 / bandwidth_;
    for (const Linear& linear : linears_) {
        const double in_and_out = linear.in * activation_ + linear.out * (linear.is_stored_as_kv ? kv_ : activation_);
        const LinearCost cost{.arithmetic_s = layers_ * 2 * linear.in * linear.out / peak_,
                              .weights_s = layers_ * linear.in * linear.out * weight_ * byte_s,
                              .activations_s = layers_ * in_and_out * byte_s};
        std::vector<LinearCost>& costs = linear.is_of_mlp ? mlp_ : projections_;
        // Keys and values are alike, as are gate and up.
        if (!costs.empty() && costs.back() == cost)
            costs.back() = {2 * cost.arithmetic_s, 2 * cost.weights_s, 2 * cost.activations_s};
        else
            costs.push_back(cost);
    }
    // What takes so long for every token takes as much longer for more of them.
    std::vector<ScratchpadOperator> of_one_row;
    add_elementwise(of_one_row, 1);
    for (const ScratchpadOperator& each : of_one_row)
        elementwise_row_s_ += layers_ * each.seconds;
    const ScratchpadOperator head = lm_head(1);
    head_sequence_s_ = head.ops / peak_;
    head_bytes_s_ = head.bytes.total() * byte_s;
    attention_ = {.pair_s = layers_ * heads_ * (4 * head_dim_ + kSoftmaxOps) / peak_,
                  .score_s = layers_ * 2 * heads_ * activation_ * byte_s,
                  .query_s = layers_ * head_dim_ * heads_ * activation_ * byte_s,
                  .kv_s = layers_ * 2 * head_dim_ * kv_heads_ * kv_ * byte_s};
}

double ScratchpadRoofline::LinearCost::seconds(double rows) const {
    return std::max(arithmetic_s * rows, weights_s + activations_s * rows);
}

double ScratchpadRoofline::projections_s(double rows) const {
    double seconds = 0;
    for (const LinearCost& cost : projections_)
        seconds += cost.seconds(rows);
    return seconds;
}

double ScratchpadRoofline::mlp_s(double rows) const {
    double seconds = 0;
    for (const LinearCost& cost : mlp_)
        seconds += cost.seconds(rows);
    return seconds;
}

double ScratchpadRoofline::head_s(double sequences) const {
    return std::max(sequences * head_sequence_s_, head_bytes_s_);
}

double ScratchpadRoofline::attention_s(double queries, double length) const {
    const double pairs = queries * length;
    return std::max(pairs * attention_.pair_s, pairs * attention_.score_s + queries * attention_.query_s +
                                                   row_blocks(queries) * length * attention_.kv_s);
}

double ScratchpadRoofline::rows_s(double rows, double sequences) const {
    return projections_s(rows) + mlp_s(rows) + elementwise_s(rows) + head_s(sequences);
}

double ScratchpadRoofline::prefill_s(std::int64_t tokens, std::int64_t batch) const {
    const double length = real(tokens);
    return rows_s(real(batch) * length, real(batch)) + real(batch) * attention_s(length, length);
}

double ScratchpadRoofline::decode_s(std::int64_t context, std::int64_t batch) const {
    return rows_s(real(batch), real(batch)) + real(batch) * attention_s(1, real(context));
}

double ScratchpadRoofline::planned_weight_bytes() const {
    const double hidden = real(model_.hidden);
    const double values_of_layer = 3 * hidden * real(model_.intermediate) +
                                   2 * hidden * (real(model_.heads) * head_dim_) +
                                   2 * hidden * (head_dim_ * real(model_.kv_heads));
    return values_of_layer * weight_ * layers_ + 2 * hidden * real(model_.vocabulary) * weight_;
}

double ScratchpadRoofline::planned_block_bytes() const {
    return 2 * real(kBlockTokens) * real(model_.kv_heads) * head_dim_ * kv_ * layers_;
}

std::int64_t ScratchpadRoofline::planned_blocks() const {
    const double weight_bytes = planned_weight_bytes();
    if (weight_bytes >= memory_bytes_) return 0;
    return static_cast<std::int64_t>((memory_bytes_ - weight_bytes) / planned_block_bytes());
}

}  // namespace regatta::timing
