#pragma once

#include <memory>
#include <vector>

#include "regatta/control/registry.hpp"

namespace regatta::control {

/// So many replicas that each has the target on average: ceil(load / target), the load being outstanding requests or
/// the part of the KV cache in use. While that is within the tolerance of what there is, what there is stays.
/// Source of rule and tolerance: Kubernetes, "Horizontal Pod Autoscaling", algorithm details.
class LoadAutoscaler final : public Autoscaler {
public:
    enum class By { Outstanding, KvUse };
    LoadAutoscaler(By by, double target, double tolerance) : by_(by), target_(target), tolerance_(tolerance) {}
    [[nodiscard]] std::uint32_t wanted(const PoolState& pool) override;
    [[nodiscard]] PoolWatch looks_at() const override {
        return {.requests = by_ == By::Outstanding, .kv_blocks = by_ == By::KvUse};
    }

private:
    By by_;
    double target_;  ///< per replica
    double tolerance_;
};

[[nodiscard]] std::vector<Parameter> outstanding_parameters();
[[nodiscard]] std::unique_ptr<Autoscaler> make_outstanding(const ControlTarget& target, const Parameters& parameters);
[[nodiscard]] std::vector<Parameter> kv_use_parameters();
[[nodiscard]] std::unique_ptr<Autoscaler> make_kv_use(const ControlTarget& target, const Parameters& parameters);

}  // namespace regatta::control
