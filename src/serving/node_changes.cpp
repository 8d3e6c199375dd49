#include "serving/node_changes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::serving {

namespace {

FleetEvent span_of(Phase phase) {
    switch (phase) {
        case Phase::Loading:
            return FleetEvent::Loading;
        case Phase::WarmingUp:
            return FleetEvent::WarmingUp;
        case Phase::Draining:
            return FleetEvent::Draining;
        case Phase::Absent:
        case Phase::Off:
        case Phase::Ready:
        case Phase::Down:
        case Phase::Updating:
            break;
    }
    return FleetEvent::Serving;
}

FleetCause cause_of(const FailingPart& part) {
    return part.law ? FleetCause::Failure : FleetCause::Script;
}

}  // namespace

NodeChanges::NodeChanges(Setup setup) : setup_(std::move(setup)), down_(setup_.gpus, 0), loads_(setup_.rates) {
    for (std::uint32_t slot = 0; slot < setup_.slots.size(); ++slot) {
        const Phase phase = setup_.slots[slot].at_start;
        State& state = states_.emplace_back();
        state.phase = phase;
        state.is_wanted = phase == Phase::Ready;
        state.is_installed = phase != Phase::Absent;
        // Whoever serves from the start has been loaded before.
        if (phase == Phase::Ready) keep_in_host(slot);
    }
    for (FailingPart& part : setup_.parts) {
        REGATTA_CHECK(part.first_gpu < part.end_gpu && part.end_gpu <= setup_.gpus,
                      "a part of GPUs " + std::to_string(part.first_gpu) + " to " + std::to_string(part.end_gpu));
        parts_.emplace_back(std::move(part), setup_.seed, setup_.failures);
    }
    is_noticed_.assign(parts_.size(), 0);
}

bool NodeChanges::is_whole(std::uint32_t slot) const {
    const ReplicaSlot& facts = setup_.slots[slot];
    if (!update_end_.is_never()) return false;
    return std::all_of(down_.begin() + facts.first_gpu, down_.begin() + facts.first_gpu + facts.gpus,
                       [](std::uint32_t failed) { return failed == 0; });
}

bool NodeChanges::wants(std::uint32_t slot) const {
    return states_[slot].is_wanted && states_[slot].is_installed && !wants_update_ && update_end_.is_never();
}

bool NodeChanges::is_free_for(std::uint32_t slot) const {
    const ReplicaSlot& facts = setup_.slots[slot];
    for (std::uint32_t other = 0; other < states_.size(); ++other) {
        const ReplicaSlot& held = setup_.slots[other];
        const bool overlaps =
            held.first_gpu < facts.first_gpu + facts.gpus && facts.first_gpu < held.first_gpu + held.gpus;
        if (other != slot && overlaps && holds_gpus(states_[other].phase)) return false;
    }
    return true;
}

/// What a replica is that does not serve and is not about to.
Phase NodeChanges::resting(std::uint32_t slot) const {
    if (!states_[slot].is_installed) return Phase::Absent;
    if (!update_end_.is_never()) return Phase::Updating;
    return is_whole(slot) ? Phase::Off : Phase::Down;
}

SimTime NodeChanges::wake_at() const {
    SimTime next = std::min(loads_.next_end(), update_end_);
    for (const PartState& part : parts_)
        next = std::min(next, part.change());
    for (const State& state : states_)
        next = std::min({next, state.until, state.kill_at});
    return next;
}

void NodeChanges::wake(SimTime now, Host& host) {
    turn_parts(now, host);
    turn_update(now, host);
    while (const auto slot = loads_.take_ended(now)) {
        keep_in_host(*slot);
        enter(*slot, Phase::WarmingUp, now, host);
        states_[*slot].until = now + setup_.slots[*slot].warm_up;
    }
    settle(now, host);
}

void NodeChanges::turn_parts(SimTime now, Host& host) {
    for (PartState& part : parts_) {
        while (part.change() <= now) {
            const SimTime since = part.since();
            part.turn();
            const FailingPart& facts = part.part();
            for (std::uint32_t gpu = facts.first_gpu; gpu < facts.end_gpu; ++gpu)
                part.is_down() ? ++down_[gpu] : --down_[gpu];
            // What failed with its host has an empty memory afterwards.
            if (part.is_down() && facts.kind != FleetEvent::GpuDown) cache_.clear();
            std::uint8_t& is_noticed = is_noticed_[static_cast<std::size_t>(&part - parts_.data())];
            if (part.is_down())
                is_noticed = has_hardware(facts) ? 1 : 0;
            else if (is_noticed != 0)
                tell_outage(part, since, part.since(), host);
        }
    }
}

/// Somebody could be served there.
bool NodeChanges::has_hardware(const FailingPart& part) const {
    for (std::size_t slot = 0; slot < states_.size(); ++slot) {
        const ReplicaSlot& facts = setup_.slots[slot];
        if (states_[slot].is_installed && facts.first_gpu < part.end_gpu &&
            part.first_gpu < facts.first_gpu + facts.gpus)
            return true;
    }
    return false;
}

void NodeChanges::tell_outage(const PartState& part, SimTime since, SimTime until, Host& host) const {
    const FailingPart& facts = part.part();
    host.tell({.start_ns = since.ns(),
               .end_ns = until.ns(),
               .node = setup_.first_node.value() + facts.member,
               .gpu = facts.kind == FleetEvent::GpuDown ? facts.first_gpu : kNoGpu,
               .kind = facts.kind,
               .cause = cause_of(facts)});
}

void NodeChanges::turn_update(SimTime now, Host& host) {
    if (update_end_ > now) return;
    host.tell({.start_ns = update_since_.ns(),
               .end_ns = now.ns(),
               .node = setup_.first_node.value(),
               .kind = FleetEvent::Updating,
               .cause = FleetCause::Maintenance});
    update_end_ = SimTime::never();
}

void NodeChanges::order(const OrderMessage& message, SimTime now, Host& host) {
    if (message.order == Order::Update) {
        if (update_end_.is_never()) wants_update_ = true;
        update_length_ = SimTime::from_ns(message.duration_ns);
        settle(now, host);
        return;
    }
    REGATTA_CHECK(message.slot < states_.size(), "an order for replica " + std::to_string(message.slot) + " of a node");
    State& state = states_[message.slot];
    state.cause = message.cause;
    const bool is_wanted = message.order == Order::Provision || message.order == Order::Install;
    const bool is_sudden = message.order == Order::Rip;
    const bool is_hardware = is_sudden || message.order == Order::Install || message.order == Order::Uninstall;
    state.is_wanted = is_wanted;
    if (is_hardware && state.is_installed != is_wanted) {
        state.is_installed = is_wanted;
        FleetEventRecord record = record_of(message.slot, is_wanted ? FleetEvent::Installed : FleetEvent::Removed);
        record.start_ns = record.end_ns = now.ns();
        record.amount = setup_.slots[message.slot].gpus;
        host.tell(record);
    }
    if (is_sudden && holds_gpus(state.phase)) {
        lose(message.slot, now, host);
        enter(message.slot, resting(message.slot), now, host);
    }
    settle(now, host);
}

/// Until nothing changes any more: a replica that lets go of its GPUs may let another one in.
void NodeChanges::settle(SimTime now, Host& host) {
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (std::uint32_t slot = 0; slot < states_.size(); ++slot)
            has_changed |= step(slot, now, host);
        const bool is_still =
            std::none_of(states_.begin(), states_.end(), [](const State& state) { return holds_gpus(state.phase); });
        if (wants_update_ && is_still) {
            wants_update_ = false;
            update_since_ = now;
            update_end_ = now + std::max(update_length_, SimTime::from_ns(1));
            cache_.clear();
            has_changed = true;
        }
    }
}

/// One change of one replica; false: it is where it should be.
bool NodeChanges::step(std::uint32_t slot, SimTime now, Host& host) {
    State& state = states_[slot];
    if (holds_gpus(state.phase) && !is_whole(slot)) {
        lose(slot, now, host);
        enter(slot, resting(slot), now, host);
        return true;
    }
    switch (state.phase) {
        case Phase::Absent:
        case Phase::Off:
        case Phase::Down:
        case Phase::Updating:
            return start(slot, now, host);
        case Phase::Loading:
            if (wants(slot)) return false;
            loads_.cancel(slot, now);
            enter(slot, resting(slot), now, host);
            return true;
        case Phase::WarmingUp:
            if (wants(slot) && state.until > now) return false;
            enter(slot, wants(slot) ? Phase::Ready : resting(slot), now, host);
            return true;
        case Phase::Ready:
            if (wants(slot)) return false;
            enter(slot, Phase::Draining, now, host);
            state.until = now + setup_.drain_grace;
            if (!setup_.drain_limit.is_never()) state.kill_at = now + setup_.drain_limit;
            return true;
        case Phase::Draining:
            return drain(slot, now, host);
    }
    return false;
}

bool NodeChanges::start(std::uint32_t slot, SimTime now, Host& host) {
    if (wants(slot) && is_whole(slot) && is_free_for(slot)) {
        const ReplicaSlot& facts = setup_.slots[slot];
        loads_.begin(slot, facts.weight_bytes, facts.gpus, source_for(slot), now);
        enter(slot, Phase::Loading, now, host);
        return true;
    }
    if (states_[slot].phase == resting(slot)) return false;
    enter(slot, resting(slot), now, host);
    return true;
}

bool NodeChanges::drain(std::uint32_t slot, SimTime now, Host& host) {
    State& state = states_[slot];
    if (wants(slot)) {
        enter(slot, Phase::Ready, now, host);
        return true;
    }
    if (state.until <= now) state.until = SimTime::never();
    const bool is_empty = state.until.is_never() && host.outstanding(slot) == 0;
    if (!is_empty && state.kill_at > now) return false;
    if (!is_empty) lose(slot, now, host);
    enter(slot, resting(slot), now, host);
    return true;
}

void NodeChanges::lose(std::uint32_t slot, SimTime now, Host& host) {
    if (states_[slot].phase == Phase::Loading) loads_.cancel(slot, now);
    if (!takes(slot)) return;
    const std::int64_t lost = host.lose(slot, now);
    FleetEventRecord record = record_of(slot, FleetEvent::Lost);
    record.start_ns = record.end_ns = now.ns();
    record.amount = lost;
    if (!is_whole(slot)) record.cause = FleetCause::Failure;
    host.tell(record);
}

void NodeChanges::enter(std::uint32_t slot, Phase phase, SimTime now, Host& host) {
    State& state = states_[slot];
    tell_span(slot, now, host);
    state.why = cause_to_enter(slot, phase);
    state.phase = phase;
    state.since = now;
    state.until = SimTime::never();
    state.kill_at = SimTime::never();
    host.phase_changed(slot, phase);
}

/// Why a replica enters a phase: on its way to serving, what had kept it from that.
FleetCause NodeChanges::cause_to_enter(std::uint32_t slot, Phase next) const {
    const State& state = states_[slot];
    if (next == Phase::Loading && state.phase == Phase::Down) return FleetCause::Failure;
    if (next == Phase::Loading && state.phase == Phase::Updating) return FleetCause::Maintenance;
    const bool goes_on = is_starting(state.phase) && (next == Phase::WarmingUp || next == Phase::Ready);
    if (goes_on) return state.why;
    const bool is_for_update = next == Phase::Draining && wants_update_ && state.is_wanted && state.is_installed;
    return is_for_update ? FleetCause::Maintenance : state.cause;
}

FleetEventRecord NodeChanges::record_of(std::uint32_t slot, FleetEvent kind) const {
    const ReplicaSlot& facts = setup_.slots[slot];
    return {.node = setup_.first_node.value(),
            .replica = facts.replica.value(),
            .pool = facts.pool.value(),
            .kind = kind,
            .cause = states_[slot].cause};
}

/// The phase that ends now.
void NodeChanges::tell_span(std::uint32_t slot, SimTime now, Host& host) const {
    const State& state = states_[slot];
    if (!holds_gpus(state.phase)) return;
    FleetEventRecord record = record_of(slot, span_of(state.phase));
    record.start_ns = state.since.ns();
    record.end_ns = now.ns();
    record.cause = state.why;
    if (state.phase == Phase::Loading) record.amount = static_cast<std::int64_t>(setup_.slots[slot].weight_bytes);
    host.tell(record);
}

WeightSource NodeChanges::source_for(std::uint32_t slot) {
    const std::uint16_t pool = setup_.slots[slot].pool.value();
    const bool is_cached =
        std::any_of(cache_.begin(), cache_.end(), [pool](const Cached& cached) { return cached.pool == pool; });
    return is_cached ? WeightSource::Host : setup_.slots[slot].source;
}

/// The most recently used of what fits.
void NodeChanges::keep_in_host(std::uint32_t slot) {
    const ReplicaSlot& facts = setup_.slots[slot];
    std::erase_if(cache_, [&](const Cached& cached) { return cached.pool == facts.pool.value(); });
    if (facts.weight_bytes > setup_.host_memory_bytes) return;
    cache_.push_back({.pool = facts.pool.value(), .bytes = facts.weight_bytes});
    double kept = 0;
    for (const Cached& cached : cache_)
        kept += cached.bytes;
    while (kept > setup_.host_memory_bytes) {
        kept -= cache_.front().bytes;
        cache_.erase(cache_.begin());
    }
}

void NodeChanges::finish(SimTime end, Host& host) {
    for (std::uint32_t slot = 0; slot < states_.size(); ++slot)
        tell_span(slot, end, host);
    for (std::size_t i = 0; i < parts_.size(); ++i)
        if (parts_[i].is_down() && is_noticed_[i] != 0) tell_outage(parts_[i], parts_[i].since(), end, host);
    if (!update_end_.is_never()) {
        update_end_ = end;
        turn_update(end, host);
    }
}

template <class Archive>
void NodeChanges::State::serialize(Archive& archive, unsigned /*version*/) {
    archive& phase& is_wanted& is_installed& since& until& kill_at& cause& why;
}

void NodeChanges::save(OutArchive& archive) const {
    archive << states_;
    for (const PartState& part : parts_)
        archive << part;
    archive << is_noticed_ << down_ << loads_ << cache_ << wants_update_ << update_length_ << update_since_
            << update_end_;
}

void NodeChanges::load(InArchive& archive) {
    archive >> states_;
    for (PartState& part : parts_)
        archive >> part;
    archive >> is_noticed_ >> down_ >> loads_ >> cache_ >> wants_update_ >> update_length_ >> update_since_ >>
        update_end_;
}

}  // namespace regatta::serving
