#pragma once

#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/timing/registry.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "timing/operators.hpp"
#include "timing/roofline_attention.hpp"

namespace regatta::timing {

/// Step time from first principles: every operator takes the longer of its arithmetic and its memory traffic, plus the
/// collectives of tensor parallelism and fixed overheads. Formulas, sources, limits: docs/model/roofline.md.
class RooflineStepTime final : public StepTimeModel {
public:
    struct Options {
        double compute_efficiency = 0;    ///< matrix products in 16 bits: reached share of the peak
        double quantized_efficiency = 0;  ///< matrix products in fp8, int8 or int4: reached share of their peak
        double attention_efficiency = 0;  ///< attention: reached share of the 16-bit peak
        double memory_efficiency = 0;     ///< reached share of the memory bandwidth
        double network_efficiency = 0;    ///< collectives: reached share of the link bandwidth
        double collective_overhead_s = 0;
        double layer_overhead_s = 0;
        double step_overhead_s = 0;
        double sequence_overhead_s = 0;  ///< for each sequence of the batch
        bool pads_decodes = false;       ///< batches that only decode fill up a captured CUDA graph
    };
    RooflineStepTime(const StepTimeTarget& target, const Options& options);
    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    [[nodiscard]] StepLine stage_line(const BatchShape& shape, bool is_last) const override;
    [[nodiscard]] StepParts parts(const BatchShape& shape) const override;
    /// What the step is made of, operator by operator: their times are those that line() adds up. Not for a pipeline,
    /// whose stages run at different times.
    [[nodiscard]] std::vector<Operator> operators(const BatchShape& shape) const;
    [[nodiscard]] bool is_monotone() const override { return true; }
    [[nodiscard]] std::int64_t least_step_fine() const override;

private:
    /// What of the model is meant: all of it, or a stage of the pipeline.
    enum class Part { Whole, InnerStage, LastStage };
    RooflineStepTime(const StepTimeTarget& target, const Options& options, Part part);
    /// Of the part alone.
    [[nodiscard]] StepLine own_line(const BatchShape& shape) const;
    [[nodiscard]] StepParts own_parts(const BatchShape& shape) const;
    [[nodiscard]] std::int64_t own_least_fine() const;
    void set_transfer(const StepTimeTarget& target, const Options& options);

    /// A matrix product with `rows` rows takes max(arithmetic * rows, weights + activations * rows) [s].
    struct MatrixProduct {
        /// What the times are made of, for reports.
        struct Work {
            double repeats = 1;
            double flops_per_row = 0;
            double weight_bytes = 0;
            double input_bytes_per_row = 0;
            double output_bytes_per_row = 0;
        };
        const char* name = "";
        double StepParts::*part = nullptr;  ///< that it counts as
        Work work;
        double arithmetic_s_per_row = 0;
        double weights_s = 0;
        double activations_s_per_row = 0;
        /// `matrices`: how many of them the rows are spread over, each read once.
        [[nodiscard]] double seconds(double rows, double matrices = 1) const;
        [[nodiscard]] Operator described(double rows, double matrices = 1) const;
    };
    /// The routed experts of all layers: every row passes `per_token` of `experts`; the weights of those that any row
    /// passes are read once.
    struct ExpertProducts {
        std::int64_t experts = 0;  ///< 0: the model has none
        std::int64_t per_token = 0;
        std::vector<MatrixProduct> products;  ///< gate and up, down; weights of one expert
        [[nodiscard]] double in_use(std::int64_t rows) const;
        [[nodiscard]] double seconds(std::int64_t rows) const;
    };
    /// What every token computed moves through memory, besides matrix products and attention.
    struct Traffic {
        const char* name = "";
        double repeats = 1;
        OperatorBytes token_bytes;
    };
    /// Of one kind of attention in all its layers, with RooflineAttention::Work.
    struct AttentionUnits {
        double repeats = 1;
        double pair_flops = 0;
        double kv_bytes = 0;  ///< keys and values of one token
        double query_bytes = 0;
    };
    void add_attention(std::vector<Operator>& operators, const BatchShape& shape) const;
    void add_collectives(std::vector<Operator>& operators, double rows, double samples) const;

    struct Share;
    void set_matrix_products(const StepTimeTarget& target, const Options& options, const Share& share);
    void set_memory_traffic(const Share& share);
    void set_collectives(const hardware::Gpu& gpu, const Options& options, const Share& share);
    void set_attention(const StepTimeTarget& target, const Options& options, const Share& share);
    [[nodiscard]] std::int64_t base_fine(const BatchShape& shape) const;
    /// Tokens that matrix products are computed for.
    [[nodiscard]] std::int64_t rows_of(const BatchShape& shape) const;

    /// Batches of so many decodes and nothing else find their base in a table: half of all steps that are asked for.
    static constexpr std::int64_t kTabledDecodes = 1025;

    // Everything below holds for one GPU; what happens in each layer is already multiplied by the layers.
    std::vector<MatrixProduct> layer_products_;  // qkv, output, gate and up, down; router, shared experts
    ExpertProducts experts_;
    MatrixProduct head_;
    double token_s_ = 0;   // per token computed: norms, activations, rotary, embedding, share of the all-reduces
    double sample_s_ = 0;  // per sampled row: sampler, gathering the logits
    double step_s_ = 0;    // overheads, all-reduces without their data
    double gather_s_ = 0;  // gathering the logits, without the data
    double sequence_s_ = 0;
    bool pads_decodes_ = false;
    bool has_head_ = true;  ///< LM head and sampling
    /// What collectives have in the above.
    struct Collectives {
        double all_reduces = 0;
        double link_byte_s = 0;
        double token_s = 0;
        double sample_s = 0;
        double step_s = 0;
    };
    Collectives collectives_;
    std::vector<std::int64_t> base_of_decodes_;
    std::vector<RooflineAttention> attention_;  // layers that attend to everything, layers with a sliding window
    std::vector<AttentionUnits> attention_units_;
    std::vector<Traffic> traffic_;  // of which token_s_ is made, without collectives
    double byte_s_ = 0;             // moving one byte from or to memory
    double sampler_bytes_ = 0;      // per sampled row

    std::int64_t pipeline_ = 1;
    std::vector<RooflineStepTime> stages_;  // any but the last, the last; none without a pipeline
};

/// The smallest size of batch that vLLM captures as a CUDA graph by default and that holds `decodes` sequences: 1, 2,
/// 4, then multiples of 8 up to 512; larger batches run as they are. Source: vLLM, `cudagraph_capture_sizes` in
/// vllm/config (v0.6 to v0.9).
[[nodiscard]] std::int64_t captured_size(std::int64_t decodes);

[[nodiscard]] RooflineStepTime::Options roofline_options(const Parameters& parameters);
[[nodiscard]] std::unique_ptr<StepTimeModel> make_roofline(const StepTimeTarget& target, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> roofline_parameters();

}  // namespace regatta::timing
