#pragma once

#include <array>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "timing/registry.hpp"
#include "timing/step_time_model.hpp"

namespace regatta::timing {

/// Step time from first principles: every operator takes the longer of its arithmetic and its memory traffic, plus the
/// collectives of tensor parallelism and fixed overheads. Formulas, sources, limits: docs/model/roofline.md.
class RooflineStepTime final : public StepTimeModel {
public:
    struct Options {
        double compute_efficiency = 0;    ///< matrix products in bf16: reached share of the peak
        double quantized_efficiency = 0;  ///< matrix products in fp8 or int8: reached share of their peak
        double attention_efficiency = 0;  ///< attention: reached share of the bf16 peak
        double memory_efficiency = 0;     ///< reached share of the memory bandwidth
        double network_efficiency = 0;    ///< collectives: reached share of the link bandwidth
        double collective_overhead_s = 0;
        double layer_overhead_s = 0;
        double step_overhead_s = 0;
    };
    RooflineStepTime(const StepTimeTarget& target, const Options& options);
    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    [[nodiscard]] bool is_monotone() const override { return true; }
    [[nodiscard]] std::int64_t least_step_fine() const override;

private:
    /// A matrix product with `rows` rows takes max(arithmetic * rows, weights + activations * rows) [s].
    struct MatrixProduct {
        double arithmetic_s_per_row = 0;
        double weights_s = 0;
        double activations_s_per_row = 0;
        [[nodiscard]] double seconds(double rows) const;
    };
    struct Share;
    void set_matrix_products(const StepTimeTarget& target, const Options& options, const Share& share);
    void set_memory_traffic(const Share& share);
    void set_collectives(const hardware::Gpu& gpu, const Options& options, const Share& share);
    void set_attention(const hardware::Gpu& gpu, const Options& options, const Share& share);
    [[nodiscard]] double prefill_attention_s(const PrefillChunk& chunk) const;

    // Everything below holds for one GPU; what happens in each layer is already multiplied by the layers.
    std::array<MatrixProduct, 4> layer_products_;  // qkv, output, gate and up, down
    MatrixProduct head_;
    double token_s_ = 0;    // per token computed: norms, activations, rotary, embedding, share of the all-reduces
    double sample_s_ = 0;   // per sampled row: sampler, gathering the logits
    double step_s_ = 0;     // overheads, all-reduces without their data
    double gather_s_ = 0;   // gathering the logits, without the data
    double pair_s_ = 0;     // arithmetic of one query token with one context token
    double kv_read_s_ = 0;  // reading keys and values of one token
    double query_s_ = 0;    // reading the query and writing the output of one token
    // Decode attention is the higher of two straight lines in the context sum, in units of 2^-16 ns.
    std::int64_t context_memory_fine_ = 0;
    std::int64_t context_arithmetic_fine_ = 0;
};

[[nodiscard]] std::unique_ptr<StepTimeModel> make_roofline(const StepTimeTarget& target, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> roofline_parameters();

}  // namespace regatta::timing
