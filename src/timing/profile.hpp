#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/timing/registry.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "timing/profile_times.hpp"
#include "timing/profile_training.hpp"

namespace regatta::timing {

/// Step time composed of measured times of operators, as in Vidur: from tables, or from measurements and a predictor.
/// Formula and limits: docs/model/profile.md.
class ProfileStepTime final : public StepTimeModel {
public:
    ProfileStepTime(const ProfileTarget& target, OpTables tables);
    /// Has times after prepare().
    ProfileStepTime(const ProfileTarget& target, ProfileTraining training);

    void prepare(WorkSharing& work) override;
    /// All stages one after the other.
    [[nodiscard]] StepLine line(const BatchShape& shape) const override;
    [[nodiscard]] StepLine stage_line(const BatchShape& shape, bool is_last) const override;
    [[nodiscard]] StepParts parts(const BatchShape& shape) const override;
    [[nodiscard]] std::int64_t least_step_fine() const override;

private:
    [[nodiscard]] const ProfileTimes& times() const;

    ProfileTarget target_;
    std::optional<ProfileTraining> training_;  ///< until it is done
    std::optional<ProfileTimes> times_;
};

[[nodiscard]] std::unique_ptr<StepTimeModel> make_profile(const StepTimeTarget& target, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> profile_parameters();

}  // namespace regatta::timing
