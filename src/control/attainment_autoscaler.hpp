#pragma once

#include <memory>
#include <vector>

#include "regatta/control/registry.hpp"

namespace regatta::control {

/// More replicas while fewer requests than wanted meet their stream's targets, fewer while nearly all do: a part of
/// what there is at a time, at least one. Between the two marks nothing changes, and nothing on too few requests.
class AttainmentAutoscaler final : public Autoscaler {
public:
    struct Options {
        double least = 0;  ///< part of the requests that should meet their targets
        double ample = 0;  ///< from here on there may be fewer replicas
        double step = 0;   ///< part of the replicas that is added or taken away
        std::uint64_t fewest_requests = 0;
    };
    explicit AttainmentAutoscaler(const Options& options) : options_(options) {}
    [[nodiscard]] std::uint32_t wanted(const PoolState& pool) override;
    [[nodiscard]] PoolWatch looks_at() const override { return {.requests = true, .attainment = true}; }

private:
    Options options_;
};

[[nodiscard]] std::vector<Parameter> attainment_parameters();
[[nodiscard]] std::unique_ptr<Autoscaler> make_attainment(const ControlTarget& target, const Parameters& parameters);

}  // namespace regatta::control
