#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "timing/operators.hpp"

namespace regatta::timing {

/// Bits of one value; need not be whole: Scratchpad is known to have computed with 8.25.
struct ScratchpadPrecision {
    double weight_bits = 16;
    double activation_bits = 16;
    double kv_bits = 16;
};

/// Shape of a dense transformer as that simulator sees it: gated MLP, heads of hidden / heads, untied LM head.
struct ScratchpadModel {
    std::int64_t hidden = 0;
    std::int64_t layers = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t intermediate = 0;
    std::int64_t vocabulary = 0;
};
[[nodiscard]] ScratchpadModel scratchpad_model(const llm::Model& model);
/// What of the architecture it would get wrong, in words: "experts"; empty when it is right about all of it.
[[nodiscard]] std::string_view unknown_to_scratchpad(const llm::Model& model);

/// Empty, or why so many GPUs cannot share the model: "8 GPUs cannot ...; expected ...".
[[nodiscard]] std::string problem_with_split(const llm::Model& model, std::int64_t tensor_parallel);

struct ScratchpadHardware {
    double bandwidth_bytes_per_s = 0;
    double fp16_flops_per_s = 0;
    double int8_ops_per_s = 0;
    double onchip_bytes = 0;  ///< 0: unknown; taken to hold keys or values of `head_dim` tokens of one head
    double memory_bytes = 0;
};
/// A GPU without fp16 computes in bf16, one without int8 in fp16.
[[nodiscard]] ScratchpadHardware scratchpad_hardware(const hardware::Gpu& gpu);

enum class ScratchpadStage { Prefill, Decode };
struct ScratchpadOperator {
    std::string_view name;     ///< as in that simulator: "q_proj"
    std::int64_t repeats = 1;  ///< layers; all below is of one of them
    double ops = 0;
    OperatorBytes bytes;
    double intensity = 0;           ///< operations per byte
    double attained_ops_per_s = 0;  ///< under the roof
    Bound bound = Bound::Compute;
    double seconds = 0;
};

struct ScratchpadAnalysis {
    std::vector<ScratchpadOperator> operators;  ///< in the order in which they are added up
    // Over all layers and the LM head.
    double ops = 0;
    OperatorBytes bytes;
    double seconds = 0;
    // Memory.
    double weight_bytes = 0;      ///< of all layers, without embedding and LM head
    double kv_bytes = 0;          ///< of all layers, batch x length tokens
    double activation_bytes = 0;  ///< what the operators of one layer write, all of them
    [[nodiscard]] double memory_bytes() const { return activation_bytes + weight_bytes + kv_bytes; }
};

/// The roofline and the memory plan of the Scratchpad simulator (eth-easl/Scratchpad, tools/simulator, commit cad53ea)
/// as they are, for comparison: what is wrong with them is kept. Each operator takes max(ops / peak, bytes /
/// bandwidth), and all add up. docs/model/roofline.md lists what our own roofline does otherwise. Under tensor
/// parallelism a GPU has 1/n of hidden size, heads and MLP, and nothing is communicated: our extension.
class ScratchpadRoofline {
public:
    /// `tensor_parallel` divides hidden size, intermediate size and key-value heads.
    ScratchpadRoofline(const ScratchpadModel& model, const ScratchpadHardware& hardware,
                       const ScratchpadPrecision& precision, std::int64_t tensor_parallel = 1);

    /// Prefill of `batch` prompts of `tokens` each; fused attention [s].
    [[nodiscard]] double prefill_s(std::int64_t tokens, std::int64_t batch = 1) const;
    /// One decode step of `batch` sequences that all attend to `context` tokens; fused attention [s].
    [[nodiscard]] double decode_s(std::int64_t context, std::int64_t batch) const;
    /// The same, operator by operator. `length`: prompt tokens or context.
    [[nodiscard]] ScratchpadAnalysis analyze(ScratchpadStage stage, std::int64_t batch, std::int64_t length,
                                             bool is_fused) const;

    // What the above is made of, for batches of unequal sequences: nothing but the sum of them all is the simulator's.
    /// All layers without attention, for `rows` tokens.
    [[nodiscard]] double projections_s(double rows) const;
    [[nodiscard]] double mlp_s(double rows) const;
    [[nodiscard]] double elementwise_s(double rows) const { return rows * elementwise_row_s_; }
    [[nodiscard]] double head_s(double sequences) const;
    /// Fused attention of all layers; takes the longer of arithmetic and traffic [s].
    struct Attention {
        double pair_s = 0;   ///< arithmetic of a query with a token of context
        double score_s = 0;  ///< writing what comes of it
        double query_s = 0;  ///< reading a query
        double kv_s = 0;     ///< reading keys and values of a token, once for each row block
    };
    /// Row blocks of so many queries.
    [[nodiscard]] double row_blocks(double queries) const;
    [[nodiscard]] const Attention& attention() const { return attention_; }
    /// Of `queries` tokens of one sequence, each of which attends to all `length` tokens.
    [[nodiscard]] double attention_s(double queries, double length) const;

    /// Blocks of the KV cache beside the weights; 0 when the weights do not fit. Without tensor parallelism, which that
    /// planner does not know.
    [[nodiscard]] std::int64_t planned_blocks() const;
    /// With embedding and LM head.
    [[nodiscard]] double planned_weight_bytes() const;
    [[nodiscard]] double planned_block_bytes() const;
    static constexpr std::int64_t kBlockTokens = 16;

    /// int8 when weights, activations and KV cache all have at most 8 bits, else fp16.
    [[nodiscard]] double peak_ops_per_s() const { return peak_; }
    [[nodiscard]] double bandwidth_bytes_per_s() const { return bandwidth_; }

private:
    /// A matrix of a layer.
    struct Linear {
        std::string_view name;
        bool is_of_mlp = false;
        double in = 0;
        double out = 0;
        bool is_stored_as_kv = false;
    };
    /// max(arithmetic * rows, weights + activations * rows) [s], all layers.
    struct LinearCost {
        double arithmetic_s = 0;
        double weights_s = 0;
        double activations_s = 0;
        [[nodiscard]] double seconds(double rows) const;
        bool operator==(const LinearCost&) const = default;
    };
    [[nodiscard]] ScratchpadOperator rated(std::string_view name, std::int64_t repeats, double ops,
                                           const OperatorBytes& bytes) const;
    [[nodiscard]] std::vector<ScratchpadOperator> linears(double rows) const;
    void add_attention(std::vector<ScratchpadOperator>& operators, ScratchpadStage stage, double batch, double length,
                       bool is_fused) const;
    void add_elementwise(std::vector<ScratchpadOperator>& operators, double rows) const;
    [[nodiscard]] ScratchpadOperator lm_head(double batch) const;
    [[nodiscard]] double rows_s(double rows, double sequences) const;
    void set_costs();

    ScratchpadModel model_;
    double memory_bytes_ = 0;
    // Bytes of one value.
    double weight_ = 0;
    double activation_ = 0;
    double kv_ = 0;
    // Of one GPU.
    double layers_ = 0;
    double hidden_ = 0;
    double heads_ = 0;
    double kv_heads_ = 0;
    double head_dim_ = 0;
    double rows_of_block_ = 0;  ///< queries of one row block
    double peak_ = 0;
    double bandwidth_ = 0;
    std::vector<Linear> linears_;
    // The same costs, ready for use in every step; of equal matrices in one.
    std::vector<LinearCost> projections_;
    std::vector<LinearCost> mlp_;
    double elementwise_row_s_ = 0;
    double head_sequence_s_ = 0;
    double head_bytes_s_ = 0;
    Attention attention_;
};

}  // namespace regatta::timing
