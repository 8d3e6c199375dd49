#include "serving/pipeline_replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/serialization/binary_object.hpp>
#include <string>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/speculation.hpp"
#include "serving/step_records.hpp"

namespace regatta::serving {

namespace {

/// Wake-ups are planned at most so far ahead, in 2^-16 ns: sums must not overflow.
constexpr std::int64_t kLongestPlanFine = std::int64_t{1} << 61;

SimTime before(SimTime instant) {
    return instant - SimTime::from_ns(1);
}

}  // namespace

template <class Archive>
void PipelineReplica::Flight::serialize(Archive& archive, unsigned /*version*/) {
    archive& formed& passages& decodes& stalled_decodes& decode_context_tokens& work;
    auto bytes = boost::serialization::make_binary_object(&record, sizeof record);
    archive& bytes;
}

PipelineReplica::PipelineReplica(const ReplicaFacts& facts, std::unique_ptr<ReplicaScheduler> scheduler,
                                 const Surroundings& surroundings)
    : flights_(facts.stages),
      stage_is_free_(facts.stages),
      scheduler_(std::move(scheduler)),
      timing_(&surroundings.timing),
      sink_(&surroundings.sink),
      outcome_(&surroundings.outcome),
      work_(&surroundings.work),
      least_flight_fine_(surroundings.timing.least_step_fine() * facts.stages),
      most_flights_ahead_(kLongestPlanFine / least_flight_fine_),
      facts_(facts),
      sums_(blank_record(facts)) {}

void PipelineReplica::clear_outcome() {
    outcome_->finished.clear();
    outcome_->timed_out.clear();
}

EndReason PipelineReplica::receive(const Request& request, SimTime now) {
    if (!scheduler_->accepts(request)) return EndReason::TooLong;
    clear_outcome();
    advance(now, now);
    if (facts_.max_queue != INT64_MAX && scheduler_->queue_state().waiting >= facts_.max_queue)
        return EndReason::QueueFull;
    if (in_flight_ < flights_.size() && !starts_now_) {
        starts_now_ = true;
        starts_at_ = FineClock(now);
    }
    scheduler_->enqueue(request, now);
    return EndReason::None;
}

/// Of everybody in flight and of everybody else: each flight brings a token at most, and takes its time.
SimTime PipelineReplica::next_completion() const {
    const auto later = [&](const FineClock& from, std::int64_t flights) {
        return from.plus(std::min(flights, most_flights_ahead_) * least_flight_fine_).ceiling();
    };
    SimTime at = SimTime::never();
    for (std::size_t i = 0; i < in_flight_; ++i)
        at = std::min(at, later(flight(i).end(), scheduler_->soonest_in_flight(i) - 1));
    const std::int64_t others = scheduler_->soonest_completion().waiting;
    if (others == INT64_MAX) return at;
    if (starts_now_) return std::min(at, later(starts_at_, std::max<std::int64_t>(others, 1)));
    return in_flight_ == 0 ? at : std::min(at, later(flight(0).end(), others));
}

/// Exactly when a batch lands at or after the word, for only then is anybody taken out; if that is not known yet, when
/// the word comes.
SimTime PipelineReplica::next_abort() const {
    const SimTime word = scheduler_->soonest_abort();
    if (word.is_never()) return word;
    for (std::size_t i = 0; i < in_flight_; ++i)
        if (flight(i).end().ceiling() >= word) return flight(i).end().ceiling();
    if (in_flight_ > 0) return word;
    return std::max(word, starts_at_.plus(least_flight_fine_).ceiling());
}

SimTime PipelineReplica::wake_at() const {
    return std::min({next_completion(), scheduler_->soonest_deadline(), next_abort()});
}

bool PipelineReplica::plan_wake_up() {
    const SimTime at = wake_at();
    if (at == planned_wake_up_) return false;
    planned_wake_up_ = at;
    return true;
}

std::span<const ServedRequest> PipelineReplica::wake(SimTime now) {
    clear_outcome();
    planned_wake_up_ = SimTime::never();
    advance(now, now);
    return outcome_->finished;
}

/// Lands every batch due by `now`, and forms what follows; what is to start with an instant that is not before
/// `starts_before` waits, for until then the instant may bring more.
void PipelineReplica::advance(SimTime now, SimTime starts_before) {
    while (true) {
        const SimTime lands = in_flight_ == 0 ? SimTime::never() : flight(0).end().ceiling();
        const bool is_start_due = starts_now_ && starts_at_.ceiling() < starts_before;
        if (is_start_due && starts_at_.ceiling() < lands) {
            starts_now_ = false;
            form(starts_at_);
        } else if (lands <= now) {
            land(now);
        } else {
            return;
        }
    }
}

/// The oldest batch has passed all stages.
void PipelineReplica::land(SimTime now) {
    const Flight& flight = flights_[oldest_];
    const FineClock landed = flight.end();
    const SimTime end = landed.ceiling();
    const std::int64_t regular = flight.decodes - flight.stalled_decodes;
    const SimTime length = end - flight.formed;
    sink_->step_times({.pool = facts_.pool, .length = length, .count = 1, .total = length, .gaps_each = regular});
    if (facts_.records_step(flight.formed)) {
        StepRecord record = flight.record;
        record.start_ns = flight.formed.ns();
        record.end_ns = end.ns();
        sink_->step(record);
    }
    for (const Passage& passage : flight.passages)
        count_busy(passage.begin, passage.end);
    work_done_.resume(flight.work);
    ++sums_.steps;
    sums_.decode_tokens += flight.decodes;
    sums_.prefill_tokens += work_done_.prefill_tokens();
    work_done_.add_to(sums_, 1, flight.decodes, flight.decode_context_tokens, *work_);
    sink_->batches(facts_.pool, flight.decodes + work_done_.prefills(), 1);
    oldest_ = (oldest_ + 1) % flights_.size();
    --in_flight_;
    const std::size_t finished_before = outcome_->finished.size();
    scheduler_->complete_steps(1, end, *outcome_);
    sums_.finished += static_cast<std::int64_t>(outcome_->finished.size() - finished_before);
    for (const SimTime stalled : outcome_->resumed_gaps)
        sink_->inter_token_gaps(facts_.pool, stalled, 1, stalled);
    outcome_->resumed_gaps.clear();
    if (outcome_->extra_tokens > 0) tell_extra_tokens(*outcome_, sums_, *sink_);
    if (scheduler_->soonest_abort() <= end) static_cast<void>(scheduler_->abort(end, *outcome_));
    REGATTA_CHECK(end == now || (outcome_->finished.empty() && outcome_->timed_out.empty()),
                  fmt::format("replica {} ends a request at {} ns, but is woken at {} ns", facts_.id.value(), end.ns(),
                              now.ns()));
    form(landed);
}

void PipelineReplica::form(const FineClock& at) {
    while (in_flight_ < flights_.size() && scheduler_->form_batch(at.ceiling()))
        start_flight(at);
}

void PipelineReplica::start_flight(const FineClock& at) {
    const timing::BatchShape& shape = scheduler_->shape();
    Flight& flight = flights_[(oldest_ + in_flight_++) % flights_.size()];
    flight.formed = at.ceiling();
    flight.decodes = shape.decodes;
    flight.stalled_decodes = scheduler_->stalled_decodes();
    flight.decode_context_tokens = shape.decode_context_tokens;
    flight.work.start(shape, *work_);
    if (!facts_.record_from.is_never()) {
        flight.record = describe_step(facts_, shape, timing_->parts(shape));
        flight.record.kv_blocks_used = scheduler_->kv_blocks_used(0);
    }
    const std::int64_t inner = timing_->stage_line(shape, false).at(shape.decode_context_tokens);
    const std::int64_t last = timing_->stage_line(shape, true).at(shape.decode_context_tokens);
    FineClock ready = at;
    flight.passages.clear();
    for (FineClock& is_free : stage_is_free_) {
        const FineClock begin = std::max(ready, is_free);
        is_free = begin.plus(&is_free == &stage_is_free_.back() ? last : inner);
        ready = is_free;
        flight.passages.push_back({begin, is_free});
    }
}

/// GPUs of a stage are busy while it computes.
void PipelineReplica::count_busy(const FineClock& begin, const FineClock& end) {
    busy_fine_ += end.fine_since(begin);
    const std::int64_t fine_per_ns = timing::kFinePerNs * facts_.stages;
    sums_.busy_ns += busy_fine_ / fine_per_ns;
    busy_fine_ %= fine_per_ns;
}

ReplicaSample PipelineReplica::sample(SimTime at) {
    clear_outcome();
    advance(before(at), at);
    const QueueState queue = scheduler_->queue_state();
    return {.waiting = queue.waiting,
            .running = queue.running,
            .kv_blocks_used = scheduler_->kv_blocks_used(0),
            .busy_replicas = in_flight_ == 0 ? 0 : 1,
            .kv_tokens = scheduler_->kv_tokens(0),
            .replicas = 1};
}

std::int64_t PipelineReplica::outstanding() const {
    const QueueState queue = scheduler_->queue_state();
    return queue.waiting + queue.running;
}

std::int64_t PipelineReplica::kv_blocks_used(SimTime /*now*/) const {
    return scheduler_->kv_blocks_used(0);
}

void PipelineReplica::prefetch(unsigned stage) const {
    if (stage == 0) __builtin_prefetch(this);
    if (stage == 1) __builtin_prefetch(scheduler_.get());
    if (stage == 2) scheduler_->prefetch();
}

void PipelineReplica::stop(SimTime through, SimTime at) {
    clear_outcome();
    advance(through, at);
    const FineClock stop(at);
    for (std::size_t i = 0; i < in_flight_; ++i)
        for (const Passage& passage : flight(i).passages)
            if (passage.begin < stop) count_busy(passage.begin, std::min(passage.end, stop));
}

void PipelineReplica::close_books() {
    sums_.preemptions += scheduler_->preemptions();
    sums_.kv_blocks_peak = std::max(sums_.kv_blocks_peak, scheduler_->kv_blocks_peak());
}

void PipelineReplica::restart(SimTime now, std::unique_ptr<ReplicaScheduler> fresh,
                              const std::function<void(const ServedRequest&)>& lost) {
    stop(now, now);
    scheduler_->for_each_unfinished(lost);
    close_books();
    scheduler_ = std::move(fresh);
    in_flight_ = 0;
    std::fill(stage_is_free_.begin(), stage_is_free_.end(), FineClock(now));
    starts_now_ = false;
}

void PipelineReplica::finish(SimTime end, const std::function<void(const ServedRequest&)>& unfinished) {
    stop(before(end), end);
    scheduler_->for_each_unfinished(unfinished);
    work_done_.finish(sums_);
    close_books();
    sink_->replica_ended(sums_);
}

void PipelineReplica::save(OutArchive& archive) const {
    scheduler_->save(archive);
    archive << flights_ << oldest_ << in_flight_ << stage_is_free_ << starts_now_ << starts_at_ << planned_wake_up_
            << busy_fine_ << work_done_;
    archive.save_binary(&sums_, sizeof sums_);
}

void PipelineReplica::load(InArchive& archive) {
    scheduler_->load(archive);
    const std::size_t stages = flights_.size();
    archive >> flights_ >> oldest_ >> in_flight_ >> stage_is_free_ >> starts_now_ >> starts_at_ >> planned_wake_up_ >>
        busy_fine_ >> work_done_;
    archive.load_binary(&sums_, sizeof sums_);
    const std::string found =
        fmt::format("{} of {} batches in flight from {} on", in_flight_, flights_.size(), oldest_);
    REGATTA_CHECK(
        flights_.size() == stages && stage_is_free_.size() == stages && oldest_ < stages && in_flight_ <= stages,
        found);
    for (std::size_t i = 0; i < in_flight_; ++i)
        REGATTA_CHECK(flight(i).passages.size() == stages, found);
}

}  // namespace regatta::serving
