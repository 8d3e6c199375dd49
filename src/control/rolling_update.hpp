#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/time.hpp"
#include "serving/phase.hpp"

namespace regatta::control {

/// Nodes of a pool are maintained one after the other: each drains, is out for a while, and serves again, and never are
/// more nodes unavailable than allowed, those that failed included. Plain code without an engine.
class RollingUpdate {
public:
    struct Plan {
        std::uint16_t pool = 0;
        SimTime at;        ///< it begins
        SimTime duration;  ///< of one node, drained to ready to load
        std::uint32_t most_unavailable = 1;
        std::uint32_t nodes = 0;
    };
    explicit RollingUpdate(const Plan& plan) : plan_(plan) {}

    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] bool is_done() const { return next_ == plan_.nodes && under_way_.empty(); }
    /// How a node is, as far as is known.
    struct NodeState {
        bool is_available = true;  ///< every replica that is wanted there serves
        bool is_at_rest = true;    ///< none drains, loads, or is being updated
    };
    /// The nodes that are to be updated from now on. `seen_by`: how long it takes until an order shows.
    [[nodiscard]] std::vector<std::uint32_t> next(const std::vector<NodeState>& nodes, SimTime now, SimTime seen_by);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& next_& under_way_;
    }

private:
    struct UnderWay {
        std::uint32_t node = 0;
        SimTime since;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& node& since;
        }
    };
    Plan plan_;
    std::uint32_t next_ = 0;  ///< node
    std::vector<UnderWay> under_way_;
};

}  // namespace regatta::control
