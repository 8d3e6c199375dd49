#include "engine/rank_loop.hpp"

#include <fmt/format.h>

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

/// Chains of zero-delay sends longer than this at one instant are taken for an endless loop of the model.
constexpr std::uint32_t kDeepest = 1u << 20;

}  // namespace

RankLoop::RankLoop(const Model& model, const Partition& partition, std::uint32_t rank)
    : model_(&model),
      partition_(&partition),
      rank_(rank),
      local_of_(model.process_count(), kElsewhere),
      group_of_(model.process_count()),
      agenda_(model),
      outgoing_(partition.ranks),
      board_values_(model.boards().size()) {
    const std::size_t groups = model.groups().size();
    latency_.assign(groups * groups, SimTime::never());
    for (const Link& link : model.links()) {
        SimTime& latency = latency_[link.from.index() * groups + link.to.index()];
        latency = std::min(latency, link.latency);
    }
    for (std::size_t group = 0; group < groups; ++group) {
        const GroupId group_id(static_cast<std::uint16_t>(group));
        for (std::uint32_t i = 0; i < model.groups()[group].count; ++i) {
            const LpId id = model.id_of(group_id, i);
            group_of_[id.index()] = group_id.value();
            if (partition.rank_of[id.index()] != rank) continue;
            local_of_[id.index()] = static_cast<std::uint32_t>(locals_.size());
            Local local{.process = model.groups()[group].make(i, id), .id = id, .group = group_id};
            local.first_slot = static_cast<std::uint32_t>(wake_slots_.size());
            local.slots = local.process->wake_up_slots();
            wake_slots_.resize(wake_slots_.size() + local.slots);
            locals_.push_back(std::move(local));
        }
    }
    for (std::size_t board = 0; board < board_values_.size(); ++board) {
        const bool has_readers = std::any_of(locals_.begin(), locals_.end(), [&](const Local& local) {
            return local.group == model.boards()[board].to;
        });
        if (has_readers) board_values_[board].assign(model.boards()[board].entries, 0);
    }
    clear_outgoing();
}

void RankLoop::start() {
    for (std::uint32_t i = 0; i < locals_.size(); ++i) {
        enter(i, SimTime(), 0);
        locals_[i].process->start(*this);
    }
    depth_ = 0;
}

void RankLoop::enter(std::uint32_t index, SimTime now, std::uint32_t depth) {
    current_ = index;
    self_ = locals_[index].id;
    now_ = now;
    depth_ = depth;
}

LogicalProcess* RankLoop::local(LpId id) {
    const std::uint32_t index = local_of_.at(id.index());
    return index == kElsewhere ? nullptr : locals_[index].process.get();
}

std::uint32_t RankLoop::instant_order(SimTime time, std::uint32_t event_class) const {
    if (time > now_) return event_class;
    REGATTA_CHECK(depth_ + 1 < kDeepest,
                  fmt::format("{} sends without delay at {} ns and never stops", model_->name_of(self_), now_.ns()));
    return (depth_ + 1) << 8 | event_class;
}

void RankLoop::post(Event& event, SimTime delay) {
    Local& sender = locals_[current_];
    REGATTA_CHECK(
        event.receiver.index() < group_of_.size(),
        fmt::format("{} sends to process {}, which does not exist", model_->name_of(self_), event.receiver.value()));
    const SimTime least = latency_[sender.group.index() * model_->groups().size() + group_of_[event.receiver.index()]];
    if (delay < least) [[unlikely]] {
        const std::string where =
            fmt::format("{} sends to {} at {} ns", model_->name_of(self_), model_->name_of(event.receiver), now_.ns());
        if (least.is_never()) throw BugError(fmt::format("causality: {}, but there is no link", where));
        throw BugError(fmt::format("causality: {} for {} ns, below the link's latency of {} ns", where, event.time.ns(),
                                   least.ns()));
    }
    REGATTA_CHECK(event.event_class() != kWakeUp, "class 0 belongs to wake-ups");
    event.instant_order = instant_order(event.time, event.event_class());
    event.sender = self_;
    event.sequence = sender.sent++;
    const std::uint32_t to = partition_->rank_of[event.receiver.index()];
    if (to == rank_) {
        queue_.push(event);
    } else {
        outgoing_[to].events.push_back(event);
        SimTime& earliest = outgoing_[to].earliest_sent[to];
        earliest = std::min(earliest, event.time);
    }
}

RankLoop::WakeSlot& RankLoop::wake_slot(std::uint32_t slot) {
    const Local& local = locals_[current_];
    REGATTA_CHECK(slot < local.slots, fmt::format("{} has no wake-up slot {}", model_->name_of(self_), slot));
    return wake_slots_[local.first_slot + slot];
}

void RankLoop::wake_at(std::uint32_t slot, SimTime at) {
    if (at < now_) [[unlikely]]
        throw BugError(fmt::format("causality: {} plans a wake-up at {} ns for {} ns, in its past",
                                   model_->name_of(self_), now_.ns(), at.ns()));
    WakeSlot& wake = wake_slot(slot);
    ++wake.planning;
    wake.is_planned = !at.is_never();
    if (!wake.is_planned) return;
    Event event;
    event.time = at;
    event.instant_order = instant_order(at, kWakeUp);
    event.key = slot;
    event.sequence = wake.planning;
    event.sender = event.receiver = self_;
    queue_.push(event);
}

void RankLoop::cancel_wake_up(std::uint32_t slot) {
    wake_at(slot, SimTime::never());
}

const LogicalProcess& RankLoop::peek(LpId other) {
    const std::uint32_t index = local_of_.at(other.index());
    const GroupId own = locals_[current_].group;
    const bool is_island =
        index != kElsewhere &&
        (index == current_ ||
         latency_[own.index() * model_->groups().size() + locals_[index].group.index()] == SimTime());
    REGATTA_CHECK(is_island, fmt::format("{} may not look at {}: they are not of one island", model_->name_of(self_),
                                         model_->name_of(other)));
    locals_[index].process->bring_up(now_);
    return *locals_[index].process;
}

void RankLoop::handle(const Event& event) {
    const std::uint32_t index = local_of_[event.receiver.index()];
    Local& local = locals_[index];
    if (event.event_class() == kWakeUp) {
        WakeSlot& wake = wake_slots_[local.first_slot + event.key];
        if (!wake.is_planned || wake.planning != event.sequence) return;  // cancelled or planned anew
        wake.is_planned = false;
    }
    if (event.time < now_) [[unlikely]]
        throw BugError(fmt::format("causality: {} gets an event of {} for {} ns, but stands at {} ns",
                                   model_->name_of(event.receiver), model_->name_of(event.sender), event.time.ns(),
                                   now_.ns()));
    ++events_;
    last_event_ = event.time;
    enter(index, event.time, event.depth());
    if (event.event_class() == kWakeUp)
        local.process->wake(static_cast<std::uint32_t>(event.key), *this);
    else
        local.process->handle(event, *this);
}

void RankLoop::run_agenda_item() {
    const Agenda::Item item = agenda_.take();
    switch (item.kind) {
        case Agenda::Kind::Sample:
            for (Local& local : locals_)
                if (model_->is_sampled(local.group)) local.process->sample(item.at);
            return;
        case Agenda::Kind::Report:
            return report(item);
        case Agenda::Kind::Change:
            return change_board(item);
    }
}

void RankLoop::report(const Agenda::Item& item) {
    class Collector final : public BoardWriter {
    public:
        Collector(BoardReport& report, std::uint32_t entries) : report_(&report), entries_(entries) {}
        void put(std::uint32_t entry, std::uint32_t value) override {
            REGATTA_CHECK(entry < entries_, fmt::format("a board has {} entries, not {}", entries_, entry));
            report_->entries.push_back({.entry = entry, .value = value});
        }

    private:
        BoardReport* report_;
        std::uint32_t entries_;
    };
    const Board& board = model_->boards()[item.board.index()];
    BoardReport made{.board = item.board, .reported_at = item.at, .entries = {}};
    Collector collector(made, board.entries);
    for (Local& local : locals_)
        if (local.group == board.from) local.process->report(item.board, item.at, collector);
    if (made.entries.empty()) return;
    for (std::uint32_t rank = 0; rank < outgoing_.size(); ++rank)
        if (rank != rank_) outgoing_[rank].reports.push_back(made);
    if (!board_values_[item.board.index()].empty()) waiting_reports_.push_back(std::move(made));
}

void RankLoop::change_board(const Agenda::Item& item) {
    std::vector<std::uint32_t>& values = board_values_[item.board.index()];
    if (values.empty()) return;
    const Board& board = model_->boards()[item.board.index()];
    const SimTime reported_at = item.at - board.latency;
    std::erase_if(waiting_reports_, [&](const BoardReport& report) {
        if (report.board != item.board || report.reported_at != reported_at) return false;
        for (const BoardEntry& entry : report.entries)
            values.at(entry.entry) = entry.value;
        return true;
    });
    for (std::uint32_t i = 0; i < locals_.size(); ++i) {
        if (locals_[i].group != board.to) continue;
        enter(i, item.at, 0);
        locals_[i].process->board_changed(item.board, reported_at, values, *this);
    }
}

void RankLoop::clear_outgoing() {
    for (WindowMessage& message : outgoing_) {
        message.earliest_sent.assign(outgoing_.size(), SimTime::never());
        message.events.clear();
        message.reports.clear();
    }
}

void RankLoop::receive(const WindowMessage& message, std::uint32_t from) {
    for (const Event& event : message.events) {
        if (event.time < horizon_) [[unlikely]]
            throw BugError(
                fmt::format("causality: {} (rank {}) gets an event of {} (rank {}) for {} ns, but has gone on "
                            "to {} ns",
                            model_->name_of(event.receiver), rank_, model_->name_of(event.sender), from,
                            event.time.ns(), horizon_.ns()));
        queue_.push(event);
    }
    for (const BoardReport& report : message.reports)
        if (!board_values_[report.board.index()].empty()) waiting_reports_.push_back(report);
}

void RankLoop::sample_through(SimTime end) {
    while (agenda_.next_sample() <= end) {
        const Agenda::Item item = agenda_.take();
        if (item.kind != Agenda::Kind::Sample) continue;
        for (Local& local : locals_)
            if (model_->is_sampled(local.group)) local.process->sample(item.at);
    }
}

void RankLoop::finish(SimTime end) {
    std::vector<Event> messages;
    for (const Event& event : queue_.events())
        if (event.event_class() != kWakeUp) messages.push_back(event);
    std::sort(messages.begin(), messages.end(), [](const Event& a, const Event& b) {
        return a.receiver != b.receiver ? a.receiver < b.receiver : is_before(a, b);
    });
    auto next = messages.begin();
    for (Local& local : locals_) {
        const auto first = std::find_if(next, messages.end(), [&](const Event& e) { return e.receiver >= local.id; });
        const auto last = std::find_if(first, messages.end(), [&](const Event& e) { return e.receiver != local.id; });
        local.process->finish(end, std::span<const Event>(first, last));
        next = last;
    }
}

void RankLoop::save(OutArchive& archive) const {
    for (const Local& local : locals_) {
        archive << local.sent;
        local.process->save(archive);
    }
    archive << wake_slots_ << queue_.events() << agenda_ << board_values_ << waiting_reports_ << now_ << horizon_
            << last_event_ << events_;
}

void RankLoop::load(InArchive& archive) {
    for (Local& local : locals_) {
        archive >> local.sent;
        local.process->load(archive);
    }
    std::vector<Event> events;
    archive >> wake_slots_ >> events >> agenda_ >> board_values_ >> waiting_reports_ >> now_ >> horizon_ >>
        last_event_ >> events_;
    queue_.clear();
    for (const Event& event : events)
        queue_.push(event);
}

}  // namespace regatta::engine
