#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

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
    friend bool operator==(const ScalingLimits&, const ScalingLimits&) = default;
};

/// How many replicas a pool gets: what its policy wants, steadied. For more, the least that was wanted within the up
/// window counts, for fewer the most within the down window; between the two nothing changes.
/// Source: Kubernetes, "Horizontal Pod Autoscaling", stabilization window and scaling policies.
class Scaling {
public:
    Scaling(const ScalingLimits& limits, std::unique_ptr<Autoscaler> policy) {
        terms_.push_back({.from = SimTime(), .limits = limits, .policy = std::move(policy)});
    }

    /// From `from` on, which is after all that was said before, these decide. What was wanted before counts for their
    /// windows as far as it is still known.
    void change(SimTime from, const ScalingLimits& limits, std::unique_ptr<Autoscaler> policy) {
        terms_.push_back({.from = from, .limits = limits, .policy = std::move(policy)});
    }
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
    struct Terms {
        SimTime from;
        ScalingLimits limits;
        std::unique_ptr<Autoscaler> policy;
    };
    [[nodiscard]] const Terms& terms_at(SimTime now) const;

    std::vector<Terms> terms_;  ///< at least one, by time
    std::deque<Wish> history_;  ///< of the longer window
};

}  // namespace regatta::control
