#include "regatta/engine/simulation.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/exchange.hpp"
#include "engine/horizon.hpp"
#include "engine/rank_loop.hpp"
#include "engine/saved_state.hpp"
#include "engine/tiers.hpp"
#include "engine/wall_clock.hpp"

namespace regatta::engine {

// The window loop. Phases of a window, in this order:
//   1. exchange  each rank tells the others what they must know of what it has sent and of what is pending in its
//                domains, and nothing is under way when it is over (Exchange)
//   2. agree     every rank has the same numbers, and computes from them until when nothing can reach each of its
//                domains (Horizon); no event left anywhere, or none before the end: stop
//   3. run       each domain up to its safe instant
// On entry to phase 3 every event before a domain's safe instant that will ever come is in the domain's queue.
class Simulation::Impl {
public:
    Impl(const Model& model, Partition partition, Transport& transport, Bound bound, ExchangeWay way)
        : model_(model),
          transport_(transport),
          tiers_(model),
          partition_(std::move(partition)),
          horizon_(model, tiers_, partition_, transport.rank(), bound),
          loop_(model, tiers_, partition_, transport.rank()),
          way_(way),
          windows_bounded_(horizon_.channels().size(), 0) {}

    RunReport run(const RunOptions& options);
    RankLoop& loop() { return loop_; }
    void load(std::span<const std::span<const char>> parts) {
        loop_.load(SavedState(parts, model_.process_count()));
        has_started_ = true;
        events_before_ = loop_.events();
    }

private:
    bool has_started_ = false;
    std::int64_t events_before_ = 0;  ///< that were handled elsewhere

    void meet();
    [[nodiscard]] bool is_over(SimTime until) const;
    [[nodiscard]] bool is_due(SimTime pause) const;
    [[nodiscard]] SimTime farthest();
    [[nodiscard]] SimTime short_end();
    void run_rest(SimTime until, SimTime lasting);
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
    ExchangeWay way_;
    std::unique_ptr<Exchange> exchange_;  ///< from the first run on: it may have to be measured
    Agreement agreement_;
    std::vector<std::int64_t> windows_bounded_;  ///< by channel
    SimTime lasting_;                            ///< the run is known to last so long
    // Of windows while wishes are asked for. No longer than 73 years, so that sums of two fit.
    static constexpr SimTime kMostWindow = SimTime::from_ns(std::int64_t{1} << 61);
    SimTime longest_window_ = SimTime::from_ns(1'000'000'000);
    double window_began_s_ = 0;
    SimTime wanted_at_ = SimTime::never();  ///< the instant of a pause that some rank wants
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
    // A run that ends when nothing is left ends with its last event, and what is still there then ends with it.
    progress_.settled = std::min(loop_.settled(), loop_.last_event());
    take_times();
    observer_(progress_);
}

void Simulation::Impl::take_times() {
    progress_.events = loop_.events() - events_before_;
    progress_.loop_s = clock_.loop_s();
    progress_.waiting_s = clock_.waiting_s();
    progress_.exchanging_s = clock_.exchanging_s();
}

RunReport Simulation::Impl::run(const RunOptions& options) {
    if (!exchange_)
        exchange_ = make_exchange(
            way_,
            {.tiers = tiers_.count(), .transport = transport_, .loop = loop_, .horizon = horizon_, .clock = clock_});
    clock_.start();
    observer_ = options.observer;
    if (!has_started_) loop_.start();
    has_started_ = true;
    const bool is_given = !options.until.is_never();
    SimTime pause = std::min(options.pause, options.until);
    Wish wanted = Wish::Pause;
    while (true) {
        exchange_->want(options.wish ? options.wish() : Wish::None);
        meet();
        // A run that has its end given lasts to it; else as long as something is known to happen.
        lasting_ = is_given ? options.until : agreement_.lasting;
        if (is_over(options.until)) break;
        if (agreement_.wish != Wish::None && wanted_at_ == SimTime::never()) {
            // All ranks know of the wish in the same window. Nobody can pause before where anybody has gone.
            wanted_at_ = farthest();
            wanted = agreement_.wish;
        }
        if (wanted_at_ < pause) pause = wanted_at_;
        if (is_due(pause)) {
            const bool is_wanted = pause == wanted_at_;
            wanted_at_ = SimTime::never();
            run_rest(pause, pause);
            RunReport paused = report(pause);
            paused.paused_for = is_wanted ? wanted : Wish::Pause;
            return paused;
        }
        run_window(std::min({options.until, pause, options.wish ? short_end() : SimTime::never()}));
        ++progress_.windows;
        observe();
    }
    run_rest(is_given ? options.until : lasting_ + SimTime::from_ns(1), lasting_);
    return report(is_given ? options.until : agreement_.last_event);
}

/// Where a window ends at the latest, so that wishes are asked for every so often: after about a tenth of a second of
/// wall time, as it went so far.
SimTime Simulation::Impl::short_end() {
    constexpr double kLeast_s = 0.05;
    constexpr double kMost_s = 0.2;
    clock_.look();
    const double now_s = clock_.loop_s();
    if (const double took_s = now_s - window_began_s_; took_s < kLeast_s)
        longest_window_ = SimTime::from_ns(std::min(2 * longest_window_.ns(), kMostWindow.ns()));
    else if (took_s > kMost_s)
        longest_window_ = SimTime::from_ns(std::max<std::int64_t>(longest_window_.ns() / 2, 1));
    window_began_s_ = now_s;
    const SimTime from = std::max(agreement_.event, loop_.settled());
    return from.is_never() || from > kMostWindow ? SimTime::never() : from + longest_window_;
}

/// What is left before `until` are samples.
void Simulation::Impl::run_rest(SimTime until, SimTime lasting) {
    for (std::uint32_t tier = 0; tier < tiers_.count(); ++tier)
        loop_.run_until(tier, until, lasting, look_up_);
    observe();
    clock_.stop();
}

/// Nothing before `pause` is left on any rank. A run that is not over goes on after it: its first event cannot be
/// called back, for nothing comes before, and fixed instants that are left are as far as it is known to last.
bool Simulation::Impl::is_due(SimTime pause) const {
    return !pause.is_never() && agreement_.event >= pause && agreement_.fixed >= pause;
}

/// How far any rank has gone.
SimTime Simulation::Impl::farthest() {
    return SimTime::from_ns(transport_.largest(loop_.farthest().ns()));
}

/// Nothing before the end is left, on any rank: no event, and no report or change of a board while the run lasts.
bool Simulation::Impl::is_over(SimTime until) const {
    if (agreement_.event < until) return false;
    return until.is_never() ? agreement_.fixed > lasting_ : agreement_.fixed >= until;
}

/// Phases 1 and 2: afterwards events are where they are due, and the horizon is that of what all ranks know.
void Simulation::Impl::meet() {
    const bool is_alone = transport_.ranks() == 1;
    if (!is_alone) clock_.begin_exchange();
    agreement_ = exchange_->meet();
    if (!is_alone) clock_.end_exchange();
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
    exchange_->count_into(progress_);
    report.progress = progress_;
    for (std::size_t i = 0; i < windows_bounded_.size(); ++i)
        report.channels.push_back({.name = name_of(horizon_.channels()[i], model_),
                                   .latency = horizon_.channels()[i].latency,
                                   .windows_bounded = windows_bounded_[i]});
    report.least_slack = loop_.least_slack();
    report.mean_window = SimTime::from_ns(report.end.ns() / std::max<std::int64_t>(progress_.windows, 1));
    return report;
}

Simulation::Simulation(const Model& model, Partition partition, Transport& transport, Bound bound, ExchangeWay way)
    : impl_(std::make_unique<Impl>(model, std::move(partition), transport, bound, way)) {}
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
Buffer Simulation::save(Buffer room) const {
    return impl_->loop().save(std::move(room));
}

void Simulation::load(std::span<const std::span<const char>> parts) {
    impl_->load(parts);
}

}  // namespace regatta::engine
