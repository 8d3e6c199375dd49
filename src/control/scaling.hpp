#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "regatta/control/autoscaler.hpp"

namespace regatta::control {

/// What holds whatever the policy wants.
struct ScalingLimits {
    std::uint32_t least = 1;  ///< replicas
    std::uint32_t most = 1;
    std::uint32_t spares = 0;     ///< replicas on top of what the policy wants
    std::uint32_t most_up = 1;    ///< replicas added in one decision
    std::uint32_t most_down = 1;  ///< replicas taken away in one decision
    SimTime up_window;            ///< more only if that was wanted all the time for so long
    SimTime down_window;          ///< fewer likewise
};

/// How many replicas a pool gets: what its policy wants, steadied. For more, the least that was wanted within the up
/// window counts, for fewer the most within the down window; between the two nothing changes.
/// Source: Kubernetes, "Horizontal Pod Autoscaling", stabilization window and scaling policies.
class Scaling {
public:
    Scaling(const ScalingLimits& limits, std::unique_ptr<Autoscaler> policy)
        : limits_(limits), policy_(std::move(policy)) {}

    [[nodiscard]] PoolWatch looks_at() const { return policy_->looks_at(); }
    [[nodiscard]] const ScalingLimits& limits() const { return limits_; }
    /// Times of calls rise.
    [[nodiscard]] std::uint32_t decide(const PoolState& pool);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& history_;
    }

private:
    struct Wish {
        SimTime at;
        std::uint32_t replicas = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& at& replicas;
        }
    };
    ScalingLimits limits_;
    std::unique_ptr<Autoscaler> policy_;
    std::deque<Wish> history_;  ///< of the longer window
};

}  // namespace regatta::control
