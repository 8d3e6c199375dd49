#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::serving {

/// A request and how far it has come on its replica.
struct ServedRequest {
    Request request;
    SimTime received;
    SimTime scheduled = SimTime::never();
    SimTime first_token = SimTime::never();
    std::uint32_t generated = 0;  ///< tokens
    std::uint32_t preemptions = 0;

    /// It loses its KV cache, and waits to be computed again.
    void preempt(SimTime now) {
        ++preemptions;
        away_ns_ -= now.ns();
    }
    /// It becomes part of a batch at `now`, for the first time or again.
    void schedule(SimTime now) {
        if (scheduled.is_never())
            scheduled = now;
        else if (away_ns_ < 0)
            away_ns_ += now.ns();
    }
    void make_first_token(SimTime end) {
        first_token = end;
        away_before_token_ns_ = away_ns_;
    }
    /// Time that preemptions have taken by `now`, in all and before the first token [ns].
    [[nodiscard]] std::int64_t preempted_ns(SimTime now) const { return away_ns_ < 0 ? away_ns_ + now.ns() : away_ns_; }
    [[nodiscard]] std::int64_t preempted_before_token_ns(SimTime now) const {
        return first_token.is_never() ? preempted_ns(now) : away_before_token_ns_;
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& request& received& scheduled& first_token& generated;
        serialize_mostly_zero(archive, preemptions, away_ns_, away_before_token_ns_);
    }

    // Of preemptions that are over; while one lasts, less its start, which is after that much time: so below 0.
    std::int64_t away_ns_ = 0;
    std::int64_t away_before_token_ns_ = 0;
};

/// A request that was given up, by the scheduler or by its client.
struct TimedOutRequest {
    ServedRequest served;
    EndReason reason = EndReason::None;
};

/// What the steps just completed brought. Reused from call to call, and cleared by the caller.
struct StepOutcome {
    std::vector<ServedRequest> finished;
    std::vector<TimedOutRequest> timed_out;  ///< only schedulers that have deadlines touch it
    /// Gaps between two tokens of a sequence that was preempted in between.
    std::vector<SimTime> resumed_gaps;
    /// Tokens beyond one for each decode: proposals that were right.
    std::int64_t extra_tokens = 0;
};

struct QueueState {
    std::int64_t waiting = 0;  ///< requests
    std::int64_t running = 0;  ///< requests
};

/// Decides what a replica computes in each step: admission, batch formation, KV blocks, preemption. Knows no clock but
/// what it is told, and no engine.
///
/// The order of calls: `form_batch` at a step boundary; then `complete_steps` for some of its steady steps; then either
/// `form_batch` again, or, if steady steps are left and nothing new is to be considered, `keep_batch`. In a pipeline
/// `form_batch` may come again while batches are in flight, as many as there are stages; `complete_steps` then
/// completes one step of the oldest, and there is no `keep_batch`.
class ReplicaScheduler {
public:
    virtual ~ReplicaScheduler() = default;

    /// Whether the request could be served if it were alone; one that could not is never enqueued.
    [[nodiscard]] virtual bool accepts(const Request& request) const = 0;
    virtual void enqueue(const Request& request, SimTime received) = 0;
    /// Whether `request`, were it enqueued now, could change the batch at the next boundary.
    [[nodiscard]] virtual bool arrival_may_join(const Request& request) const = 0;

    /// Forms the batch of the next step at boundary `now`, taking its KV blocks. False: there is nothing to compute.
    [[nodiscard]] virtual bool form_batch(SimTime now) = 0;
    /// The next step of the batch. Valid until the next call that changes the scheduler.
    [[nodiscard]] virtual const timing::BatchShape& shape() const = 0;
    /// How many steps from the next one on have this composition, each decode growing by a token, if nothing arrives:
    /// at least 1. Only the last of them may complete a request.
    [[nodiscard]] virtual std::int64_t steady_steps() const = 0;
    /// Carries out `steps` <= steady_steps() steps of the batch, the last of which ends at `end`.
    virtual void complete_steps(std::int64_t steps, SimTime end, StepOutcome& outcome) = 0;
    /// How soon a request may complete, if every future step brought each request what it can bring at most. Bounds,
    /// not predictions: what a replica plans its wake-ups by, so that it need not be woken for what nobody sees.
    struct Soonest {
        /// Steps from the next step of the batch on until a request may complete, at least 1; of those in the batch.
        std::int64_t in_batch = 1;
        /// Likewise, counted from the first step of the next batch, of those that are not; never: INT64_MAX. 0: the
        /// replica is to be woken when the composition of its batch changes, whether or not one completes.
        std::int64_t waiting = 1;
        /// Whether no arrival can bring the end of a batch that only decodes nearer, given a step time that does not
        /// fall with what is added to a step.
        bool arrivals_only_delay = false;
    };
    [[nodiscard]] virtual Soonest soonest_completion() const { return {}; }
    /// Of a pipeline: likewise, of the requests of a batch in flight, 0 being the oldest; counted in batches that they
    /// are in, that one included.
    [[nodiscard]] virtual std::int64_t soonest_in_flight(std::size_t /*batch*/) const { return 1; }
    /// Decodes of the newest batch whose newest token is from before the end of the step before: they were left out
    /// for a while. The gap that their next token ends is told by complete_steps, as of those that were preempted.
    [[nodiscard]] std::int64_t stalled_decodes() const { return stalled_decodes_; }
    /// Whether requests may time out: because the policy limits how long they wait, or because a stream's clients give
    /// up. If not, nobody asks for what follows. Never changes.
    [[nodiscard]] virtual bool has_deadlines() const = 0;
    /// When the next request that waits has waited too long, unless it is in a batch by then.
    [[nodiscard]] virtual SimTime soonest_deadline() const { return SimTime::never(); }
    /// Ends the requests whose deadline is `now`; none may have passed. True when there were any. What is formed or
    /// completed at `now` comes before.
    [[nodiscard]] virtual bool expire(SimTime /*now*/, StepOutcome& /*outcome*/) { return false; }
    /// When the next word comes that a client has given up: the stream's timeout after its arrival at the gateway, and
    /// the gateway's latency. A request that completes after the timeout itself is not finished but timed out, whether
    /// the word has come or not.
    [[nodiscard]] virtual SimTime soonest_abort() const = 0;
    /// At a step boundary, after complete_steps and before anything else: ends the requests, waiting or running, whose
    /// clients' word has come by `now`. True when there were any: then a batch has to be formed.
    [[nodiscard]] virtual bool abort(SimTime now, StepOutcome& outcome) = 0;
    /// Goes on with the same batch: takes the next step's blocks.
    virtual void keep_batch() = 0;

    [[nodiscard]] virtual QueueState queue_state() const = 0;
    /// Blocks in use during the step that follows `steps` < steady_steps() further steps of the batch.
    [[nodiscard]] virtual std::int64_t kv_blocks_used(std::int64_t steps) const = 0;
    /// Tokens of running requests whose keys and values are in the cache after `steps` < steady_steps() further steps.
    [[nodiscard]] virtual std::int64_t kv_tokens(std::int64_t steps) const = 0;
    [[nodiscard]] virtual std::int64_t kv_blocks_peak() const = 0;
    [[nodiscard]] virtual std::int64_t preemptions() const = 0;
    /// Every request that has not finished, in no particular order.
    virtual void for_each_unfinished(const std::function<void(const ServedRequest&)>& visit) const = 0;

    /// Calls for what the scheduler's own memory leads to, because it will be touched soon. For speed only.
    virtual void prefetch() const {}
    /// Likewise for the requests that will be looked at next; what prefetch() called for has come.
    virtual void prefetch_requests() const {}
    /// Likewise for what only save() will touch.
    virtual void prefetch_saved() const {}

    virtual void save(OutArchive& archive) const = 0;
    virtual void load(InArchive& archive) = 0;

protected:
    std::int64_t stalled_decodes_ = 0;
};

}  // namespace regatta::serving
