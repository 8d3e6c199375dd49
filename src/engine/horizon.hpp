#pragma once

#include <cstdint>
#include <vector>

#include "engine/tiers.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::engine {

/// What a domain knows of its own future.
struct Pending {
    SimTime wake_up = SimTime::never();  ///< earliest planned
    SimTime message = SimTime::never();  ///< earliest waiting to be handled
    SimTime report = SimTime::never();   ///< next instant at which it reports to a board
    SimTime change = SimTime::never();   ///< next instant at which a board that it reads changes

    SimTime last_event;  ///< handled so far
    SimTime reached;     ///< everything before has been carried out, so that `wake_up` will not be cancelled before
    SimTime lasting;     ///< something was known to happen at or after this instant when its fixed instants were due

    [[nodiscard]] SimTime event() const { return wake_up < message ? wake_up : message; }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& wake_up& message& report& change& last_event& reached& lasting;
    }
};

/// Until when nothing can reach the domains of one rank.
///
/// Every domain of every rank has, for each channel it sends over, an earliest send: its next wake-up, or its earliest
/// waiting message plus the promised reaction, or the next report. What such a send can set in motion, over any chain
/// of domains and reactions, reaches a domain not before the send plus a distance that is fixed from the start: the
/// shortest path over latencies and reactions. The least of all these sums is safe.
class Horizon {
public:
    Horizon(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank, Bound bound);

    [[nodiscard]] const std::vector<Channel>& channels() const { return channels_; }

    /// Safe instants of this rank's domains, given what all domains of all ranks (pending[rank * tiers + tier]) know.
    void find_safe(const std::vector<Pending>& pending);
    [[nodiscard]] SimTime safe(std::uint32_t tier) const { return safe_[tier]; }
    /// The channel whose send bounds the tier, as an index of channels(); -1 when nothing bounds it.
    [[nodiscard]] int bounded_by(std::uint32_t tier) const { return bounded_by_[tier]; }

private:
    void find_distances(const Partition& partition, const Model& model, std::uint32_t rank);
    void spread_from(std::size_t start_rank, std::size_t start_channel, const std::vector<bool>& is_on,
                     std::uint32_t rank);
    [[nodiscard]] SimTime earliest_send(std::size_t channel, const Pending& pending) const;
    [[nodiscard]] SimTime reaction(std::size_t input, std::size_t output) const;

    std::size_t ranks_;
    std::size_t tiers_;
    Bound bound_;
    std::vector<Channel> channels_;
    std::vector<SimTime> reaction_;          ///< by input channel and output channel; never where they do not meet
    std::vector<SimTime> message_reaction_;  ///< by output channel: the least over all inputs by message
    std::vector<SimTime> change_reaction_;   ///< by output channel: the least over all boards
    /// By sending rank, channel and own tier: from the send to the earliest arrival of anything it causes.
    std::vector<SimTime> distance_;
    std::vector<SimTime> safe_;
    std::vector<int> bounded_by_;
};

}  // namespace regatta::engine
