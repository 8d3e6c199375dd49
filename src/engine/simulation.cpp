#include "regatta/engine/simulation.hpp"

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <utility>

#include "engine/lookahead.hpp"
#include "engine/output_bound.hpp"
#include "engine/rank_loop.hpp"
#include "engine/wall_clock.hpp"

namespace regatta::engine {

// The window loop. Phases of a window, in this order:
//   1. exchange   each rank tells each other its pending bounds, the events and reports for it, and the earliest event
//   it
//                 has sent to anyone; one message per pair, so that nothing is under way when the exchange is over
//   2. agree      from the same numbers every rank computes when each rank can next do something (`next_action`), and
//   from
//                 that until when nothing can reach this rank (`safe`); no event left, or none before the end: stop
//   3. run        everything before `safe`
// On entry to a phase 3 every event before `safe` that will ever come is in this rank's queue.
class Simulation::Impl {
public:
    Impl(const Model& model, Partition partition, Transport& transport)
        : model_(model),
          partition_(std::move(partition)),
          transport_(transport),
          lookahead_(model_, partition_),
          loop_(model_, partition_, transport.rank()),
          writers_(transport.ranks()),
          readers_(transport.ranks()),
          outgoing_(transport.ranks()),
          incoming_(transport.ranks()),
          next_action_(transport.ranks()) {}

    RunReport run(const RunOptions& options);
    RankLoop& loop() { return loop_; }

    bool has_started_ = false;

private:
    void run_alone(const RunOptions& options);
    void run_windows(const RunOptions& options);
    void exchange();
    [[nodiscard]] SimTime safe_until() const;
    void observe(const RunOptions& options);

    const Model& model_;
    Partition partition_;
    Transport& transport_;
    Lookahead lookahead_;
    RankLoop loop_;
    std::vector<MessageWriter> writers_;
    std::vector<MessageReader> readers_;
    std::vector<Buffer> outgoing_;
    std::vector<Buffer> incoming_;
    std::vector<WindowMessage> received_ = std::vector<WindowMessage>(transport_.ranks());
    std::vector<SimTime> next_action_;  ///< by rank: nothing of it happens before
    SimTime next_event_;                ///< of all ranks; never when no event is left
    Progress progress_;
    WallClock running_;
};

void Simulation::Impl::observe(const RunOptions& options) {
    if (!options.observer) return;
    progress_.settled = loop_.settled();
    progress_.events = loop_.events();
    progress_.loop_s = running_.seconds();
    options.observer(progress_);
}

RunReport Simulation::Impl::run(const RunOptions& options) {
    running_ = WallClock();
    if (!has_started_) loop_.start();
    has_started_ = true;
    if (transport_.ranks() == 1)
        run_alone(options);
    else
        run_windows(options);
    RunReport report;
    report.end =
        options.until.is_never() ? SimTime::from_ns(transport_.largest(loop_.last_event().ns())) : options.until;
    progress_.events = loop_.events();
    progress_.loop_s = running_.seconds();
    report.progress = progress_;
    return report;
}

void Simulation::Impl::run_alone(const RunOptions& options) {
    loop_.run_until(options.until, [&] { observe(options); });
    if (!options.until.is_never()) loop_.set_horizon(options.until);
    ++progress_.windows;
}

void Simulation::Impl::run_windows(const RunOptions& options) {
    while (true) {
        exchange();
        if (next_event_.is_never() || next_event_ >= options.until) break;
        const SimTime safe = std::min(safe_until(), options.until);
        loop_.run_until(safe, [&] { observe(options); });
        loop_.set_horizon(safe);
        ++progress_.windows;
        observe(options);
    }
}

void Simulation::Impl::exchange() {
    const WallClock waiting;
    std::vector<WindowMessage>& messages = loop_.outgoing();
    const std::uint32_t own = transport_.rank();
    const std::uint32_t ranks = transport_.ranks();
    // Everyone learns of everyone's sends: earliest_sent[to] of the message to `to`, put together.
    for (std::uint32_t to = 0; to < ranks; ++to)
        messages[own].earliest_sent[to] = messages[to].earliest_sent[to];
    messages[own].earliest_sent[own] = SimTime::never();
    for (std::uint32_t to = 0; to < ranks; ++to) {
        if (to == own) continue;
        messages[to].next_event = loop_.next_event();
        messages[to].next_report = loop_.next_report();
        messages[to].earliest_sent = messages[own].earliest_sent;
        writers_[to].write(messages[to], outgoing_[to]);
    }
    transport_.exchange(outgoing_, incoming_);

    received_[own].next_event = loop_.next_event();
    received_[own].next_report = loop_.next_report();
    received_[own].earliest_sent = messages[own].earliest_sent;
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) readers_[from].read(incoming_[from], received_[from]);
    next_event_ = SimTime::never();
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        SimTime next = received_[rank].next_event;
        for (const WindowMessage& message : received_)
            next = std::min(next, message.earliest_sent[rank]);
        next_event_ = std::min(next_event_, next);
        next_action_[rank] = plain_bound(next, received_[rank].next_report);
    }
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) loop_.receive(received_[from], from);
    loop_.clear_outgoing();
    progress_.waiting_s += waiting.seconds();
}

SimTime Simulation::Impl::safe_until() const {
    SimTime safe = SimTime::never();
    for (std::uint32_t from = 0; from < transport_.ranks(); ++from) {
        const SimTime lookahead = lookahead_.between(from, transport_.rank());
        if (next_action_[from].is_never() || lookahead.is_never()) continue;
        safe = std::min(safe, next_action_[from] + lookahead);
    }
    return safe;
}

Simulation::Simulation(const Model& model, Partition partition, Transport& transport)
    : impl_(std::make_unique<Impl>(model, std::move(partition), transport)) {}
Simulation::~Simulation() = default;

RunReport Simulation::run(const RunOptions& options) {
    return impl_->run(options);
}
void Simulation::finish(SimTime end) {
    impl_->loop().finish(end);
}
LogicalProcess* Simulation::local(LpId id) {
    return impl_->loop().local(id);
}
void Simulation::save(OutArchive& archive) const {
    impl_->loop().save(archive);
}

void Simulation::load(InArchive& archive) {
    impl_->loop().load(archive);
    impl_->has_started_ = true;
}

}  // namespace regatta::engine
