#include "engine/domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/serialization/array.hpp>
#include <cstddef>
#include <utility>

#include "engine/prefetch.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

/// How many events are handled between two looks at what else is to be done (progress, settling of results).
constexpr std::int64_t kEventsPerLookUp = 16'384;
/// From here on sorting digit by digit beats comparing.
constexpr std::size_t kFewestForDigits = 256;
constexpr unsigned kDigitBits = 11;
/// Never a tie: a wake-up's class is its own, and the first of its instant and depth.
bool is_before(const WakeTable::Key& wake_up, const Event& event) {
    return wake_up.time != event.time ? wake_up.time < event.time : WakeTable::depth_of(wake_up) <= event.depth();
}

}  // namespace

Domain::Domain(SimTime stride, Agenda agenda, const std::vector<std::uint32_t>& local_of)
    : stride_(stride), agenda_(std::move(agenda)), local_of_(&local_of), messages_(stride) {}

std::uint32_t Domain::add_member(Member member) {
    member.slots = member.process->wake_up_slots();
    wakes_.add_member(member.slots);
    members_.push_back(std::move(member));
    return static_cast<std::uint32_t>(members_.size() - 1);
}

void Domain::push(const Event& event) {
    if (!stride_.is_never()) {
        messages_.push(event);
        return;
    }
    inbox_.push_back(event);
    earliest_in_inbox_ = std::min(earliest_in_inbox_, event.time);
}

void Domain::plan(std::uint32_t local, std::uint32_t slot, SimTime at, std::uint32_t depth) {
    if (local == visited_)
        wakes_.note(local, slot, at, depth);
    else
        wakes_.plan(local, slot, at, depth);
}

bool Domain::goes_on(std::uint32_t local, SimTime at, Host& host) {
    REGATTA_DEBUG_CHECK(!wakes_.is_planned(local, 0), "a process goes on that has a wake-up planned");
    // A message of the same instant comes after the wake-up.
    if (local != visited_ || at >= visit_end_ || next_own_message_ < at || wakes_.first_of(local).time <= at)
        return false;
    count(at, host);
    return true;
}

SimTime Domain::next_message_time() {
    return std::min(messages_.next_time(), earliest_in_inbox_);
}

void Domain::count(SimTime time, Host& host) {
    last_event_ = std::max(last_event_, time);
    if (++events_ % kEventsPerLookUp == 0) host.look_up();
}

void Domain::run_until(SimTime safe, SimTime lasting, Host& host) {
    if (safe <= reached_) return;
    const SimTime reached =
        stride_ > SimTime() ? run_by_member(safe, lasting, host) : run_in_order(safe, lasting, host);
    reached_ = reached;
    horizon_ = reached;
}

/// Whether something is known to happen at `instant` or later, here or anywhere. What is pending here counts as it
/// stands: everything before `instant` has been carried out.
bool Domain::lasts_to(SimTime instant, SimTime lasting) {
    const auto is_later = [&](SimTime next) { return !next.is_never() && next >= instant; };
    if (instant > lasting && instant > last_event_) {
        if (!is_later(next_message_time()) && !is_later(wakes_.first().time)) return false;
    }
    lasting_ = std::max(lasting_, instant);
    return true;
}

/// In the total order over all members. Gives how far it came.
SimTime Domain::run_in_order(SimTime safe, SimTime lasting, Host& host) {
    while (true) {
        const SimTime message_time = messages_.next_time();
        const SimTime wake_time = wakes_.first().time;
        const SimTime next = std::min(message_time, wake_time);
        if (agenda_.next_time() <= next) {
            if (agenda_.next_time() >= safe) return safe;
            if (!lasts_to(agenda_.next_time(), lasting)) return agenda_.next_time();
            host.carry_out(*this, agenda_.take());
            continue;
        }
        if (next >= safe) return safe;
        if (wake_time < message_time || (wake_time == message_time && is_before(wakes_.first(), messages_.top()))) {
            const WakeTable::Key wake_up = wakes_.first();
            const std::uint32_t local = WakeTable::member_of(wake_up);
            wakes_.plan(local, WakeTable::slot_of(wake_up), SimTime::never(), 0);
            horizon_ = wake_up.time;
            count(wake_up.time, host);
            host.wake(*this, local, wake_up);
        } else {
            const Event event = messages_.top();
            messages_.pop();
            horizon_ = event.time;
            count(event.time, host);
            host.deliver(*this, (*local_of_)[event.receiver.index()], event);
        }
    }
}

/// Member by member: the window is cut into strides, and at the agenda's instants, which concern all members; in each
/// stride every member that has something due handles all of it, what it plans for itself on the way included. Gives
/// how far it came.
SimTime Domain::run_by_member(SimTime safe, SimTime lasting, Host& host) {
    while (true) {
        const SimTime next = std::min(next_message_time(), wakes_.first().time);
        const SimTime fixed = agenda_.next_time();
        if (next < std::min(safe, fixed)) {
            visit_end_ = std::min(safe, fixed);
            if (!stride_.is_never()) visit_end_ = std::min(visit_end_, next + stride_);
            gather_due(visit_end_);
            visit_all(host);
            horizon_ = visit_end_;
            continue;
        }
        if (fixed >= safe) return safe;
        if (!lasts_to(fixed, lasting)) return fixed;
        horizon_ = fixed;
        host.carry_out(*this, agenda_.take());
    }
}

void Domain::gather_due(SimTime end) {
    due_.clear();
    due_wakes_.clear();
    // The inbox itself becomes what is due; what is not due yet goes to the queue and stays where it is, unnoticed.
    due_messages_.clear();
    due_messages_.swap(inbox_);
    earliest_in_inbox_ = SimTime::never();
    const auto add = [&](const Event& event, std::size_t index) {
        due_.push_back({(*local_of_)[event.receiver.index()], static_cast<std::uint32_t>(index)});
    };
    for (std::size_t i = 0; i < due_messages_.size(); ++i) {
        if (due_messages_[i].time < end)
            add(due_messages_[i], i);
        else
            messages_.push(due_messages_[i]);
    }
    messages_.drain_before(end, [&](const Event& event) {
        add(event, due_messages_.size());
        due_messages_.push_back(event);
    });
    sort_due();
    wakes_.for_each_due(end, [&](std::uint32_t member) {
        if (due_wakes_.empty() || due_wakes_.back() != member) due_wakes_.push_back(member);
    });
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

/// Puts messages and wake-ups together, by member.
void Domain::gather_visits() {
    visits_.clear();
    std::size_t wake = 0;
    std::uint32_t message = 0;
    while (message < due_.size() || wake < due_wakes_.size()) {
        const std::uint32_t message_for = message < due_.size() ? due_[message].local : UINT32_MAX;
        const std::uint32_t wake_for = wake < due_wakes_.size() ? due_wakes_[wake] : UINT32_MAX;
        const std::uint32_t local = std::min(message_for, wake_for);
        const std::uint32_t first = message;
        while (message < due_.size() && due_[message].local == local)
            ++message;
        if (wake_for == local) ++wake;
        visits_.push_back({local, first, message});
    }
}

/// Each member that has something due, in ascending order.
void Domain::visit_all(Host& host) {
    gather_visits();
    const auto process_of = [&](std::size_t i) { return members_[visits_[i].local].process.get(); };
    const auto call_for_message = [&](const Visit& visit) {
        if (visit.first == visit.last) return;
        const Event& event = due_messages_[due_[visit.first].message];
        __builtin_prefetch(&event);
        __builtin_prefetch(event.payload.data() + event.payload.size() - 1);
    };
    prefetch_first(visits_.size(), process_of);
    for (std::size_t i = 0; i < visits_.size(); ++i) {
        if (i + kPrefetch < visits_.size()) call_for_message(visits_[i + kPrefetch]);
        prefetch_ahead(i, visits_.size(), process_of);
        const Visit& due = visits_[i];
        visit(due.local, std::span(due_).subspan(due.first, due.last - due.first), host);
    }
    wakes_.settle_touched();
}

/// Everything due for one member, in the total order.
void Domain::visit(std::uint32_t local, std::span<Due> messages, Host& host) {
    if (messages.size() > 1)
        std::sort(messages.begin(), messages.end(), [&](const Due& a, const Due& b) {
            return is_before(due_messages_[a.message], due_messages_[b.message]);
        });
    visited_ = local;
    std::size_t next_message = 0;
    while (true) {
        const WakeTable::Key wake_up = wakes_.first_of(local);
        const bool has_message = next_message < messages.size();
        next_own_message_ = has_message ? due_messages_[messages[next_message].message].time : SimTime::never();
        if (wake_up.time < visit_end_ &&
            (!has_message || is_before(wake_up, due_messages_[messages[next_message].message]))) {
            wakes_.note(local, WakeTable::slot_of(wake_up), SimTime::never(), 0);
            count(wake_up.time, host);
            host.wake(*this, local, wake_up);
        } else if (has_message) {
            const Event& event = due_messages_[messages[next_message++].message];
            count(event.time, host);
            host.deliver(*this, local, event);
        } else {
            break;
        }
    }
    visited_ = UINT32_MAX;
    wakes_.touch(local);
}

Pending Domain::pending() {
    return {.wake_up = wakes_.first().time,
            .message = next_message_time(),
            .report = agenda_.next_report(),
            .change = agenda_.next_change(),
            .last_event = last_event_,
            .reached = reached_,
            .lasting = lasting_};
}

std::vector<Event> Domain::messages() const {
    std::vector<Event> all;
    all.reserve(messages_.size() + inbox_.size());
    messages_.for_each([&](const Event& event) { all.push_back(event); });
    all.insert(all.end(), inbox_.begin(), inbox_.end());
    return all;
}

void Domain::describe(std::uint32_t local, ProcessState& state) const {
    state.sent = members_[local].sent;
    state.wake_ups.clear();
    for (std::uint32_t slot = 0; slot < members_[local].slots; ++slot)
        if (wakes_.is_planned(local, slot)) {
            const WakeTable::Key& wake_up = wakes_.planned(local, slot);
            state.wake_ups.push_back({.slot = slot, .at = wake_up.time, .depth = WakeTable::depth_of(wake_up)});
        }
}

void Domain::restore(std::uint32_t local, const ProcessState& state) {
    members_[local].sent = state.sent;
    for (const ProcessState::WakeUp& wake_up : state.wake_ups) {
        if (wake_up.slot >= members_[local].slots) throw IoError("the saved state has a wake-up that nobody plans");
        wakes_.plan(local, wake_up.slot, wake_up.at, wake_up.depth);
    }
    for (const Event& event : state.messages)
        push(event);
}

void Domain::save_rest(OutArchive& archive) const {
    archive << agenda_ << horizon_ << reached_ << lasting_ << last_event_ << events_;
}

void Domain::load_rest(InArchive& archive, bool counts) {
    SimTime horizon;
    SimTime reached;
    SimTime lasting;
    SimTime last_event;
    std::int64_t events = 0;
    Agenda agenda = agenda_;
    archive >> agenda >> horizon >> reached >> lasting >> last_event >> events;
    if (!agenda.is_like(agenda_)) throw IoError("the saved state has other boards");
    for (const SimTime time : {horizon, reached, lasting, last_event})
        if (time < SimTime() || time > SimTime::never() + SimTime::never())  // a latency may have been added
            throw IoError(fmt::format("the saved state has a time of {} ns; no run has that", time.ns()));
    agenda_ = agenda;
    horizon_ = std::max(horizon_, horizon);
    reached_ = std::max(reached_, reached);
    lasting_ = std::max(lasting_, lasting);
    last_event_ = std::max(last_event_, last_event);
    if (counts) events_ += events;
}

}  // namespace regatta::engine
