#pragma once

#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/timing/registry.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "timing/scratchpad_roofline.hpp"

namespace regatta::timing {

/// Step time by Scratchpad's roofline: a prompt computed alone takes what it takes there, and so does a batch of
/// decodes of equal context. Where sequences are unlike each other, each attends to its own context (Scratchpad prices
/// all at the longest), and matrix products are computed for all tokens together (Scratchpad never mixes). A pipeline's
/// stages have an equal part of the layers each, the last one the LM head; nothing is sent.
class ScratchpadStepTime final : public StepTimeModel {
public:
    ScratchpadStepTime(const ScratchpadRoofline& roofline, std::int64_t stages)
        : roofline_(roofline), stages_(stages) {}

    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    [[nodiscard]] StepLine stage_line(const BatchShape& shape, bool is_last) const override;
    [[nodiscard]] StepParts parts(const BatchShape& shape) const override;
    [[nodiscard]] bool is_monotone() const override { return true; }
    [[nodiscard]] std::int64_t least_step_fine() const override;

private:
    [[nodiscard]] StepLine attention_line(const BatchShape& shape) const;

    ScratchpadRoofline roofline_;
    std::int64_t stages_;
};

[[nodiscard]] std::unique_ptr<StepTimeModel> make_scratchpad(const StepTimeTarget& target,
                                                             const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> scratchpad_parameters();

}  // namespace regatta::timing
