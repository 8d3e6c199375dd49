#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "regatta/base/ids.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "serving/fine_clock.hpp"
#include "serving/replica_facts.hpp"
#include "serving/step_work.hpp"

namespace regatta::serving {

/// A running copy of a model, brought up to date only when something touches it. Plain code without an engine.
///
/// It lives in *runs*: stretches of steps over which the composition of the batch holds, the step time being a straight
/// line in the context, so that the end of every step of the run is known in closed form. The caller wakes it at
/// `wake_at()`, never later than a request completes or times out, and tells it of requests as they come. Between the
/// two nothing leaves a replica; what happens in it, batches formed and prompts computed, is made up for when it is
/// next touched.
///
/// A request whose client has given up is taken out at the first step boundary at which that is known here: an engine
/// looks at what came in between steps. So no run goes on beyond such a boundary.
///
/// Step boundaries lie on a fine clock (2^-16 ns). To the outside a boundary happens at its nanosecond rounded up, and
/// before anything else that reaches the replica at that nanosecond.
class Replica {
public:
    /// What replicas of a rank share; all must outlive them. `outcome` is scratch of the one being woken.
    struct Surroundings {
        const timing::StepTimeModel& timing;
        RecordSink& sink;
        StepOutcome& outcome;
        const llm::WorkFacts& work = kPlainWork;
    };
    /// Of a model without sliding windows and experts, whatever its size: what is counted depends on nothing else.
    static constexpr llm::WorkFacts kPlainWork = {};
    Replica(const ReplicaFacts& facts, std::unique_ptr<ReplicaScheduler> scheduler, const Surroundings& surroundings);

    [[nodiscard]] const ReplicaFacts& facts() const { return facts_; }

    /// A request reaches the waiting queue. Otherwise why not: it could never be served here, or the queue is as long
    /// as it may be; then no one sees that anything has changed. An idle replica starts at the end of the instant, so
    /// that all requests of the instant are in its first batch.
    [[nodiscard]] EndReason receive(const Request& request, SimTime now);
    /// When it wants to be woken: never while it has nothing to do, else not after the next completion or time-out. It
    /// is exact when the run in progress ends with that completion, and may be too early when a prompt has to be
    /// computed first.
    [[nodiscard]] SimTime wake_at() const;
    /// Looks when that is now. True when it is not what it was the last time; then it is planned_wake_up().
    /// No optional: what is stored in parts and loaded whole waits for all stores before it, and that is long here.
    [[nodiscard]] bool plan_wake_up();
    [[nodiscard]] SimTime planned_wake_up() const { return planned_wake_up_; }
    /// Carries out what is due at `now`, at which it wanted to be woken. Gives the requests that finished at this
    /// instant; valid until any replica that shares the outcome is woken.
    std::span<const ServedRequest> wake(SimTime now);
    /// Those that the last wake() ended unfinished, or too late for their clients; valid as long.
    [[nodiscard]] std::span<const TimedOutRequest> timed_out() const {
        return has_deadlines_ ? std::span<const TimedOutRequest>(outcome_->timed_out)
                              : std::span<const TimedOutRequest>();
    }

    /// Its state before anything that happens at `at`.
    [[nodiscard]] ReplicaSample sample(SimTime at);
    /// Requests received and not finished.
    [[nodiscard]] std::int64_t outstanding() const;

    /// Blocks of the KV cache in use at `now`, at which it was last woken or got a request, in the step that begins or
    /// goes on then.
    [[nodiscard]] std::int64_t kv_blocks_used(SimTime now) const;
    /// See LogicalProcess::prefetch: the replica itself, its scheduler, what that leads to, and requests.
    void prefetch(unsigned stage) const;

    /// All that it has is lost at `now`, and visited; it goes on empty, with a scheduler that is as good as new.
    void restart(SimTime now, std::unique_ptr<ReplicaScheduler> fresh,
                 const std::function<void(const ServedRequest&)>& lost);

    /// Carries out every step that ends before `end` and gives the replica's sums; unfinished requests are visited.
    void finish(SimTime end, const std::function<void(const ServedRequest&)>& unfinished);

    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    template <class Self, class Archive>
    static void serialize(Self& self, Archive& archive);
    void clear_outcome();
    void advance(SimTime now, SimTime starts_before);
    void start_batch(bool may_keep);
    void start_run();
    void limit_run();
    void cut_run(SimTime now);
    [[nodiscard]] SimTime next_completion() const;
    [[nodiscard]] SimTime next_abort() const;
    void end_run_for_abort(SimTime after);
    void carry_out(std::int64_t steps);
    void stop(SimTime through, SimTime at);
    void close_books();
    [[nodiscard]] std::int64_t offset_fine(std::int64_t steps) const;
    [[nodiscard]] SimTime boundary(std::int64_t steps) const { return run_start_.plus(offset_fine(steps)).ceiling(); }
    [[nodiscard]] std::int64_t steps_ended_by(SimTime instant) const;
    void tell_times(std::int64_t steps);
    void tell_steps(std::int64_t steps);

    bool is_busy_ = false;     ///< in a run
    bool starts_now_ = false;  ///< idle with a request just received: the first batch is formed at `run_start_`
    bool is_cut_ = false;      ///< the run ends before its composition does, because another request may join
    bool has_deadlines_;       ///< of the scheduler
    FineClock run_start_;
    SimTime run_end_;  ///< while busy
    std::int64_t run_steps_ = 0;
    std::int64_t uncut_steps_ = 0;  ///< of the run, had no request come
    SimTime planned_wake_up_ = SimTime::never();
    timing::StepLine line_;
    std::int64_t run_context_tokens_ = 0;  ///< decode_context_tokens of the run's first step
    std::int64_t run_decodes_ = 0;
    StepWork work_done_;
    std::unique_ptr<ReplicaScheduler> scheduler_;
    const timing::StepTimeModel* timing_;
    RecordSink* sink_;
    StepOutcome* outcome_;
    const llm::WorkFacts* work_;
    std::int64_t least_step_fine_;
    std::int64_t most_steps_ahead_;  ///< beyond, wake-ups are not planned
    ReplicaFacts facts_;
    ReplicaRecord sums_;
};

}  // namespace regatta::serving
