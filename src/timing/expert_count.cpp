#include "timing/expert_count.hpp"

namespace regatta::timing {

double expected_distinct_experts(std::int64_t experts, std::int64_t per_token, std::int64_t tokens) {
    const double all = static_cast<double>(experts);
    double factor = 1 - static_cast<double>(per_token) / all;  // of the tokens pass an expert by
    double unused_fraction = 1;
    for (std::int64_t power = tokens; power > 0; power >>= 1) {
        if ((power & 1) != 0) unused_fraction *= factor;
        factor *= factor;
    }
    return all * (1 - unused_fraction);
}

}  // namespace regatta::timing
