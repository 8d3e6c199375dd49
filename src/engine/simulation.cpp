#include "regatta/engine/simulation.hpp"

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <cstddef>
#include <utility>

#include "engine/horizon.hpp"
#include "engine/rank_loop.hpp"
#include "engine/tiers.hpp"
#include "engine/wall_clock.hpp"

namespace regatta::engine {

// The window loop. Phases of a window, in this order:
//   1. exchange  each rank tells each other what is pending in its domains, the events and reports for it, and the
//   earliest
//                event it has sent to any domain; one message per pair, so that nothing is under way when it is over
//   2. agree     every rank has the same numbers, and computes from them until when nothing can reach each of its
//   domains
//                (Horizon); no event left anywhere, or none before the end: stop
//   3. run       each domain up to its safe instant
// On entry to phase 3 every event before a domain's safe instant that will ever come is in the domain's queue.
class Simulation::Impl {
public:
    Impl(const Model& model, Partition partition, Transport& transport, Bound bound)
        : model_(model),
          transport_(transport),
          tiers_(model),
          partition_(std::move(partition)),
          horizon_(model, tiers_, partition_, transport.rank(), bound),
          loop_(model, tiers_, partition_, transport.rank()),
          writers_(transport.ranks()),
          readers_(transport.ranks()),
          outgoing_(transport.ranks()),
          incoming_(transport.ranks()),
          received_(transport.ranks()),
          pending_(transport.ranks() * tiers_.count()),
          windows_bounded_(horizon_.channels().size(), 0) {}

    RunReport run(const RunOptions& options);
    RankLoop& loop() { return loop_; }

    bool has_started_ = false;

private:
    void agree();
    [[nodiscard]] bool is_over(SimTime until) const;
    [[nodiscard]] SimTime known_to_last() const;
    [[nodiscard]] SimTime last_event() const;
    void exchange();
    void run_window(SimTime until);
    void count_bound(SimTime until);
    void observe();
    void take_times();
    [[nodiscard]] RunReport report(SimTime end);

    const Model& model_;
    Transport& transport_;
    Tiers tiers_;
    Partition partition_;
    Horizon horizon_;
    RankLoop loop_;
    std::vector<MessageWriter> writers_;
    std::vector<MessageReader> readers_;
    std::vector<Buffer> outgoing_;
    std::vector<Buffer> incoming_;
    std::vector<WindowMessage> received_;        ///< by rank; the own one is what this rank tells
    std::vector<Pending> pending_;               ///< by rank and tier, messages just sent included
    std::vector<std::int64_t> windows_bounded_;  ///< by channel
    SimTime lasting_;                            ///< the run is known to last so long
    Progress progress_;
    WallClock clock_;
    ProgressObserver observer_;
    std::function<void()> look_up_ = [this] {
        clock_.look();
        observe();
    };
};

/// Between windows of several ranks the time is that of the last exchange: one look at the clock less per window.
void Simulation::Impl::observe() {
    if (!observer_) return;
    if (transport_.ranks() == 1) clock_.look();
    progress_.settled = loop_.settled();
    take_times();
    observer_(progress_);
}

void Simulation::Impl::take_times() {
    progress_.events = loop_.events();
    progress_.loop_s = clock_.loop_s();
    progress_.waiting_s = clock_.waiting_s();
    progress_.exchanging_s = clock_.exchanging_s();
}

RunReport Simulation::Impl::run(const RunOptions& options) {
    clock_.start();
    observer_ = options.observer;
    if (!has_started_) loop_.start();
    has_started_ = true;
    const bool is_given = !options.until.is_never();
    while (true) {
        agree();
        // A run that has its end given lasts to it; else as long as something is known to happen.
        lasting_ = is_given ? options.until : known_to_last();
        if (is_over(options.until)) break;
        horizon_.find_safe(pending_);
        if (transport_.ranks() > 1) clock_.end_exchange();
        run_window(options.until);
        ++progress_.windows;
        observe();
    }
    // What is left are samples.
    const SimTime after_end = is_given ? options.until : lasting_ + SimTime::from_ns(1);
    for (std::uint32_t tier = 0; tier < tiers_.count(); ++tier)
        loop_.run_until(tier, after_end, lasting_, look_up_);
    observe();
    clock_.stop();
    return report(is_given ? options.until : last_event());
}

/// Until when it is certain, and so on any number of ranks alike, that something happens: by what has happened, by
/// messages, which cannot be called back, and by wake-ups as far as nothing that comes before can cancel them.
SimTime Simulation::Impl::known_to_last() const {
    SimTime lasting;
    for (const Pending& pending : pending_) {
        lasting = std::max({lasting, pending.last_event, pending.lasting});
        if (!pending.message.is_never()) lasting = std::max(lasting, pending.message);
        if (!pending.wake_up.is_never()) lasting = std::max(lasting, std::min(pending.wake_up, pending.reached));
    }
    return lasting;
}

SimTime Simulation::Impl::last_event() const {
    SimTime last;
    for (const Pending& pending : pending_)
        last = std::max(last, pending.last_event);
    return last;
}

/// Nothing before the end is left, on any rank: no event, and no report or change of a board while the run lasts.
bool Simulation::Impl::is_over(SimTime until) const {
    const bool is_given = !until.is_never();
    return std::all_of(pending_.begin(), pending_.end(), [&](const Pending& pending) {
        const SimTime fixed = std::min(pending.report, pending.change);
        return pending.event() >= until && (is_given ? fixed >= until : fixed > lasting_);
    });
}

/// Phase 1: afterwards `pending_` is what all ranks know.
void Simulation::Impl::agree() {
    const std::uint32_t tiers = tiers_.count();
    const std::uint32_t own = transport_.rank();
    if (transport_.ranks() > 1) clock_.begin_exchange();
    received_[own].pending.resize(tiers);
    for (std::uint32_t tier = 0; tier < tiers; ++tier)
        received_[own].pending[tier] = loop_.pending(tier);
    if (transport_.ranks() > 1) exchange();
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        Pending& pending = pending_[i];
        pending = received_[i / tiers].pending[i % tiers];
        if (transport_.ranks() > 1)
            for (const WindowMessage& message : received_)
                pending.message = std::min(pending.message, message.earliest_sent[i]);
    }
}

void Simulation::Impl::exchange() {
    const std::uint32_t own = transport_.rank();
    const std::uint32_t ranks = transport_.ranks();
    std::vector<WindowMessage>& messages = loop_.outgoing();
    std::vector<SimTime>& sent = received_[own].earliest_sent;
    sent.clear();
    for (const WindowMessage& message : messages)
        sent.insert(sent.end(), message.earliest.begin(), message.earliest.end());
    for (std::uint32_t to = 0; to < ranks; ++to) {
        if (to == own) continue;
        messages[to].pending = received_[own].pending;
        messages[to].earliest_sent = sent;
        writers_[to].write(messages[to], outgoing_[to]);
        ++progress_.messages_sent;
        progress_.bytes_sent += static_cast<std::int64_t>(outgoing_[to].size());
    }
    clock_.begin_waiting();
    transport_.exchange(outgoing_, incoming_);
    clock_.end_waiting();
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) readers_[from].read(incoming_[from], received_[from]);
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) loop_.receive(received_[from]);
    loop_.clear_outgoing();
}

void Simulation::Impl::run_window(SimTime until) {
    count_bound(until);
    for (std::uint32_t tier = 0; tier < tiers_.count(); ++tier)
        loop_.run_until(tier, std::min(horizon_.safe(tier), until), lasting_, look_up_);
}

/// The channel that ends this window: the one that bounds the tier which may go least far. None when all may go on to
/// the end of the run.
void Simulation::Impl::count_bound(SimTime until) {
    int channel = -1;
    SimTime least = until;
    for (std::uint32_t tier = 0; tier < tiers_.count(); ++tier) {
        if (horizon_.bounded_by(tier) < 0 || horizon_.safe(tier) >= least) continue;
        least = horizon_.safe(tier);
        channel = horizon_.bounded_by(tier);
    }
    if (channel >= 0) ++windows_bounded_[static_cast<std::size_t>(channel)];
}

RunReport Simulation::Impl::report(SimTime end) {
    RunReport report;
    report.end = end;
    take_times();
    report.progress = progress_;
    for (std::size_t i = 0; i < windows_bounded_.size(); ++i)
        report.channels.push_back({.name = name_of(horizon_.channels()[i], model_),
                                   .latency = horizon_.channels()[i].latency,
                                   .windows_bounded = windows_bounded_[i]});
    report.least_slack = loop_.least_slack();
    report.mean_window = SimTime::from_ns(report.end.ns() / std::max<std::int64_t>(progress_.windows, 1));
    return report;
}

Simulation::Simulation(const Model& model, Partition partition, Transport& transport, Bound bound)
    : impl_(std::make_unique<Impl>(model, std::move(partition), transport, bound)) {}
Simulation::~Simulation() = default;

RunReport Simulation::run(const RunOptions& options) {
    return impl_->run(options);
}
void Simulation::finish(SimTime end) {
    impl_->loop().sample_through(end);
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
