#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/tiers.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::engine {

/// What a domain knows of its own future.
struct Pending {
    static constexpr bool kGoesAsBlock = true;

    SimTime wake_up = SimTime::never();  ///< earliest planned
    SimTime message = SimTime::never();  ///< earliest waiting to be handled
    SimTime report = SimTime::never();   ///< next instant at which it reports to a board
    SimTime change = SimTime::never();   ///< next instant at which a board that it reads changes

    SimTime last_event;  ///< handled so far
    SimTime reached;     ///< everything before has been carried out, so that `wake_up` will not be cancelled before
    SimTime lasting;     ///< something was known to happen at or after this instant when its fixed instants were due

    [[nodiscard]] SimTime event() const { return wake_up < message ? wake_up : message; }
};

/// Of what may make two domains send, the earlier.
inline void take_earliest(Pending& earliest, const Pending& other) {
    earliest.wake_up = std::min(earliest.wake_up, other.wake_up);
    earliest.message = std::min(earliest.message, other.message);
    earliest.report = std::min(earliest.report, other.report);
    earliest.change = std::min(earliest.change, other.change);
}

/// Until when nothing can reach the domains of one rank.
///
/// Every domain of every rank has, for each channel it sends over, an earliest send: its next wake-up, or its earliest
/// waiting message plus the promised reaction, or the next report. What such a send can set in motion, over any chain
/// of domains and reactions, reaches a domain not before the send plus a distance that is fixed from the start: the
/// shortest path over latencies and reactions. The least of all these sums is safe.
///
/// Ranks with members of the same groups are of one kind. Distances to this rank are the same from all others of a
/// kind, so what is kept and computed here follows the number of kinds (a few), not of ranks, and of what others have
/// pending only the earliest of each kind counts.
class Horizon {
public:
    Horizon(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank, Bound bound);

    [[nodiscard]] const std::vector<Channel>& channels() const { return channels_; }

    [[nodiscard]] std::size_t kinds() const { return kinds_; }
    [[nodiscard]] std::size_t kind_of(std::uint32_t rank) const { return kind_of_[rank]; }

    /// Safe instants of this rank's domains, given what all domains of all ranks (pending[rank * tiers + tier]) know.
    void find_safe(const std::vector<Pending>& pending);
    /// The same, given what its own domains know (by tier) and the earliest of what the others do (by kind and tier, as
    /// take_earliest gives it).
    void find_safe(std::span<const Pending> own, std::span<const Pending> others);
    [[nodiscard]] SimTime safe(std::uint32_t tier) const { return safe_[tier]; }
    /// The channel whose send bounds the tier, as an index of channels(); -1 when nothing bounds it.
    [[nodiscard]] int bounded_by(std::uint32_t tier) const { return bounded_by_[tier]; }

private:
    void find_kinds(const Partition& partition, const Model& model);
    void spread_from(std::size_t start, std::size_t start_channel);
    void bound_by(std::size_t place, std::span<const Pending> pending);
    [[nodiscard]] bool is_on(std::size_t place, GroupId group) const { return is_on_[place][group.index()]; }
    [[nodiscard]] SimTime earliest_send(std::size_t channel, const Pending& pending) const;
    [[nodiscard]] SimTime reaction(std::size_t input, std::size_t output) const;

    std::uint32_t rank_;
    std::size_t tiers_;
    std::size_t kinds_ = 0;
    std::vector<std::size_t> kind_of_;  ///< by rank
    /// Groups with members at a place. Places: this rank, then of each kind the other ranks together (none of them: no
    /// groups).
    std::vector<std::vector<bool>> is_on_;
    Bound bound_;
    std::vector<Channel> channels_;
    std::vector<SimTime> reaction_;          ///< by input channel and output channel; never where they do not meet
    std::vector<SimTime> message_reaction_;  ///< by output channel: the least over all inputs by message
    std::vector<SimTime> change_reaction_;   ///< by output channel: the least over all boards
    /// By sending place, channel and own tier: from the send to the earliest arrival of anything it causes.
    std::vector<SimTime> distance_;
    std::vector<SimTime> safe_;
    std::vector<int> bounded_by_;
    std::vector<Pending> others_;  ///< by kind and tier: scratch
};

}  // namespace regatta::engine
