#pragma once

#include <cstdint>
#include <memory>

#include "regatta/timing/step_time_model.hpp"

namespace regatta::timing {

/// Steps in which tokens are first proposed and then checked: what the model takes for a batch whose decodes compute
/// one token more than were proposed to each, and what the proposer takes before.
class SpeculativeStepTime final : public StepTimeModel {
public:
    /// What proposes: a smaller model, which runs once for each proposed token and computes the prompts, too, or
    /// something on the host.
    struct Proposer {
        std::shared_ptr<StepTimeModel> draft = nullptr;  ///< null: no model
        std::int64_t tokens = 1;                         ///< proposed to each decode
        std::int64_t step_fine = 0;                      ///< of each step that proposes [2^-16 ns]
        std::int64_t sequence_fine = 0;                  ///< and of each decode in it
    };
    SpeculativeStepTime(std::shared_ptr<StepTimeModel> target, Proposer proposer);

    void prepare(WorkSharing& work) override;
    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    /// The last stage of a pipeline proposes.
    [[nodiscard]] StepLine stage_line(const BatchShape& shape, bool is_last) const override;
    /// What the proposer takes is overhead.
    [[nodiscard]] StepParts parts(const BatchShape& shape) const override;
    [[nodiscard]] bool is_monotone() const override;
    [[nodiscard]] std::int64_t least_step_fine() const override { return target_->least_step_fine(); }

private:
    void add_proposals(const BatchShape& shape, StepLine& line) const;

    std::shared_ptr<StepTimeModel> target_;
    Proposer proposer_;
};

}  // namespace regatta::timing
