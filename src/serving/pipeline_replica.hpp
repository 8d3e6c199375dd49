#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "regatta/serving/records.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "serving/fine_clock.hpp"
#include "serving/replica.hpp"
#include "serving/replica_facts.hpp"
#include "serving/step_work.hpp"

namespace regatta::serving {

/// A running copy of a model whose layers are spread over the stages of a pipeline, to the outside like Replica.
///
/// Batches pass the stages one after the other and never overtake. As many may be in flight as there are stages, and
/// each stage computes one at a time. What a batch computes does not change on its way, so that it is known when it is
/// formed when it will leave each stage. A request is in one batch at a time.
class PipelineReplica {
public:
    using Surroundings = Replica::Surroundings;
    PipelineReplica(const ReplicaFacts& facts, std::unique_ptr<ReplicaScheduler> scheduler,
                    const Surroundings& surroundings);

    // See Replica.
    [[nodiscard]] const ReplicaFacts& facts() const { return facts_; }
    [[nodiscard]] EndReason receive(const Request& request, SimTime now);
    [[nodiscard]] SimTime wake_at() const;
    [[nodiscard]] bool plan_wake_up();
    [[nodiscard]] SimTime planned_wake_up() const { return planned_wake_up_; }
    std::span<const ServedRequest> wake(SimTime now);
    [[nodiscard]] std::span<const TimedOutRequest> timed_out() const { return outcome_->timed_out; }
    [[nodiscard]] ReplicaSample sample(SimTime at);
    [[nodiscard]] std::int64_t outstanding() const;
    [[nodiscard]] std::int64_t kv_blocks_used(SimTime now) const;
    void prefetch(unsigned stage) const;
    void restart(SimTime now, std::unique_ptr<ReplicaScheduler> fresh,
                 const std::function<void(const ServedRequest&)>& lost);
    void finish(SimTime end, const std::function<void(const ServedRequest&)>& unfinished);
    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    /// When a stage computes a batch.
    struct Passage {
        FineClock begin;
        FineClock end;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& begin& end;
        }
    };
    /// A batch on its way.
    struct Flight {
        SimTime formed;
        std::vector<Passage> passages;  ///< by stage
        std::int64_t decodes = 0;
        std::int64_t stalled_decodes = 0;
        std::int64_t decode_context_tokens = 0;
        StepWork work;
        StepRecord record;

        [[nodiscard]] const FineClock& end() const { return passages.back().end; }
        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/);
    };
    [[nodiscard]] const Flight& flight(std::size_t number) const {
        return flights_[(oldest_ + number) % flights_.size()];
    }
    void clear_outcome();
    void advance(SimTime now, SimTime starts_before);
    void land(SimTime now);
    void form(const FineClock& at);
    void start_flight(const FineClock& at);
    void stop(SimTime through, SimTime at);
    void close_books();
    void count_busy(const FineClock& begin, const FineClock& end);
    [[nodiscard]] SimTime next_completion() const;
    [[nodiscard]] SimTime next_abort() const;

    std::vector<Flight> flights_;  ///< as many as there are stages: a ring
    std::size_t oldest_ = 0;
    std::size_t in_flight_ = 0;
    std::vector<FineClock> stage_is_free_;  ///< from when on
    bool starts_now_ = false;               ///< a batch is to be formed at the end of the instant `starts_at_`
    FineClock starts_at_;
    SimTime planned_wake_up_ = SimTime::never();
    std::int64_t busy_fine_ = 0;  ///< of all stages, less what sums_ has
    StepWork work_done_;
    std::unique_ptr<ReplicaScheduler> scheduler_;
    const timing::StepTimeModel* timing_;
    RecordSink* sink_;
    StepOutcome* outcome_;
    const llm::WorkFacts* work_;
    std::int64_t least_flight_fine_;  ///< through all stages
    std::int64_t most_flights_ahead_;
    ReplicaFacts facts_;
    ReplicaRecord sums_;
};

}  // namespace regatta::serving
