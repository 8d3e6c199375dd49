#pragma once

#include <cstdint>
#include <vector>

#include "engine/tiers.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/model.hpp"

namespace regatta::engine {

/// What happens at instants fixed from the start, on every rank alike, before any event of the instant: samples,
/// reports to boards, and boards changing. These keep no run alive.
class Agenda {
public:
    enum class Kind : std::uint8_t { Sample, Report, Change };
    struct Item {
        Kind kind = Kind::Sample;
        BoardId board;
        SimTime at;
    };

    Agenda(const Model& model, const Tiers& tiers, std::uint32_t tier);

    /// The next instant at which something is due; never when nothing ever is.
    [[nodiscard]] SimTime next_time() const { return next_time_; }
    /// Takes the next item off and puts its successor on. At one instant: samples, then reports, then changes, boards
    /// by id.
    [[nodiscard]] Item take();
    /// The next instant at which something is reported to a board.
    [[nodiscard]] SimTime next_report() const;
    /// The next instant at which a board changes.
    [[nodiscard]] SimTime next_change() const;
    [[nodiscard]] SimTime next_sample() const { return next_sample_; }

    /// Of the same boards.
    [[nodiscard]] bool is_like(const Agenda& other) const {
        return next_reports_.size() == other.next_reports_.size() && next_changes_.size() == other.next_changes_.size();
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& next_sample_& next_reports_& next_changes_& next_time_;
    }

private:
    void find_next_time();

    const Model* model_;
    SimTime next_sample_ = SimTime::never();
    std::vector<SimTime> next_reports_;  ///< by board; never where the tier has no part in it
    std::vector<SimTime> next_changes_;
    SimTime next_time_ = SimTime::never();
};

}  // namespace regatta::engine
