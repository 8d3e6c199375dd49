#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <tuple>
#include <vector>

#include "recording_sink.hpp"
#include "regatta/serving/registry.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "serving/replica.hpp"

namespace regatta::serving {

/// A replica to be driven, as often as one likes.
struct Subject {
    SchedulerLimits limits{.kv_blocks = 64, .block_tokens = 4, .max_context_tokens = 1000};
    std::function<std::unique_ptr<ReplicaScheduler>(const SchedulerLimits&, Stepping)> scheduler;
    std::shared_ptr<const timing::StepTimeModel> timing;
};

/// What happens to it. Arrival times do not fall.
struct Script {
    std::vector<Request> requests = {};
    SimTime way = {};                     ///< from a request's arrival until it reaches the replica
    std::vector<SimTime> samples = {};    ///< rising
    std::optional<SimTime> until = {};    ///< else until all is done
    std::optional<SimTime> move_at = {};  ///< its state leaves the process here and comes back into a new replica
};

/// How a request fared.
struct Fate {
    std::uint64_t id = 0;
    EndState state = EndState::Unfinished;
    EndReason reason = EndReason::None;
    std::int64_t end_ns = kNoTime;
    std::int64_t received_ns = kNoTime;
    std::int64_t scheduled_ns = kNoTime;
    std::int64_t first_token_ns = kNoTime;
    std::int64_t generated = 0;  ///< tokens
    std::uint32_t preemptions = 0;
    std::int64_t preempted_ns = 0;
    std::int64_t preempted_before_token_ns = 0;

    friend bool operator==(const Fate&, const Fate&) = default;
};
std::ostream& operator<<(std::ostream& out, const Fate& fate);
/// Of a request with a first token: whether what preemptions took lies within the stages it is taken off.
[[nodiscard]] bool has_time_for_preemptions(const Fate& fate);

/// Everything that a replica tells the outside.
struct Story {
    std::vector<Fate> fates;  ///< by request id
    std::vector<RecordingSink::Sample> samples;
    std::vector<StepRecord> steps;
    LatencySketch gaps;
    LatencySketch lengths;                                                ///< of steps
    std::map<std::pair<PoolId, std::int64_t>, std::int64_t> batch_steps;  ///< by pool and sequences
    ReplicaRecord sums;
    std::vector<SimTime> wake_ups;  ///< not part of what the outside sees
};

/// Drives a replica as its node does, without an engine: at one instant first samples, then a step's end, then
/// arrivals, then the start of an idle replica. After each instant it is checked that requests and KV blocks are
/// accounted for and that steps go on; a violation throws BugError.
[[nodiscard]] Story tell(const Subject& subject, Stepping stepping, const Script& script);

/// What differs between two stories, in words; empty when nothing does.
[[nodiscard]] std::string difference(const Story& a, const Story& b);

/// A request with what matters here; arrives at `at_ns`.
[[nodiscard]] Request request(std::uint64_t id, std::int64_t at_ns, std::uint32_t prompt_tokens,
                              std::uint32_t output_tokens);

}  // namespace regatta::serving
