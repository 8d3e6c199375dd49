#include "engine/horizon.hpp"

#include <algorithm>
#include <cstddef>

namespace regatta::engine {

Horizon::Horizon(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank, Bound bound)
    : ranks_(partition.ranks),
      tiers_(tiers.count()),
      bound_(bound),
      channels_(channels_of(model, tiers)),
      reaction_(channels_.size() * channels_.size(), SimTime::never()),
      message_reaction_(channels_.size(), bound == Bound::Plain ? SimTime() : SimTime::never()),
      change_reaction_(channels_.size(), SimTime::never()),
      distance_(ranks_ * channels_.size() * tiers_, SimTime::never()),
      safe_(tiers_, SimTime::never()),
      bounded_by_(tiers_, -1) {
    const std::size_t count = channels_.size();
    for (std::size_t input = 0; input < count; ++input) {
        for (std::size_t output = 0; output < count; ++output) {
            const Channel& in = channels_[input];
            const Channel& out = channels_[output];
            // Inside an island anything that reaches one group may be handed on without delay.
            if (in.to != out.from && (in.to_tier != out.from_tier || tiers.stride(in.to_tier).is_never())) continue;
            SimTime least;
            if (bound == Bound::Promises) {
                if (out.is_board)
                    least = SimTime::never();
                else if (in.to == out.from && in.carries != kWakeUp)
                    least = model.reaction(in.to, in.carries, out.to);
            }
            reaction_[input * count + output] = least;
            std::vector<SimTime>& by_output = in.is_board ? change_reaction_ : message_reaction_;
            by_output[output] = std::min(by_output[output], least);
        }
    }
    find_distances(partition, model, rank);
}

SimTime Horizon::reaction(std::size_t input, std::size_t output) const {
    return reaction_[input * channels_.size() + output];
}

void Horizon::find_distances(const Partition& partition, const Model& model, std::uint32_t rank) {
    std::vector<bool> is_on(model.groups().size() * ranks_, false);
    for (std::uint32_t id = 0; id < model.process_count(); ++id)
        is_on[model.group_of(LpId(id)).index() * ranks_ + partition.rank_of[id]] = true;
    for (std::size_t from = 0; from < ranks_; ++from)
        for (std::size_t channel = 0; channel < channels_.size(); ++channel)
            if (is_on[channels_[channel].from.index() * ranks_ + from]) spread_from(from, channel, is_on, rank);
}

/// Shortest paths (Dijkstra) from a send over one channel of one rank to the arrivals at this rank's tiers. A vertex is
/// an arrival: (rank, channel it came over).
void Horizon::spread_from(std::size_t start_rank, std::size_t start_channel, const std::vector<bool>& is_on,
                          std::uint32_t rank) {
    const std::size_t count = channels_.size();
    std::vector<SimTime> arrival(ranks_ * count, SimTime::never());
    std::vector<bool> is_done(arrival.size(), false);
    SimTime* own = &distance_[(start_rank * count + start_channel) * tiers_];
    const auto send = [&](std::size_t from, std::size_t channel, SimTime at) {
        const Channel& via = channels_[channel];
        for (std::size_t to = 0; to < ranks_; ++to) {
            if (!is_on[via.to.index() * ranks_ + to]) continue;
            SimTime& earliest = arrival[to * count + channel];
            earliest = std::min(earliest, at + via.latency);
            // A domain handles what it sends to itself in order; only what comes from elsewhere bounds it.
            const bool is_own_send = to == from && via.from_tier == via.to_tier;
            if (to == rank && !is_own_send) own[via.to_tier] = std::min(own[via.to_tier], at + via.latency);
        }
    };
    send(start_rank, start_channel, SimTime());
    while (true) {
        std::size_t next = arrival.size();
        for (std::size_t i = 0; i < arrival.size(); ++i)
            if (!is_done[i] && !arrival[i].is_never() && (next == arrival.size() || arrival[i] < arrival[next]))
                next = i;
        if (next == arrival.size()) return;
        is_done[next] = true;
        for (std::size_t output = 0; output < count; ++output) {
            const SimTime least = reaction(next % count, output);
            const bool is_here = is_on[channels_[output].from.index() * ranks_ + next / count];
            if (is_here && !least.is_never()) send(next / count, output, arrival[next] + least);
        }
    }
}

SimTime Horizon::earliest_send(std::size_t channel, const Pending& pending) const {
    const auto after = [](SimTime input, SimTime least) {
        return input.is_never() || least.is_never() ? SimTime::never() : input + least;
    };
    const SimTime reacting =
        std::min(after(pending.message, message_reaction_[channel]), after(pending.change, change_reaction_[channel]));
    if (!channels_[channel].is_board) return std::min(pending.wake_up, reacting);
    const SimTime report = pending.report;
    return bound_ == Bound::Plain ? std::min({report, pending.wake_up, reacting}) : report;
}

void Horizon::find_safe(const std::vector<Pending>& pending) {
    for (std::size_t tier = 0; tier < tiers_; ++tier) {
        safe_[tier] = SimTime::never();
        bounded_by_[tier] = -1;
    }
    for (std::size_t from = 0; from < ranks_; ++from) {
        for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
            const SimTime send = earliest_send(channel, pending[from * tiers_ + channels_[channel].from_tier]);
            if (send.is_never()) continue;
            const SimTime* distance = &distance_[(from * channels_.size() + channel) * tiers_];
            for (std::size_t tier = 0; tier < tiers_; ++tier) {
                if (distance[tier].is_never() || send + distance[tier] >= safe_[tier]) continue;
                safe_[tier] = send + distance[tier];
                bounded_by_[tier] = static_cast<int>(channel);
            }
        }
    }
}

}  // namespace regatta::engine
