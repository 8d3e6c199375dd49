#include "replica_driver.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "serving/pipeline_replica.hpp"

template <>
struct fmt::formatter<regatta::serving::Fate> : fmt::ostream_formatter {};

namespace regatta::serving {

namespace {

std::int64_t ns_or_none(SimTime time) {
    return time.is_never() ? kNoTime : time.ns();
}

/// Far more steps than the requests of any test need, whatever is preempted.
constexpr std::int64_t kMostWakeUps = 2'000'000;

template <class AnyReplica>
class Driver {
public:
    Driver(const Subject& subject, Stepping stepping, const Script& script)
        : subject_(subject), stepping_(stepping), script_(script), replica_(make()) {}

    Story run() {
        while (true) {
            const SimTime now = next_instant();
            if (now.is_never() || (script_.until && now >= *script_.until)) break;
            step_to(now);
        }
        finish(script_.until.value_or(last_));
        return std::move(story_);
    }

private:
    std::unique_ptr<AnyReplica> make() {
        const ReplicaFacts facts{.id = ReplicaId(7),
                                 .node = NodeId(3),
                                 .pool = PoolId(1),
                                 .gpus = 2,
                                 .kv_blocks = subject_.limits.kv_blocks,
                                 .stages = static_cast<std::uint32_t>(subject_.limits.pipeline_stages),
                                 .record_from = SimTime()};
        return std::make_unique<AnyReplica>(facts, subject_.scheduler(subject_.limits, stepping_),
                                            Replica::Surroundings{*subject_.timing, sink_, outcome_});
    }

    [[nodiscard]] SimTime next_instant() const {
        SimTime next = replica_->wake_at();
        if (arrived_ < script_.requests.size()) next = std::min(next, next_arrival());
        if (next.is_never()) return next;
        if (sampled_ < script_.samples.size()) next = std::min(next, script_.samples[sampled_]);
        return next;
    }

    [[nodiscard]] SimTime next_arrival() const { return script_.requests[arrived_].arrival + script_.way; }

    void step_to(SimTime now) {
        last_ = now;
        if (script_.move_at && !has_moved_ && now >= *script_.move_at) move();
        sample_through(now);
        wake_if_due(now);
        for (; arrived_ < script_.requests.size() && next_arrival() == now; ++arrived_)
            receive(script_.requests[arrived_], now);
        wake_if_due(now);
        check(now);
    }

    void sample_through(SimTime now) {
        for (; sampled_ < script_.samples.size() && script_.samples[sampled_] <= now; ++sampled_) {
            const SimTime at = script_.samples[sampled_];
            sink_.sample(PoolId(1), NodeId(3), at, replica_->sample(at));
        }
    }

    void wake_if_due(SimTime now) {
        if (replica_->wake_at() != now) return;
        story_.wake_ups.push_back(now);
        for (const ServedRequest& served : replica_->wake(now))
            tell_fate(served, {.state = EndState::Finished}, now);
        for (const TimedOutRequest& given_up : replica_->timed_out())
            tell_fate(given_up.served, {.state = EndState::TimedOut, .reason = given_up.reason}, now);
        REGATTA_CHECK(static_cast<std::int64_t>(story_.wake_ups.size()) < kMostWakeUps, "no progress");
    }

    void receive(const Request& request, SimTime now) {
        if (replica_->receive(request, now) == EndReason::None)
            ++accepted_;
        else
            tell_fate({.request = request, .received = now},
                      {.state = EndState::Rejected, .reason = EndReason::TooLong}, now);
    }

    struct End {
        EndState state = EndState::Unfinished;
        EndReason reason = EndReason::None;
    };
    void tell_fate(const ServedRequest& served, const End& how, SimTime end) {
        if (how.state == EndState::Finished || how.state == EndState::TimedOut) ++ended_;
        story_.fates.push_back({.id = served.request.id.value(),
                                .state = how.state,
                                .reason = how.reason,
                                .end_ns = end.ns(),
                                .received_ns = ns_or_none(served.received),
                                .scheduled_ns = ns_or_none(served.scheduled),
                                .first_token_ns = ns_or_none(served.first_token),
                                .generated = served.generated,
                                .preemptions = served.preemptions,
                                .preempted_ns = served.preempted_ns(end),
                                .preempted_before_token_ns = served.preempted_before_token_ns(end)});
    }

    void check(SimTime now) const {
        const SimTime next = replica_->wake_at();
        REGATTA_CHECK(next > now, fmt::format("at {} ns: the next wake-up is for {} ns", now.ns(), next.ns()));
        REGATTA_CHECK(replica_->outstanding() == accepted_ - ended_,
                      fmt::format("{} requests outstanding of {} accepted and {} ended", replica_->outstanding(),
                                  accepted_, ended_));
        // Vidur lets requests wait for what will never come, and loses blocks.
        const bool may_starve = subject_.limits.is_like_vidur;
        REGATTA_CHECK(replica_->outstanding() == 0 || !next.is_never() || may_starve,
                      "requests outstanding and nothing planned");
        const ReplicaSample sample = replica_->sample(now + SimTime::from_ns(1));
        REGATTA_CHECK(sample.kv_blocks_used >= 0 && sample.kv_blocks_used <= subject_.limits.kv_blocks,
                      fmt::format("{} of {} KV blocks in use", sample.kv_blocks_used, subject_.limits.kv_blocks));
        REGATTA_CHECK(sample.running <= sample.kv_blocks_used, "a running request has no KV block");
        REGATTA_CHECK(replica_->outstanding() > 0 || sample.kv_blocks_used == 0 || may_starve,
                      fmt::format("{} KV blocks are in use of nobody", sample.kv_blocks_used));
    }

    void move() {
        ByteBlock bytes;
        {
            OutArchive archive(bytes);
            replica_->save(archive);
        }
        replica_ = make();
        InArchive archive(bytes);
        replica_->load(archive);
        has_moved_ = true;
    }

    void finish(SimTime end) {
        sample_through(end);
        replica_->finish(end, [&](const ServedRequest& served) { tell_fate(served, {}, end); });
        std::sort(story_.fates.begin(), story_.fates.end(), [](const Fate& a, const Fate& b) { return a.id < b.id; });
        REGATTA_CHECK(sink_.replicas.size() == 1 && story_.fates.size() == arrived_,
                      fmt::format("{} of {} requests ended", story_.fates.size(), arrived_));
        story_.samples = std::move(sink_.samples);
        story_.steps = std::move(sink_.steps);
        story_.gaps = sink_.gaps[PoolId(1)];
        story_.lengths = sink_.lengths[PoolId(1)];
        story_.batch_steps = sink_.batch_steps;
        story_.sums = sink_.replicas.front();
    }

    const Subject& subject_;
    Stepping stepping_;
    const Script& script_;
    RecordingSink sink_;
    StepOutcome outcome_;
    std::unique_ptr<AnyReplica> replica_;
    Story story_;
    SimTime last_;
    std::size_t arrived_ = 0;
    std::size_t sampled_ = 0;
    std::int64_t accepted_ = 0;
    std::int64_t ended_ = 0;  ///< of the accepted ones
    bool has_moved_ = false;
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Fate& fate) {
    return out << fmt::format(
               "request {}: state {} ({}) end {} received {} scheduled {} first token {} tokens {} preempted {} for {} "
               "ns, {} "
               "before the first token",
               fate.id, static_cast<int>(fate.state), static_cast<int>(fate.reason), fate.end_ns, fate.received_ns,
               fate.scheduled_ns, fate.first_token_ns, fate.generated, fate.preemptions, fate.preempted_ns,
               fate.preempted_before_token_ns);
}

bool has_time_for_preemptions(const Fate& fate) {
    const std::int64_t before_ns = fate.preempted_before_token_ns;
    const std::int64_t later_ns = fate.preempted_ns - before_ns;
    if (fate.preemptions == 0) return before_ns == 0 && later_ns == 0;
    return before_ns >= 0 && before_ns < fate.first_token_ns - fate.scheduled_ns && later_ns >= 0 &&
           later_ns <= fate.end_ns - fate.first_token_ns;
}

Story tell(const Subject& subject, Stepping stepping, const Script& script) {
    if (subject.limits.pipeline_stages > 1) return Driver<PipelineReplica>(subject, stepping, script).run();
    return Driver<Replica>(subject, stepping, script).run();
}

std::string difference(const Story& a, const Story& b) {
    if (a.fates.size() != b.fates.size()) return fmt::format("{} fates, {} fates", a.fates.size(), b.fates.size());
    for (std::size_t i = 0; i < a.fates.size(); ++i)
        if (a.fates[i] != b.fates[i]) return fmt::format("{}\n{}", a.fates[i], b.fates[i]);
    if (a.samples.size() != b.samples.size())
        return fmt::format("{} samples, {} samples", a.samples.size(), b.samples.size());
    for (std::size_t i = 0; i < a.samples.size(); ++i) {
        const ReplicaSample& one = a.samples[i].state;
        const ReplicaSample& other = b.samples[i].state;
        if (fields(one) != fields(other))
            return fmt::format("samples at {} ns: waiting {} {}, running {} {}, blocks {} {}, busy {} {}, tokens {} {}",
                               a.samples[i].at.ns(), one.waiting, other.waiting, one.running, other.running,
                               one.kv_blocks_used, other.kv_blocks_used, one.busy_replicas, other.busy_replicas,
                               one.kv_tokens, other.kv_tokens);
    }
    if (a.steps.size() != b.steps.size()) return fmt::format("{} steps, {} steps", a.steps.size(), b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i)
        if (fields(a.steps[i]) != fields(b.steps[i]))
            return fmt::format("steps at {} ns and {} ns are different", a.steps[i].start_ns, b.steps[i].start_ns);
    if (a.lengths != b.lengths) return "steps of different lengths";
    if (a.gaps != b.gaps) return fmt::format("{} gaps, {} gaps", a.gaps.count(), b.gaps.count());
    if (a.batch_steps != b.batch_steps) return "batches of different sizes";
    if (fields(a.sums) != fields(b.sums))
        return fmt::format(
            "steps {} {}, busy {} {}, prefill {} {}, decode {} {}, finished {} {}, preemptions {} {}, peak {} {}, "
            "sequences {} {}, samples {} {}, attended {} {}, KV {} {}",
            a.sums.steps, b.sums.steps, a.sums.busy_ns, b.sums.busy_ns, a.sums.prefill_tokens, b.sums.prefill_tokens,
            a.sums.decode_tokens, b.sums.decode_tokens, a.sums.finished, b.sums.finished, a.sums.preemptions,
            b.sums.preemptions, a.sums.kv_blocks_peak, b.sums.kv_blocks_peak, a.sums.sequences, b.sums.sequences,
            a.sums.samples, b.sums.samples, a.sums.attended_tokens, b.sums.attended_tokens, a.sums.moved_kv_tokens,
            b.sums.moved_kv_tokens);
    return {};
}

Request request(std::uint64_t id, std::int64_t at_ns, std::uint32_t prompt_tokens, std::uint32_t output_tokens) {
    Request made;
    made.id = RequestId(id);
    made.arrival = SimTime::from_ns(at_ns);
    made.prompt_tokens = prompt_tokens;
    made.output_tokens = output_tokens;
    return made;
}

}  // namespace regatta::serving
