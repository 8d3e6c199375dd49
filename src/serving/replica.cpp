#include "serving/replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/base/sketch.hpp"
#include "regatta/engine/logical_process.hpp"
#include "serving/speculation.hpp"
#include "serving/step_records.hpp"

namespace regatta::serving {

namespace {

/// A run is cut where its length in 2^-16 ns would come near 2^61 (9.8 hours): the series must not overflow.
constexpr std::int64_t kLongestRunFine = std::int64_t{1} << 61;
constexpr std::size_t kCacheLineBytes = 64;
/// What is called for of a scheduler whose size is not known here.
constexpr std::size_t kSchedulerBytes = 512;

}  // namespace

Replica::Replica(const ReplicaFacts& facts, std::unique_ptr<ReplicaScheduler> scheduler,
                 const Surroundings& surroundings)
    : has_deadlines_(scheduler->has_deadlines()),
      scheduler_(std::move(scheduler)),
      timing_(&surroundings.timing),
      sink_(&surroundings.sink),
      outcome_(&surroundings.outcome),
      work_(&surroundings.work),
      least_step_fine_(surroundings.timing.least_step_fine()),
      most_steps_ahead_(kLongestRunFine / least_step_fine_),
      facts_(facts),
      sums_(blank_record(facts)) {}

void Replica::clear_outcome() {
    outcome_->finished.clear();
    if (has_deadlines_) [[unlikely]]
        outcome_->timed_out.clear();
}

EndReason Replica::receive(const Request& request, SimTime now) {
    if (!scheduler_->accepts(request)) return EndReason::TooLong;
    clear_outcome();
    advance(now, now);
    if (facts_.max_queue != INT64_MAX && scheduler_->queue_state().waiting >= facts_.max_queue)
        return EndReason::QueueFull;
    if (!is_busy_) {
        if (!starts_now_) {
            starts_now_ = true;
            run_start_ = FineClock(now);
        }
    } else if (!is_cut_ && scheduler_->arrival_may_join(request)) {
        cut_run(now);
    }
    scheduler_->enqueue(request, now);
    if (has_deadlines_ && is_busy_) [[unlikely]]
        end_run_for_abort(now);
    return EndReason::None;
}

/// The step in progress goes on; the batch after it is formed anew, even where the run would have ended with that step
/// (with the line's piece) and been followed by another of the same composition.
void Replica::cut_run(SimTime now) {
    run_steps_ = steps_ended_by(now) + 1;
    run_end_ = boundary(run_steps_);
    is_cut_ = true;
}

/// No boundary after `after` at which somebody is taken out may lie within the run: it is to be the run's end. Whether
/// the composition holds beyond it is seen there.
void Replica::end_run_for_abort(SimTime after) {
    const SimTime word = scheduler_->soonest_abort();
    if (run_end_ <= word) return;
    run_steps_ = steps_ended_by(std::max(word - SimTime::from_ns(1), after)) + 1;
    run_end_ = boundary(run_steps_);
}

/// Not after somebody is taken out: exactly then where the run in progress ends with it, else when the word comes.
SimTime Replica::next_abort() const {
    const SimTime word = scheduler_->soonest_abort();
    if (word.is_never()) return word;
    return std::max(word, is_busy_ ? run_end_ : run_start_.plus(least_step_fine_).ceiling());
}

inline SimTime Replica::next_completion() const {
    if (!is_busy_ && !starts_now_) return SimTime::never();
    const ReplicaScheduler::Soonest soonest = scheduler_->soonest_completion();
    const auto later = [&](const FineClock& from, std::int64_t steps) {
        return from.plus(std::min(steps, most_steps_ahead_) * least_step_fine_).ceiling();
    };
    if (!is_busy_) return later(run_start_, std::max<std::int64_t>(soonest.waiting, 1));
    if (soonest.in_batch == run_steps_ && soonest.waiting == INT64_MAX) return run_end_;
    // The run's own steps are known; those of a run that a request has cut short would have been no longer.
    const bool is_line_bound = soonest.arrivals_only_delay && timing_->is_monotone();
    const std::int64_t known = std::min(soonest.in_batch, is_line_bound ? uncut_steps_ : run_steps_);
    SimTime at = known == run_steps_ ? run_end_ : boundary(known);
    if (soonest.in_batch > known) at = later(run_start_.plus(offset_fine(known)), soonest.in_batch - known);
    if (soonest.waiting == INT64_MAX) return at;
    return std::min(at, later(run_start_.plus(offset_fine(run_steps_)), soonest.waiting));
}

SimTime Replica::wake_at() const {
    if (!has_deadlines_) return next_completion();
    return std::min({next_completion(), scheduler_->soonest_deadline(), next_abort()});
}

bool Replica::plan_wake_up() {
    const SimTime at = has_deadlines_ ? wake_at() : next_completion();
    if (at == planned_wake_up_) return false;
    planned_wake_up_ = at;
    return true;
}

std::span<const ServedRequest> Replica::wake(SimTime now) {
    clear_outcome();
    planned_wake_up_ = SimTime::never();
    advance(now, now);
    // Whoever waited behind one that has given up may join the next batch.
    if (has_deadlines_ && scheduler_->expire(now, *outcome_) && is_busy_ && !is_cut_) [[unlikely]]
        cut_run(now);
    return outcome_->finished;
}

/// Carries out every run that ends by `now`, and starts what follows; an idle replica starts only if it was to do so
/// before `starts_before`, for until then the instant may bring more.
void Replica::advance(SimTime now, SimTime starts_before) {
    while (true) {
        if (is_busy_) {
            if (run_end_ > now) return;
            const SimTime end = run_end_;
            carry_out(run_steps_);
            const bool has_aborted = has_deadlines_ && scheduler_->abort(end, *outcome_);
            REGATTA_CHECK(end == now || (outcome_->finished.empty() && timed_out().empty()),
                          fmt::format("replica {} ends a request at {} ns, but is woken at {} ns", facts_.id.value(),
                                      end.ns(), now.ns()));
            start_batch(!is_cut_ && !has_aborted);
        } else if (starts_now_ && run_start_.ceiling() < starts_before) {
            starts_now_ = false;
            start_batch(false);
        } else {
            return;
        }
    }
}

/// Steps of the run whose end, rounded up to whole nanoseconds, is not after `instant`; less than all of them.
std::int64_t Replica::steps_ended_by(SimTime instant) const {
    const std::int64_t most = run_steps_ - 1;
    if (most == 0 || boundary(1) > instant) return 0;
    // offset(n) = square * n^2 + linear * n, solved in floating point and set right in integers.
    const double square = 0.5 * static_cast<double>(line_.slope_fine) * static_cast<double>(run_decodes_);
    const double linear = static_cast<double>(line_.at(run_context_tokens_)) - square;
    const double offset = static_cast<double>((instant - run_start_.ceiling()).ns()) * double{timing::kFinePerNs};
    const double solution = 2 * offset / (linear + std::sqrt(linear * linear + 4 * square * offset));
    auto ended = static_cast<std::int64_t>(std::clamp(solution, 1.0, static_cast<double>(most)));
    while (ended < most && boundary(ended + 1) <= instant)
        ++ended;
    while (boundary(ended) > instant)
        --ended;
    return ended;
}

/// Duration of the run's first `steps` steps: the context grows by `run_decodes_` tokens from step to step, so that it
/// is an arithmetic series, exact in integers.
std::int64_t Replica::offset_fine(std::int64_t steps) const {
    const std::int64_t context = steps * run_context_tokens_ + run_decodes_ * (steps * (steps - 1) / 2);
    return steps * line_.base_fine + line_.slope_fine * context;
}

/// A batch at the boundary `run_start_`: the same one where its composition holds (`may_keep`), else a new one.
void Replica::start_batch(bool may_keep) {
    if (may_keep && scheduler_->steady_steps() > 0) {
        scheduler_->keep_batch();
        start_run();
        return;
    }
    is_busy_ = scheduler_->form_batch(run_start_.ceiling());
    if (is_busy_) start_run();
}

void Replica::start_run() {
    const timing::BatchShape& shape = scheduler_->shape();
    line_ = timing_->line(shape);
    is_cut_ = false;
    run_context_tokens_ = shape.decode_context_tokens;
    run_decodes_ = shape.decodes;
    work_done_.start(shape, *work_);
    run_steps_ = scheduler_->steady_steps();
    // Who was left out for a while has a longer gap behind this step than behind the next.
    if (scheduler_->stalled_decodes() > 0) run_steps_ = 1;
    if (run_steps_ > 1) limit_run();
    uncut_steps_ = run_steps_;
    run_end_ = boundary(run_steps_);
    if (has_deadlines_) [[unlikely]]
        end_run_for_abort(run_start_.ceiling());
}

/// The series must hold over the whole run, and not overflow.
void Replica::limit_run() {
    // Steps 1, ..., n see contexts up to run_context_tokens_ + (n - 1) * run_decodes_; all must lie in the line's
    // piece.
    if (line_.slope_fine != 0 || line_.valid_below != INT64_MAX) {
        const std::int64_t in_piece = (line_.valid_below - 1 - run_context_tokens_) / run_decodes_ + 1;
        run_steps_ = std::min(run_steps_, std::max<std::int64_t>(in_piece, 1));
    }
    const std::int64_t last_context = run_context_tokens_ + (run_steps_ - 1) * run_decodes_;
    run_steps_ = std::min(run_steps_, std::max<std::int64_t>(kLongestRunFine / line_.at(last_context), 1));
}

void Replica::carry_out(std::int64_t steps) {
    const FineClock start = run_start_;
    tell_times(steps);
    if (!facts_.record_from.is_never()) tell_steps(steps);
    run_start_ = start.plus(offset_fine(steps));
    sums_.steps += steps;
    sums_.busy_ns += run_start_.ceiling().ns() - start.ceiling().ns();
    sums_.decode_tokens += steps * run_decodes_;
    sums_.prefill_tokens += work_done_.prefill_tokens();
    work_done_.add_to(sums_, steps, run_decodes_, run_context_tokens_, *work_);
    sink_->batches(facts_.pool, run_decodes_ + work_done_.prefills(), steps);
    const std::size_t finished_before = outcome_->finished.size();
    scheduler_->complete_steps(steps, run_start_.ceiling(), *outcome_);
    sums_.finished += static_cast<std::int64_t>(outcome_->finished.size() - finished_before);
    for (const SimTime gap : outcome_->resumed_gaps)
        sink_->inter_token_gaps(facts_.pool, gap, 1, gap);
    outcome_->resumed_gaps.clear();
    if (outcome_->extra_tokens > 0) [[unlikely]]
        tell_extra_tokens(*outcome_, sums_, *sink_);
}

/// How long the steps of the run were; every decode has a gap as long between two tokens. Buckets are by the step's
/// duration in whole nanoseconds, which grows along the run, so that it is told bucket by bucket; the sum is that of
/// the boundaries, exact.
void Replica::tell_times(std::int64_t steps) {
    const std::int64_t gaps_each = run_decodes_ - scheduler_->stalled_decodes();
    const std::int64_t growth_fine = line_.slope_fine * run_decodes_;
    std::int64_t told = 0;
    while (told < steps) {
        const std::int64_t length_fine = line_.at(run_context_tokens_ + told * run_decodes_);
        const std::int64_t length_ns = length_fine >> timing::kFineBits;
        std::int64_t count = steps - told;
        if (growth_fine > 0) {
            // Last step of this bucket: the largest k with length_fine + k * growth below the bucket's end.
            const std::int64_t end_fine = LatencySketch::bucket_end(SimTime::from_ns(length_ns)).ns()
                                          << timing::kFineBits;
            if (length_fine + (count - 1) * growth_fine >= end_fine)
                count = (end_fine - 1 - length_fine) / growth_fine + 1;
        }
        const SimTime total = boundary(told + count) - (told == 0 ? run_start_.ceiling() : boundary(told));
        sink_->step_times({.pool = facts_.pool,
                           .length = SimTime::from_ns(length_ns),
                           .count = count,
                           .total = total,
                           .gaps_each = gaps_each});
        told += count;
    }
}

/// The steps of the run one by one, for they are recorded.
void Replica::tell_steps(std::int64_t steps) {
    timing::BatchShape shape = scheduler_->shape();
    SimTime start = run_start_.ceiling();
    for (std::int64_t step = 0; step < steps; ++step) {
        const SimTime end = boundary(step + 1);
        if (facts_.records_step(start)) {
            shape.decode_context_tokens = run_context_tokens_ + step * run_decodes_;
            StepRecord record = describe_step(facts_, shape, timing_->parts(shape));
            record.start_ns = start.ns();
            record.end_ns = end.ns();
            record.kv_blocks_used = scheduler_->kv_blocks_used(step);
            sink_->step(record);
        }
        start = end;
    }
}

ReplicaSample Replica::sample(SimTime at) {
    clear_outcome();
    advance(at - SimTime::from_ns(1), at);
    const QueueState queue = scheduler_->queue_state();
    const std::int64_t ended = is_busy_ ? steps_ended_by(at - SimTime::from_ns(1)) : 0;
    return {.waiting = queue.waiting,
            .running = queue.running,
            .kv_blocks_used = scheduler_->kv_blocks_used(ended),
            .busy_replicas = is_busy_ ? 1 : 0,
            .kv_tokens = scheduler_->kv_tokens(ended),
            .replicas = 1};
}

std::int64_t Replica::outstanding() const {
    const QueueState queue = scheduler_->queue_state();
    return queue.waiting + queue.running;
}

std::int64_t Replica::kv_blocks_used(SimTime now) const {
    return scheduler_->kv_blocks_used(is_busy_ ? steps_ended_by(now) : 0);
}

void Replica::prefetch(unsigned stage) const {
    const auto call_for = [](const void* object, std::size_t bytes) {
        for (std::size_t offset = 0; offset < bytes; offset += kCacheLineBytes)
            __builtin_prefetch(static_cast<const char*>(object) + offset);
    };
    if (stage == 0) call_for(this, sizeof *this);
    if (stage == 1) call_for(scheduler_.get(), kSchedulerBytes);
    if (stage == 2) scheduler_->prefetch();
    if (stage == 3) scheduler_->prefetch_requests();
    if (stage == engine::LogicalProcess::kSavedStage) scheduler_->prefetch_saved();
}

/// Steps that end by `through` are done; the one in progress has kept the GPUs busy until `at`, too.
void Replica::stop(SimTime through, SimTime at) {
    clear_outcome();
    advance(through, at);
    if (!is_busy_) return;
    const std::int64_t ended = steps_ended_by(through);
    if (ended > 0) {
        carry_out(ended);
        run_steps_ -= ended;
        scheduler_->keep_batch();
    }
    sums_.busy_ns += std::max<std::int64_t>(at.ns() - run_start_.ceiling().ns(), 0);
}

/// What only the scheduler has counted.
void Replica::close_books() {
    sums_.preemptions += scheduler_->preemptions();
    sums_.kv_blocks_peak = std::max(sums_.kv_blocks_peak, scheduler_->kv_blocks_peak());
}

void Replica::restart(SimTime now, std::unique_ptr<ReplicaScheduler> fresh,
                      const std::function<void(const ServedRequest&)>& lost) {
    // What completes at this nanosecond has done so.
    stop(now, now);
    scheduler_->for_each_unfinished(lost);
    close_books();
    scheduler_ = std::move(fresh);
    is_busy_ = false;
    starts_now_ = false;
    is_cut_ = false;
}

void Replica::finish(SimTime end, const std::function<void(const ServedRequest&)>& unfinished) {
    stop(end - SimTime::from_ns(1), end);
    scheduler_->for_each_unfinished(unfinished);
    work_done_.finish(sums_);
    close_books();
    sink_->replica_ended(sums_);
}

/// Beside the scheduler.
template <class Self, class Archive>
void Replica::serialize(Self& self, Archive& archive) {
    serialize_together(archive, self.is_busy_, self.starts_now_, self.is_cut_, self.run_start_, self.run_end_,
                       self.run_steps_, self.uncut_steps_, self.planned_wake_up_, self.line_.base_fine,
                       self.line_.slope_fine, self.line_.valid_below, self.run_context_tokens_, self.run_decodes_,
                       self.work_done_);
}

void Replica::save(OutArchive& archive) const {
    scheduler_->save(archive);
    serialize(*this, archive);
    archive.save_binary(&sums_, sizeof sums_);
}

void Replica::load(InArchive& archive) {
    scheduler_->load(archive);
    serialize(*this, archive);
    archive.load_binary(&sums_, sizeof sums_);
}

}  // namespace regatta::serving
