#include "control/fleet_watch.hpp"

#include <algorithm>
#include <utility>

namespace regatta::control {

using serving::Phase;

namespace {

/// Counters that only rise, modulo 2^32.
std::uint64_t count_up(std::vector<std::uint32_t>& known, std::span<const std::uint32_t> told) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < known.size(); ++i) {
        sum += static_cast<std::uint32_t>(told[i] - known[i]);
        known[i] = told[i];
    }
    return sum;
}

}  // namespace

FleetWatch::FleetWatch(std::vector<ControlledPool> pools, std::vector<std::uint16_t> pool_of_choice)
    : pools_(std::move(pools)), pool_of_choice_(std::move(pool_of_choice)) {
    for (const ControlledPool& pool : pools_) {
        State& state = states_.emplace_back();
        state.phases = pool.at_start;
        for (std::vector<std::uint32_t>* counts : {&state.requests, &state.kv_blocks, &state.ended, &state.met})
            counts->assign(pool.replicas(), 0);
        state.idle_since.assign(pool.replicas(), SimTime());
        for (const Phase phase : pool.at_start)
            state.is_wanted.push_back(phase == Phase::Ready);
    }
}

void FleetWatch::told(std::size_t pool, Watched what, std::span<const std::uint32_t> values, SimTime at) {
    State& state = states_[pool];
    switch (what) {
        case Watched::Phase:
            for (std::uint32_t replica = 0; replica < pools_[pool].replicas(); ++replica) {
                const Phase phase = serving::phase_of(values[replica], pools_[pool].at_start[replica]);
                if (phase == Phase::Ready && state.phases[replica] != Phase::Ready) state.idle_since[replica] = at;
                state.phases[replica] = phase;
            }
            return;
        case Watched::Requests:
            for (std::uint32_t replica = 0; replica < pools_[pool].replicas(); ++replica) {
                if (values[replica] > 0)
                    state.idle_since[replica] = SimTime::never();
                else if (state.requests[replica] > 0)
                    state.idle_since[replica] = at;
                state.requests[replica] = values[replica];
            }
            return;
        case Watched::KvBlocks:
            state.kv_blocks.assign(values.begin(), values.end());
            return;
        case Watched::Ended:
            state.ended_since += count_up(state.ended, values);
            return;
        case Watched::Met:
            state.met_since += count_up(state.met, values);
            return;
    }
}

void FleetWatch::told_demand(std::span<const std::uint32_t> values) {
    for (State& state : states_)
        state.demand = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        states_[pool_of_choice_[i % pool_of_choice_.size()]].demand += values[i];
}

bool FleetWatch::counts(std::size_t pool, std::uint32_t replica) const {
    const Phase phase = states_[pool].phases[replica];
    return states_[pool].is_wanted[replica] && phase != Phase::Down && phase != Phase::Updating &&
           phase != Phase::Absent;
}

PoolState FleetWatch::state_of(std::size_t pool, SimTime now) {
    State& known = states_[pool];
    PoolState state{.now = now,
                    .outstanding = known.demand,
                    .kv_blocks = pools_[pool].kv_blocks,
                    .ended = std::exchange(known.ended_since, 0),
                    .met = std::exchange(known.met_since, 0)};
    for (std::uint32_t replica = 0; replica < pools_[pool].replicas(); ++replica) {
        if (counts(pool, replica)) {
            ++state.current;
            if (known.phases[replica] == Phase::Ready) ++state.ready;
        }
        state.outstanding += known.requests[replica];
        state.kv_blocks_used += known.kv_blocks[replica];
    }
    return state;
}

std::vector<FleetWatch::Place> FleetWatch::in_the_way(std::size_t pool, std::uint32_t replica) const {
    const ControlledPool& own = pools_[pool];
    const std::uint32_t node = own.node_of(replica);
    const std::uint32_t begin = own.first_gpu + replica % own.replicas_per_node * own.gpus_per_replica;
    std::vector<Place> places;
    for (std::size_t other = 0; other < pools_.size(); ++other) {
        const ControlledPool& held = pools_[other];
        if (other == pool || held.host != own.host) continue;
        for (std::uint32_t slot = 0; slot < held.replicas_per_node; ++slot) {
            const std::uint32_t first = held.first_gpu + slot * held.gpus_per_replica;
            const std::uint32_t candidate = node * held.replicas_per_node + slot;
            const bool overlaps = first < begin + own.gpus_per_replica && begin < first + held.gpus_per_replica;
            if (overlaps && is_wanted(other, candidate)) places.push_back({other, candidate});
        }
    }
    return places;
}

bool FleetWatch::is_free(std::size_t pool, std::uint32_t replica) const {
    return !is_wanted(pool, replica) && phase(pool, replica) == Phase::Off && in_the_way(pool, replica).empty();
}

double FleetWatch::load_of(std::size_t pool) const {
    std::uint64_t load = states_[pool].demand;
    std::uint32_t serving = 0;
    for (std::uint32_t replica = 0; replica < pools_[pool].replicas(); ++replica) {
        load += states_[pool].requests[replica];
        if (counts(pool, replica)) ++serving;
    }
    return static_cast<double>(load) / std::max<std::uint32_t>(serving, 1);
}

bool FleetWatch::has_work() const {
    return std::any_of(states_.begin(), states_.end(), [](const State& state) {
        return state.demand > 0 || std::any_of(state.requests.begin(), state.requests.end(),
                                               [](std::uint32_t requests) { return requests > 0; });
    });
}

}  // namespace regatta::control
