#pragma once

#include <string>
#include <string_view>

#include "regatta/timing/work_sharing.hpp"
#include "timing/profile_fit.hpp"
#include "timing/profile_samples.hpp"
#include "timing/profile_table.hpp"

namespace regatta::timing {

/// Measurements of all operators and what is to be made of them.
struct ProfileTraining {
    ProfileSearch search;
    ProfileLimits limits;
    ProfileData data;

    /// Fits every operator, each a task of its own, or takes what was fitted before from the cache.
    [[nodiscard]] OpTables tables(WorkSharing& work) const;
    /// Everything that an operator's table follows from.
    [[nodiscard]] std::string key_of(std::string_view op) const;
};

}  // namespace regatta::timing
