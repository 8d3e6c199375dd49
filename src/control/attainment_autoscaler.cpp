#include "control/attainment_autoscaler.hpp"

#include <algorithm>
#include <cmath>

namespace regatta::control {

std::uint32_t AttainmentAutoscaler::wanted(const PoolState& pool) {
    // Nobody finishes although there are requests enough, or nobody serves them: nothing could be worse.
    const std::uint64_t enough = pool.current == 0 ? 1 : options_.fewest_requests;
    const bool is_stuck = pool.ended == 0 && pool.outstanding >= enough;
    if (pool.ended < options_.fewest_requests && !is_stuck)
        return pool.outstanding == 0 && pool.ended == 0 ? 0 : pool.current;
    const auto step = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::lround(pool.current * options_.step)));
    const double met = is_stuck ? 0 : static_cast<double>(pool.met) / static_cast<double>(pool.ended);
    if (met < options_.least) return pool.current + step;
    if (met >= options_.ample) return pool.current - std::min(pool.current, step);
    return pool.current;
}

std::vector<Parameter> attainment_parameters() {
    return {{.key = "target",
             .kind = ParameterKind::Fraction,
             .is_required = true,
             .least = 0.001,
             .sentence = "part of the requests that should meet their stream's targets"},
            {.key = "ample",
             .kind = ParameterKind::Fraction,
             .default_text = "0.999",
             .least = 0.001,
             .sentence = "part from which on there may be fewer replicas"},
            {.key = "part",
             .kind = ParameterKind::Fraction,
             .default_text = "0.1",
             .least = 0.001,
             .sentence = "of the replicas that is added or taken away at a time; at least one"},
            {.key = "fewest_requests",
             .kind = ParameterKind::Count,
             .default_text = "20",
             .least = 1,
             .most = 1e9,
             .sentence = "requests that must have finished since the last decision"}};
}

std::unique_ptr<Autoscaler> make_attainment(const ControlTarget& /*target*/, const Parameters& parameters) {
    return std::make_unique<AttainmentAutoscaler>(AttainmentAutoscaler::Options{
        .least = parameters.real("target"),
        .ample = parameters.real("ample"),
        .step = parameters.real("part"),
        .fewest_requests = static_cast<std::uint64_t>(parameters.count("fewest_requests"))});
}

}  // namespace regatta::control
