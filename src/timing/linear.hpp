#pragma once

#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/timing/registry.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::timing {

/// Step time as a constant, plus so much per new token, plus so much per token attended to: what a straight-line fit to
/// measured steps gives. GPU and model do not enter. Formula and limits: docs/model/linear.md.
class LinearStepTime final : public StepTimeModel {
public:
    struct Options {
        double step_ns = 0;
        double token_ns = 0;          ///< per token computed: prompt tokens and decodes
        double context_token_ns = 0;  ///< per token of context: decode KV lengths and context before prefill chunks
        std::int64_t stages = 1;      ///< of the pipeline: each takes step_ns, and an equal part of the rest
    };
    explicit LinearStepTime(const Options& options);
    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    [[nodiscard]] StepLine stage_line(const BatchShape& shape, bool is_last) const override;
    [[nodiscard]] StepParts parts(const BatchShape& shape) const override;
    [[nodiscard]] bool is_monotone() const override { return true; }
    [[nodiscard]] std::int64_t least_step_fine() const override;

private:
    std::int64_t stages_;
    // Of one stage [2^-16 ns], each rounded once here, so that a step is a sum of integers.
    std::int64_t step_fine_;
    std::int64_t token_fine_;
    std::int64_t context_token_fine_;
};

[[nodiscard]] std::unique_ptr<StepTimeModel> make_linear(const StepTimeTarget& target, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> linear_parameters();

}  // namespace regatta::timing
