#include "reference_run.hpp"

#include <algorithm>
#include <span>

namespace regatta::engine::test {

ReferenceRun::ReferenceRun(const Model& model)
    : model_(&model),
      sent_(model.process_count(), 0),
      reported_(model.boards().size()),
      next_sample_(model.sample_period() ? SimTime() : SimTime::never()) {
    for (std::uint32_t id = 0; id < model.process_count(); ++id) {
        const GroupId group = model.group_of(LpId(id));
        const std::uint32_t index = id - model.id_of(group, 0).value();
        processes_.push_back(model.groups()[group.index()].make(index, LpId(id)));
    }
    for (const Board& board : model.boards()) {
        latest_.emplace_back(board.entries, 0);
        next_report_.push_back(board.period);
        next_change_.push_back(board.period + board.latency);
    }
}

SimTime ReferenceRun::run(SimTime until) {
    for (std::uint32_t id = 0; id < processes_.size(); ++id) {
        enter(id, SimTime(), 0);
        processes_[id]->start(*this);
    }
    while (true) {
        const SimTime next = pending_.empty() ? SimTime::never() : pending_.begin()->time;
        const SimTime instant = next_instant();
        if (std::min(next, instant) >= until) break;
        if (instant <= next) {
            // Without an end that is given, fixed instants happen while an event is pending.
            if (until.is_never() && pending_.empty()) break;
            carry_out_instant(instant);
        } else {
            const Event event = *pending_.begin();
            handle(event);
        }
    }
    const SimTime end = until.is_never() ? last_event_ : until;
    for (; next_sample_ <= end; next_sample_ += *model_->sample_period())
        sample(next_sample_);
    finish(end);
    return end;
}

SimTime ReferenceRun::next_instant() const {
    SimTime next = next_sample_;
    for (const auto* times : {&next_report_, &next_change_})
        for (const SimTime time : *times)
            next = std::min(next, time);
    return next;
}

/// Samples, then reports, then changes; boards by number.
void ReferenceRun::carry_out_instant(SimTime at) {
    if (next_sample_ == at) {
        sample(at);
        next_sample_ += *model_->sample_period();
    }
    for (std::uint32_t board = 0; board < next_report_.size(); ++board)
        if (next_report_[board] == at) report(board, at);
    for (std::uint32_t board = 0; board < next_change_.size(); ++board)
        if (next_change_[board] == at) change(board, at);
}

void ReferenceRun::sample(SimTime at) {
    for (std::uint32_t id = 0; id < processes_.size(); ++id)
        if (model_->is_sampled(model_->group_of(LpId(id)))) processes_[id]->sample(at);
}

void ReferenceRun::report(std::uint32_t board, SimTime at) {
    class Writer final : public BoardWriter {
    public:
        explicit Writer(std::vector<std::uint32_t>& values) : values_(&values) {}
        void put(std::uint32_t entry, std::uint32_t value) override { values_->at(entry) = value; }

    private:
        std::vector<std::uint32_t>* values_;
    };
    const Board& facts = model_->boards()[board];
    Writer writer(latest_[board]);
    for (std::uint32_t id = 0; id < processes_.size(); ++id)
        if (model_->group_of(LpId(id)) == facts.from && !facts.is_published)
            processes_[id]->report(BoardId(static_cast<std::uint16_t>(board)), at, writer);
    reported_[board][at] = latest_[board];
    next_report_[board] += facts.period;
}

void ReferenceRun::change(std::uint32_t board, SimTime at) {
    const Board& facts = model_->boards()[board];
    const SimTime reported_at = at - facts.latency;
    const std::vector<std::uint32_t> values = reported_[board].at(reported_at);
    reported_[board].erase(reported_at);
    next_change_[board] += facts.period;
    for (std::uint32_t id = 0; id < processes_.size() && !values.empty(); ++id) {
        if (model_->group_of(LpId(id)) != facts.to) continue;
        enter(id, at, 0);
        processes_[id]->board_changed(BoardId(static_cast<std::uint16_t>(board)), reported_at, values, *this);
    }
}

void ReferenceRun::handle(const Event& event) {
    ++events_;
    last_event_ = event.time;
    const std::uint32_t id = event.receiver.value();
    pending_.erase(pending_.begin());
    enter(id, event.time, event.depth());
    if (event.event_class() == kWakeUp) {
        const auto slot = static_cast<std::uint32_t>(event.key);
        wake_ups_.erase({id, slot});
        processes_[id]->wake(slot, *this);
    } else {
        processes_[id]->handle(event, *this);
    }
}

void ReferenceRun::enter(std::uint32_t id, SimTime now, std::uint32_t depth) {
    self_ = LpId(id);
    now_ = now;
    depth_ = depth;
}

void ReferenceRun::post(Event& event, SimTime /*delay*/) {
    event.sender = self_;
    event.sequence = sent_[self_.index()]++;
    event.instant_order = event.event_class() | (event.time > now_ ? 0 : (depth_ + 1) << 8);
    pending_.insert(event);
}

void ReferenceRun::wake_at(std::uint32_t slot, SimTime at) {
    cancel_wake_up(slot);
    if (at.is_never()) return;
    Event event;
    event.time = at;
    event.key = slot;
    event.sender = event.receiver = self_;
    event.instant_order = kWakeUp | (at > now_ ? 0 : (depth_ + 1) << 8);
    wake_ups_[{self_.value(), slot}] = pending_.insert(event);
}

void ReferenceRun::cancel_wake_up(std::uint32_t slot) {
    const auto planned = wake_ups_.find({self_.value(), slot});
    if (planned == wake_ups_.end()) return;
    pending_.erase(planned->second);
    wake_ups_.erase(planned);
}

const LogicalProcess& ReferenceRun::peek(LpId other) {
    processes_.at(other.index())->bring_up(now_);
    return *processes_[other.index()];
}

void ReferenceRun::finish(SimTime end) {
    for (std::uint32_t id = 0; id < processes_.size(); ++id) {
        std::vector<Event> undelivered;
        for (const Event& event : pending_)
            if (event.receiver == LpId(id) && event.event_class() != kWakeUp) undelivered.push_back(event);
        processes_[id]->finish(end, undelivered);
    }
}

}  // namespace regatta::engine::test
