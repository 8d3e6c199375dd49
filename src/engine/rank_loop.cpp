#include "engine/rank_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "engine/prefetch.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

/// Chains of zero-delay sends longer than this at one instant are taken for an endless loop of the model.
constexpr std::uint32_t kDeepest = 1u << 20;

}  // namespace

RankLoop::RankLoop(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank)
    : model_(&model),
      tiers_(&tiers),
      rank_(rank),
      places_(model.process_count()),
      local_of_(model.process_count()),
      ranks_reading_(model.boards().size() * partition.ranks, false),
      outgoing_(partition.ranks),
      board_values_(model.boards().size()) {
    const std::size_t groups = model.groups().size();
    latency_.assign(groups * groups, SimTime::never());
    for (const Link& link : model.links()) {
        SimTime& latency = latency_[link.from.index() * groups + link.to.index()];
        latency = std::min(latency, link.latency);
    }
    for (std::uint32_t tier = 0; tier < tiers.count(); ++tier)
        domains_.emplace_back(tiers.stride(tier), Agenda(model, tiers, tier), local_of_);
    for (std::size_t index = 0; index < groups; ++index) {
        const GroupId group(static_cast<std::uint16_t>(index));
        for (std::uint32_t i = 0; i < model.groups()[index].count; ++i) {
            const LpId id = model.id_of(group, i);
            const std::uint32_t owner = partition.rank_of[id.index()];
            places_[id.index()] = {
                .rank = owner, .group = group.value(), .tier = static_cast<std::uint16_t>(tiers.of(group))};
            for (std::size_t board = 0; board < model.boards().size(); ++board)
                if (model.boards()[board].to == group) ranks_reading_[board * partition.ranks + owner] = true;
            if (owner != rank) continue;
            local_of_[id.index()] = domains_[tiers.of(group)].add_member(
                {.process = model.groups()[index].make(i, id), .id = id, .group = group});
        }
    }
    for (std::size_t board = 0; board < board_values_.size(); ++board)
        if (ranks_reading_[board * partition.ranks + rank])
            board_values_[board].assign(model.boards()[board].entries, 0);
    published_.resize(model.boards().size());
    for (std::size_t board = 0; board < published_.size(); ++board) {
        if (!model.boards()[board].is_published) continue;
        published_[board].values.assign(model.boards()[board].entries, 0);
        published_[board].publishers.assign(model.boards()[board].entries, LpId());
        published_[board].is_changed.assign(model.boards()[board].entries, 0);
    }
    for (WindowMessage& message : outgoing_)
        message.earliest.assign(domains_.size(), SimTime::never());
}

void RankLoop::start() {
    for (Domain& domain : domains_) {
        for (std::uint32_t i = 0; i < domain.members().size(); ++i) {
            enter(domain, i, SimTime(), 0);
            domain.members()[i].process->start(*this);
        }
    }
}

void RankLoop::run_until(std::uint32_t tier, SimTime safe, SimTime lasting, const std::function<void()>& look_up) {
    look_up_ = &look_up;
    domains_[tier].run_until(safe, lasting, *this);
}

void RankLoop::enter(Domain& domain, std::uint32_t local, SimTime now, std::uint32_t depth) {
    domain_ = &domain;
    current_ = local;
    self_ = domain.members()[local].id;
    now_ = now;
    depth_ = depth;
}

void RankLoop::wake(Domain& domain, std::uint32_t local, const WakeTable::Key& wake_up) {
    enter(domain, local, wake_up.time, WakeTable::depth_of(wake_up));
    domain.members()[local].process->wake(WakeTable::slot_of(wake_up), *this);
}

void RankLoop::deliver(Domain& domain, std::uint32_t local, const Event& event) {
    enter(domain, local, event.time, event.depth());
    domain.members()[local].process->handle(event, *this);
}

LogicalProcess* RankLoop::local(LpId id) {
    const Place& place = places_.at(id.index());
    if (place.rank != rank_) return nullptr;
    return domains_[place.tier].members()[local_of_[id.index()]].process.get();
}

std::uint32_t RankLoop::instant_order(SimTime time, std::uint32_t event_class) const {
    if (time > now_) return event_class;
    REGATTA_CHECK(depth_ + 1 < kDeepest,
                  fmt::format("{} sends without delay at {} ns and never stops", model_->name_of(self_), now_.ns()));
    return (depth_ + 1) << 8 | event_class;
}

void RankLoop::post(Event& event, SimTime delay) {
    Domain::Member& sender = domain_->members()[current_];
    REGATTA_CHECK(event.receiver.index() < places_.size(), fmt::format("{} sends to process {}, which does not exist",
                                                                       model_->name_of(self_), event.receiver.value()));
    const Place& place = places_[event.receiver.index()];
    const SimTime least = latency_[sender.group.index() * model_->groups().size() + place.group];
    if (delay < least) [[unlikely]]
        fail_latency(event, least);
    REGATTA_CHECK(event.event_class() != kWakeUp, "class 0 belongs to wake-ups");
    event.instant_order = instant_order(event.time, event.event_class());
    event.sender = self_;
    event.sequence = sender.sent++;
    if (place.rank == rank_)
        push(event, place);
    else
        message_to(place.rank).add(event, place.tier);
}

WindowMessage& RankLoop::message_to(std::uint32_t rank) {
    WindowMessage& message = outgoing_[rank];
    if (message.events.empty() && message.reports.empty()) destinations_.push_back(rank);
    return message;
}

void RankLoop::push(const Event& event, const Place& place) {
    Domain& domain = domains_[place.tier];
    if (&domain != domain_) {
        if (event.time < domain.horizon()) [[unlikely]]
            fail_horizon(event, domain.horizon());
        least_slack_ = std::min(least_slack_, event.time - domain.horizon());
    }
    domain.push(event);
}

void RankLoop::fail_latency(const Event& event, SimTime least) const {
    const std::string where =
        fmt::format("{} sends to {} at {} ns", model_->name_of(self_), model_->name_of(event.receiver), now_.ns());
    if (least.is_never()) throw BugError(fmt::format("causality: {}, but there is no link", where));
    throw BugError(
        fmt::format("causality: {} for {} ns, below the link's latency of {} ns", where, event.time.ns(), least.ns()));
}

void RankLoop::fail_horizon(const Event& event, SimTime horizon) const {
    const auto named = [&](LpId id) {
        return fmt::format("{} (rank {})", model_->name_of(id), places_[id.index()].rank);
    };
    throw BugError(fmt::format("causality: {} gets an event of {} for {} ns, but has gone on to {} ns",
                               named(event.receiver), named(event.sender), event.time.ns(), horizon.ns()));
}

void RankLoop::wake_at(std::uint32_t slot, SimTime at) {
    if (at < now_) [[unlikely]]
        throw BugError(fmt::format("causality: {} plans a wake-up at {} ns for {} ns, in its past",
                                   model_->name_of(self_), now_.ns(), at.ns()));
    REGATTA_CHECK(slot < domain_->members()[current_].slots,
                  fmt::format("{} has no wake-up slot {}", model_->name_of(self_), slot));
    domain_->plan(current_, slot, at, at.is_never() ? 0 : instant_order(at, kWakeUp) >> 8);
}

bool RankLoop::go_on_to(SimTime at) {
    REGATTA_CHECK(at > now_, fmt::format("{} goes on from {} ns to {} ns", model_->name_of(self_), now_.ns(), at.ns()));
    if (!domain_->goes_on(current_, at, *this)) return false;
    now_ = at;
    depth_ = 0;
    return true;
}

void RankLoop::cancel_wake_up(std::uint32_t slot) {
    wake_at(slot, SimTime::never());
}

const LogicalProcess& RankLoop::peek(LpId other) {
    const Place& place = places_.at(other.index());
    const bool is_island = other == self_ || (place.rank == rank_ && place.tier == places_[self_.index()].tier &&
                                              tiers_->is_island(place.tier));
    REGATTA_CHECK(is_island, fmt::format("{} may not look at {}: they are not of one island", model_->name_of(self_),
                                         model_->name_of(other)));
    LogicalProcess& process = *local(other);
    process.bring_up(now_);
    return process;
}

void RankLoop::carry_out(Domain& domain, const Agenda::Item& item) {
    switch (item.kind) {
        case Agenda::Kind::Sample:
            return sample(domain, item.at);
        case Agenda::Kind::Report:
            return report(domain, item);
        case Agenda::Kind::Change:
            return change_board(domain, item);
    }
}

void RankLoop::sample(Domain& domain, SimTime at) {
    std::vector<Domain::Member>& members = domain.members();
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!model_->is_sampled(members[i].group)) continue;
        prefetch_ahead(i, members.size(), [&](std::size_t other) { return members[other].process.get(); });
        members[i].process->sample(at);
    }
}

void RankLoop::publish(BoardId board, std::uint32_t entry, std::uint32_t value) {
    REGATTA_CHECK(board.index() < published_.size() && entry < published_[board.index()].values.size() &&
                      model_->boards()[board.index()].from == domain_->members()[current_].group,
                  fmt::format("{} publishes entry {} of board {}, which it does not report to", model_->name_of(self_),
                              entry, board.value()));
    put(board, entry, value, self_);
}

void RankLoop::put(BoardId board, std::uint32_t entry, std::uint32_t value, LpId publisher) {
    Published& published = published_.at(board.index());
    published.values.at(entry) = value;
    published.publishers[entry] = publisher;
    if (published.is_changed[entry] != 0) return;
    published.is_changed[entry] = 1;
    published.changed.push_back(entry);
}

void RankLoop::report(Domain& domain, const Agenda::Item& item) {
    const Board& board = model_->boards()[item.board.index()];
    BoardReport made{.board = item.board, .reported_at = item.at, .entries = {}};
    if (board.is_published) {
        Published& published = published_[item.board.index()];
        made.entries.reserve(published.changed.size());
        for (const std::uint32_t entry : published.changed) {
            made.entries.push_back({.entry = entry, .value = published.values[entry]});
            published.is_changed[entry] = 0;
        }
        published.changed.clear();
    } else {
        ask_members(domain, made);
    }
    if (made.entries.empty()) return;
    for (std::uint32_t rank = 0; rank < outgoing_.size(); ++rank)
        if (rank != rank_ && ranks_reading_[item.board.index() * outgoing_.size() + rank])
            message_to(rank).reports.push_back(made);
    if (!board_values_[item.board.index()].empty()) waiting_reports_.push_back(std::move(made));
}

void RankLoop::ask_members(Domain& domain, BoardReport& report) const {
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
    const Board& board = model_->boards()[report.board.index()];
    report.entries.reserve(domain.members().size());
    Collector collector(report, board.entries);
    for (Domain::Member& member : domain.members())
        if (member.group == board.from) member.process->report(report.board, report.reported_at, collector);
}

void RankLoop::change_board(Domain& domain, const Agenda::Item& item) {
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
    for (std::uint32_t i = 0; i < domain.members().size(); ++i) {
        if (domain.members()[i].group != board.to) continue;
        enter(domain, i, item.at, 0);
        domain.members()[i].process->board_changed(item.board, reported_at, values, *this);
    }
}

void RankLoop::clear_outgoing() {
    for (const std::uint32_t rank : destinations_) {
        WindowMessage& message = outgoing_[rank];
        message.events.clear();
        message.reports.clear();
        message.earliest.assign(domains_.size(), SimTime::never());
    }
    destinations_.clear();
}

void RankLoop::receive(const WindowMessage& message) {
    domain_ = nullptr;
    for (const Event& event : message.events)
        push(event, places_[event.receiver.index()]);
    for (const BoardReport& report : message.reports)
        if (!board_values_[report.board.index()].empty()) waiting_reports_.push_back(report);
}

SimTime RankLoop::last_event() const {
    SimTime last;
    for (const Domain& domain : domains_)
        last = std::max(last, domain.last_event());
    return last;
}

SimTime RankLoop::settled() const {
    SimTime settled = SimTime::never();
    for (const Domain& domain : domains_)
        settled = std::min(settled, domain.horizon());
    return settled;
}

SimTime RankLoop::farthest() const {
    SimTime farthest;
    for (const Domain& domain : domains_)
        farthest = std::max(farthest, domain.horizon());
    return farthest;
}

std::int64_t RankLoop::events() const {
    std::int64_t events = 0;
    for (const Domain& domain : domains_)
        events += domain.events();
    return events;
}

void RankLoop::sample_through(SimTime end) {
    for (Domain& domain : domains_) {
        while (domain.agenda().next_sample() <= end) {
            const Agenda::Item item = domain.agenda().take();
            if (item.kind == Agenda::Kind::Sample) carry_out(domain, item);
        }
    }
}

void RankLoop::finish(SimTime end) {
    for (Domain& domain : domains_) {
        std::vector<Event> messages = domain.messages();
        std::sort(messages.begin(), messages.end(), [](const Event& a, const Event& b) {
            return a.receiver != b.receiver ? a.receiver < b.receiver : is_before(a, b);
        });
        auto first = messages.begin();
        for (Domain::Member& member : domain.members()) {
            auto last = first;
            while (last != messages.end() && last->receiver == member.id)
                ++last;
            member.process->finish(end, std::span<const Event>(first, last));
            first = last;
        }
    }
}

}  // namespace regatta::engine
