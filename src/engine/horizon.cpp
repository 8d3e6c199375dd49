#include "engine/horizon.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

namespace regatta::engine {

Horizon::Horizon(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank, Bound bound)
    : rank_(rank),
      tiers_(tiers.count()),
      bound_(bound),
      channels_(channels_of(model, tiers)),
      reaction_(channels_.size() * channels_.size(), SimTime::never()),
      message_reaction_(channels_.size(), bound == Bound::Plain ? SimTime() : SimTime::never()),
      change_reaction_(channels_.size(), SimTime::never()),
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
    find_kinds(partition, model);
    distance_.assign(is_on_.size() * count * tiers_, SimTime::never());
    for (std::size_t place = 0; place < is_on_.size(); ++place)
        for (std::size_t channel = 0; channel < count; ++channel)
            if (is_on(place, channels_[channel].from)) spread_from(place, channel);
}

SimTime Horizon::reaction(std::size_t input, std::size_t output) const {
    return reaction_[input * channels_.size() + output];
}

void Horizon::find_kinds(const Partition& partition, const Model& model) {
    std::vector<std::vector<bool>> groups_on(partition.ranks, std::vector<bool>(model.groups().size(), false));
    for (std::uint32_t id = 0; id < model.process_count(); ++id)
        groups_on[partition.rank_of[id]][model.group_of(LpId(id)).index()] = true;
    std::map<std::vector<bool>, std::size_t> kind_with;  // numbered in the order in which ranks show them
    is_on_.push_back(groups_on[rank_]);
    for (std::uint32_t rank = 0; rank < partition.ranks; ++rank) {
        const auto [found, is_new] = kind_with.try_emplace(groups_on[rank], kind_with.size());
        kind_of_.push_back(found->second);
        if (is_new) is_on_.emplace_back(model.groups().size(), false);
        if (rank != rank_) is_on_[1 + found->second] = groups_on[rank];
    }
    kinds_ = kind_with.size();
    others_.resize(kinds_ * tiers_);
}

/// Shortest paths (Dijkstra) from a send over one channel of one place to the arrivals at this rank's tiers. A vertex
/// is an arrival: (place, channel it came over). That the other ranks of a kind are one place leaves no path out and
/// adds none: whatever reaches one of them over a channel reaches all of them as early.
void Horizon::spread_from(std::size_t start, std::size_t start_channel) {
    const std::size_t count = channels_.size();
    std::vector<SimTime> arrival(is_on_.size() * count, SimTime::never());
    std::vector<bool> is_done(arrival.size(), false);
    SimTime* own = &distance_[(start * count + start_channel) * tiers_];
    const auto send = [&](std::size_t from, std::size_t channel, SimTime at) {
        const Channel& via = channels_[channel];
        for (std::size_t to = 0; to < is_on_.size(); ++to) {
            if (!is_on(to, via.to)) continue;
            SimTime& earliest = arrival[to * count + channel];
            earliest = std::min(earliest, at + via.latency);
            // A domain handles what it sends to itself in order; only what comes from elsewhere bounds it.
            const bool is_own_send = from == 0 && via.from_tier == via.to_tier;
            if (to == 0 && !is_own_send) own[via.to_tier] = std::min(own[via.to_tier], at + via.latency);
        }
    };
    send(start, start_channel, SimTime());
    while (true) {
        std::size_t next = arrival.size();
        for (std::size_t i = 0; i < arrival.size(); ++i)
            if (!is_done[i] && !arrival[i].is_never() && (next == arrival.size() || arrival[i] < arrival[next]))
                next = i;
        if (next == arrival.size()) return;
        is_done[next] = true;
        for (std::size_t output = 0; output < count; ++output) {
            const SimTime least = reaction(next % count, output);
            if (is_on(next / count, channels_[output].from) && !least.is_never())
                send(next / count, output, arrival[next] + least);
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
    std::fill(others_.begin(), others_.end(), Pending());
    for (std::size_t rank = 0; rank < kind_of_.size(); ++rank)
        if (rank != rank_)
            for (std::size_t tier = 0; tier < tiers_; ++tier)
                take_earliest(others_[kind_of_[rank] * tiers_ + tier], pending[rank * tiers_ + tier]);
    find_safe(std::span(pending).subspan(rank_ * tiers_, tiers_), others_);
}

void Horizon::find_safe(std::span<const Pending> own, std::span<const Pending> others) {
    std::fill(safe_.begin(), safe_.end(), SimTime::never());
    std::fill(bounded_by_.begin(), bounded_by_.end(), -1);
    bound_by(0, own);
    for (std::size_t kind = 0; kind < kinds_; ++kind)
        bound_by(1 + kind, others.subspan(kind * tiers_, tiers_));
}

void Horizon::bound_by(std::size_t place, std::span<const Pending> pending) {
    for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
        const SimTime send = earliest_send(channel, pending[channels_[channel].from_tier]);
        if (send.is_never()) continue;
        const SimTime* distance = &distance_[(place * channels_.size() + channel) * tiers_];
        for (std::size_t tier = 0; tier < tiers_; ++tier) {
            if (distance[tier].is_never() || send + distance[tier] >= safe_[tier]) continue;
            safe_[tier] = send + distance[tier];
            bounded_by_[tier] = static_cast<int>(channel);
        }
    }
}

}  // namespace regatta::engine
