#include "regatta/timing/registry.hpp"

#include "timing/linear.hpp"
#include "timing/profile.hpp"
#include "timing/roofline.hpp"
#include "timing/scratchpad.hpp"

namespace regatta::timing {

StepTimeRegistry built_in_step_time_models() {
    return StepTimeRegistry({
        {"roofline", "each operator takes the longer of its arithmetic and its memory traffic", roofline_parameters(),
         make_roofline},
        {"linear", "a constant, plus per token, plus per token of context", linear_parameters(), make_linear},
        {"profile", "sums of measured times of operators, as in Vidur", profile_parameters(), make_profile},
        {"scratchpad", "the roofline of the Scratchpad simulator as it is, for comparison", scratchpad_parameters(),
         make_scratchpad},
    });
}

}  // namespace regatta::timing
