#include "engine/domain.hpp"

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/array.hpp>
#include <boost/serialization/vector.hpp>
#include <cstddef>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

constexpr std::uint32_t kIsWakeUp = 1u << 31;
/// How many events are handled between two looks at what else is to be done (progress, settling of results).
constexpr std::int64_t kEventsPerLookUp = 16'384;
/// From here on sorting digit by digit beats comparing.
constexpr std::size_t kFewestForDigits = 256;
constexpr unsigned kDigitBits = 11;

}  // namespace

Domain::Domain(bool is_independent, Agenda agenda, const std::vector<std::uint32_t>& local_of)
    : is_independent_(is_independent), agenda_(std::move(agenda)), local_of_(&local_of) {}

std::uint32_t Domain::add_member(Member member) {
    member.first_slot = static_cast<std::uint32_t>(slots_.size());
    member.slots = member.process->wake_up_slots();
    slots_.resize(slots_.size() + member.slots);
    members_.push_back(std::move(member));
    return static_cast<std::uint32_t>(members_.size() - 1);
}

void Domain::plan(std::uint32_t local, std::uint32_t slot, SimTime at, std::uint32_t instant_order) {
    Slot& state = slots_[members_[local].first_slot + slot];
    ++state.planning;
    state.is_planned = !at.is_never();
    if (!state.is_planned) return;
    const WakeUp wake_up{
        .time = at, .instant_order = instant_order, .slot = slot, .local = local, .planning = state.planning};
    if (local == visited_ && at < visit_end_)
        own_wakes_.push_back(wake_up);
    else
        wakes_.push(wake_up);
}

/// False when the wake-up was cancelled or planned anew since.
bool Domain::take_if_valid(const WakeUp& wake_up) {
    Slot& slot = slots_[members_[wake_up.local].first_slot + wake_up.slot];
    if (!slot.is_planned || slot.planning != wake_up.planning) return false;
    slot.is_planned = false;
    return true;
}

/// Cancelled wake-ups keep no run alive: takes them off the front.
void Domain::drop_cancelled() {
    while (!wakes_.is_empty()) {
        const WakeUp& first = wakes_.top();
        const Slot& slot = slots_[members_[first.local].first_slot + first.slot];
        if (slot.is_planned && slot.planning == first.planning) return;
        wakes_.pop();
    }
}

void Domain::count(SimTime time, Host& host) {
    last_event_ = std::max(last_event_, time);
    if (++events_ % kEventsPerLookUp == 0) host.look_up();
}

void Domain::run_until(SimTime safe, SimTime lasting, Host& host) {
    if (safe <= reached_) return;
    const SimTime reached = is_independent_ ? run_by_member(safe, lasting, host) : run_in_order(safe, lasting, host);
    reached_ = reached;
    horizon_ = reached;
}

/// Whether something is known to happen at `instant` or later, here or anywhere. What is pending here counts as it
/// stands: everything before `instant` has been carried out.
bool Domain::lasts_to(SimTime instant, SimTime lasting) {
    const auto is_later = [&](SimTime next) { return !next.is_never() && next >= instant; };
    if (instant > lasting && instant > last_event_) {
        drop_cancelled();
        if (!is_later(messages_.next_time()) && !is_later(wakes_.next_time())) return false;
    }
    lasting_ = std::max(lasting_, instant);
    return true;
}

/// In the total order over all members. Gives how far it came.
SimTime Domain::run_in_order(SimTime safe, SimTime lasting, Host& host) {
    while (true) {
        drop_cancelled();
        const SimTime message_time = messages_.next_time();
        const SimTime wake_time = wakes_.next_time();
        const SimTime next = std::min(message_time, wake_time);
        if (agenda_.next_time() <= next) {
            if (agenda_.next_time() >= safe) return safe;
            if (!lasts_to(agenda_.next_time(), lasting)) return agenda_.next_time();
            host.carry_out(*this, agenda_.take());
            continue;
        }
        if (next >= safe) return safe;
        if (wake_time < message_time ||
            (wake_time == message_time && engine::is_before(wakes_.top(), messages_.top()))) {
            const WakeUp wake_up = wakes_.top();
            wakes_.pop();
            slots_[members_[wake_up.local].first_slot + wake_up.slot].is_planned = false;
            horizon_ = wake_up.time;
            count(wake_up.time, host);
            host.wake(*this, wake_up.local, wake_up);
        } else {
            const Event event = messages_.top();
            messages_.pop();
            horizon_ = event.time;
            count(event.time, host);
            host.deliver(*this, (*local_of_)[event.receiver.index()], event);
        }
    }
}

/// Member by member: the window is cut at the agenda's instants, which concern all members; between two of them each
/// member that has something due handles all of it, what it plans for itself on the way included. Gives how far it
/// came.
SimTime Domain::run_by_member(SimTime safe, SimTime lasting, Host& host) {
    while (true) {
        visit_end_ = std::min(safe, agenda_.next_time());
        gather_due(visit_end_);
        for (std::size_t first = 0; first < due_.size();) {
            std::size_t last = first + 1;
            while (last < due_.size() && due_[last].local == due_[first].local)
                ++last;
            visit(due_[first].local, first, last, host);
            first = last;
        }
        horizon_ = visit_end_;
        if (agenda_.next_time() >= safe) return safe;
        if (!lasts_to(agenda_.next_time(), lasting)) return agenda_.next_time();
        host.carry_out(*this, agenda_.take());
    }
}

void Domain::gather_due(SimTime end) {
    due_.clear();
    due_messages_.clear();
    due_wakes_.clear();
    messages_.drain_before(end, [&](const Event& event) {
        due_.push_back({(*local_of_)[event.receiver.index()], static_cast<std::uint32_t>(due_messages_.size())});
        due_messages_.push_back(event);
    });
    wakes_.drain_before(end, [&](const WakeUp& wake_up) {
        due_.push_back({wake_up.local, static_cast<std::uint32_t>(due_wakes_.size()) | kIsWakeUp});
        due_wakes_.push_back(wake_up);
    });
    sort_due();
}

/// By member; the order within one is made when it is visited.
void Domain::sort_due() {
    if (due_.size() < kFewestForDigits) {
        std::sort(due_.begin(), due_.end(), [](const Due& a, const Due& b) { return a.local < b.local; });
        return;
    }
    other_due_.resize(due_.size());
    for (unsigned shift = 0; shift < 32 && (members_.size() - 1) >> shift != 0; shift += kDigitBits) {
        places_.assign((std::size_t{1} << kDigitBits) + 1, 0);
        const auto digit = [&](const Due& due) { return (due.local >> shift) & ((1u << kDigitBits) - 1); };
        for (const Due& due : due_)
            ++places_[digit(due) + 1];
        for (std::size_t i = 1; i < places_.size(); ++i)
            places_[i] += places_[i - 1];
        for (const Due& due : due_)
            other_due_[places_[digit(due)]++] = due;
        due_.swap(other_due_);
    }
}

/// Everything due for one member, in the total order.
void Domain::visit(std::uint32_t local, std::size_t first, std::size_t last, Host& host) {
    own_wakes_.clear();
    own_messages_.clear();
    for (std::size_t i = first; i < last; ++i) {
        const std::uint32_t index = due_[i].index;
        if ((index & kIsWakeUp) != 0)
            own_wakes_.push_back(due_wakes_[index & ~kIsWakeUp]);
        else
            own_messages_.push_back(index);
    }
    if (own_messages_.size() > 1)
        std::sort(own_messages_.begin(), own_messages_.end(), [&](std::uint32_t a, std::uint32_t b) {
            return engine::is_before(due_messages_[a], due_messages_[b]);
        });
    visited_ = local;
    std::size_t next_message = 0;
    while (true) {
        std::size_t earliest = 0;
        for (std::size_t i = 1; i < own_wakes_.size(); ++i)
            if (engine::is_before(own_wakes_[i], own_wakes_[earliest])) earliest = i;
        const bool has_message = next_message < own_messages_.size();
        if (own_wakes_.empty() && !has_message) break;
        if (!own_wakes_.empty() &&
            (!has_message || engine::is_before(own_wakes_[earliest], due_messages_[own_messages_[next_message]]))) {
            const WakeUp wake_up = own_wakes_[earliest];
            own_wakes_[earliest] = own_wakes_.back();
            own_wakes_.pop_back();
            if (!take_if_valid(wake_up)) continue;
            count(wake_up.time, host);
            host.wake(*this, local, wake_up);
        } else {
            const Event& event = due_messages_[own_messages_[next_message++]];
            count(event.time, host);
            host.deliver(*this, local, event);
        }
    }
    visited_ = UINT32_MAX;
}

Pending Domain::pending() {
    drop_cancelled();
    return {.wake_up = wakes_.next_time(),
            .message = messages_.next_time(),
            .report = agenda_.next_report(),
            .change = agenda_.next_change(),
            .last_event = last_event_,
            .reached = reached_,
            .lasting = lasting_};
}

std::vector<Event> Domain::messages() const {
    std::vector<Event> all;
    all.reserve(messages_.size());
    messages_.for_each([&](const Event& event) { all.push_back(event); });
    return all;
}

void Domain::save(OutArchive& archive) const {
    for (const Member& member : members_) {
        archive << member.sent;
        member.process->save(archive);
    }
    std::vector<WakeUp> wakes;
    wakes_.for_each([&](const WakeUp& wake_up) { wakes.push_back(wake_up); });
    const std::vector<Event> events = messages();
    archive << slots_ << events << wakes << agenda_ << horizon_ << reached_ << lasting_ << last_event_ << events_;
}

void Domain::load(InArchive& archive) {
    for (Member& member : members_) {
        archive >> member.sent;
        member.process->load(archive);
    }
    std::vector<Event> events;
    std::vector<WakeUp> wakes;
    archive >> slots_ >> events >> wakes >> agenda_ >> horizon_ >> reached_ >> lasting_ >> last_event_ >> events_;
    messages_.clear();
    wakes_.clear();
    for (const Event& event : events)
        messages_.push(event);
    for (const WakeUp& wake_up : wakes)
        wakes_.push(wake_up);
}

}  // namespace regatta::engine
