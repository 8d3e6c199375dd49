#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/base/time_span.hpp"
#include "regatta/serving/records.hpp"

namespace regatta::serving {

/// How long a part works until it fails, and how long its repair takes: Weibull distributed around the means, which
/// with shape 1 is exponential. Source: Schroeder, Gibson, "A large-scale study of failures in high-performance
/// computing systems", DSN 2006: shapes of 0.7 to 0.8 between failures.
struct FailureLaw {
    double mtbf_s = 0;  ///< mean time between the end of a repair and the next failure
    double mttr_s = 0;  ///< mean time to repair
    double shape = 1;
    double repair_shape = 1;
    friend bool operator==(const FailureLaw&, const FailureLaw&) = default;
};

/// Holds from `from` on in place of the law before.
struct LaterLaw {
    SimTime from;
    FailureLaw law;
};

/// A time at which a part is out by the user's word.
struct Outage {
    SimTime from;
    SimTime to;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& from& to;
    }
};

/// A part of a node that fails and is repaired as one: a GPU, the node, or the rack as this node feels it.
struct FailingPart {
    FleetEvent kind = FleetEvent::GpuDown;
    std::uint32_t first_gpu = 0;  ///< those that it takes down with it
    std::uint32_t end_gpu = 0;
    std::uint32_t member = 0;          ///< which of the nodes that are one process
    std::uint64_t entity = 0;          ///< whose random numbers it draws: nodes of a rack draw the rack's
    std::optional<FailureLaw> law;     ///< none: `script` alone
    std::vector<LaterLaw> later = {};  ///< of a part with a law: those that follow it, by time
    std::vector<Outage> script = {};   ///< rising, apart from each other
};

/// When failures by chance strike: before `until`, and never while it is `closed`.
struct FailureSeason {
    SimTime until;
    std::vector<TimeSpan> closed = {};  ///< by time, apart from each other; parts do not age either
};

/// When one part is up and when it is down: alternating draws, addressed by the part and their number, so that every
/// process that asks for a rack gets the same; or the user's list.
///
/// A law that changes finds the part at the age it has, and from there on counts by its own hazard: a number u is drawn
/// once, and the part fails when the integral of the hazard has grown to -ln u, whatever laws it went through.
class PartState {
public:
    PartState(FailingPart part, std::uint64_t seed, FailureSeason season);

    [[nodiscard]] const FailingPart& part() const { return part_; }
    [[nodiscard]] bool is_down() const { return is_down_; }
    /// When it changes next.
    [[nodiscard]] SimTime change() const { return change_; }
    [[nodiscard]] SimTime since() const { return since_; }  ///< its last change
    /// Changes: `change()` has come.
    void turn();

    /// Not the next change, which is found again: another law may hold by then.
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& is_down_& number_& since_;
        change_ = next_change();
    }

private:
    /// Of a law: for how long it is up, or down.
    struct Spell {
        double mean_s = 0;
        double shape = 1;
    };
    [[nodiscard]] SimTime next_change() const { return is_down_ ? repaired() : next_failure(); }
    [[nodiscard]] SimTime next_failure() const;
    [[nodiscard]] SimTime repaired() const;
    [[nodiscard]] SimTime end_of(Spell (*spell)(const FailureLaw&), double uniform,
                                 const std::vector<TimeSpan>& closed) const;

    FailingPart part_;
    std::uint64_t seed_;
    FailureSeason season_;
    bool is_down_ = false;
    std::uint64_t number_ = 0;  ///< of the next outage
    SimTime since_;
    SimTime change_;
};

}  // namespace regatta::serving
