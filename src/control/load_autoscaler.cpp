#include "control/load_autoscaler.hpp"

#include <cmath>

namespace regatta::control {

namespace {

Parameter tolerance_parameter() {
    return {.key = "tolerance",
            .kind = ParameterKind::Fraction,
            .default_text = "0.1",
            .most = 0.99,
            .sentence = "no change while load and target differ by no more than this part"};
}

}  // namespace

std::uint32_t LoadAutoscaler::wanted(const PoolState& pool) {
    const double load = by_ == By::Outstanding
                            ? static_cast<double>(pool.outstanding)
                            : static_cast<double>(pool.kv_blocks_used) / static_cast<double>(pool.kv_blocks);
    const double aimed_at = target_ * pool.current;
    if (pool.current > 0 && std::abs(load - aimed_at) <= tolerance_ * aimed_at) return pool.current;
    return static_cast<std::uint32_t>(std::min(std::ceil(load / target_), 1e9));
}

std::vector<Parameter> outstanding_parameters() {
    return {{.key = "target",
             .kind = ParameterKind::Real,
             .is_required = true,
             .least = 0.001,
             .most = 1e9,
             .sentence = "outstanding requests that a replica should have"},
            tolerance_parameter()};
}

std::unique_ptr<Autoscaler> make_outstanding(const ControlTarget& /*target*/, const Parameters& parameters) {
    return std::make_unique<LoadAutoscaler>(LoadAutoscaler::By::Outstanding, parameters.real("target"),
                                            parameters.real("tolerance"));
}

std::vector<Parameter> kv_use_parameters() {
    return {{.key = "target",
             .kind = ParameterKind::Fraction,
             .is_required = true,
             .least = 0.001,
             .sentence = "part of a replica's KV cache that should be in use"},
            tolerance_parameter()};
}

std::unique_ptr<Autoscaler> make_kv_use(const ControlTarget& /*target*/, const Parameters& parameters) {
    return std::make_unique<LoadAutoscaler>(LoadAutoscaler::By::KvUse, parameters.real("target"),
                                            parameters.real("tolerance"));
}

}  // namespace regatta::control
