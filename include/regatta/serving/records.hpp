#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"

namespace regatta::serving {

/// How a request ended. Values are stored in files: never renumber, only append.
enum class EndState : std::uint8_t {
    Finished = 0,
    Rejected = 1,    ///< not taken in
    Failed = 2,      ///< lost with what served it
    Unfinished = 3,  ///< still waiting or running when the run ended
    TimedOut = 4,    ///< given up after too long
};
inline constexpr int kEndStates = 5;

/// Why a request was rejected, failed or timed out. Values are stored in files: never renumber, only append.
enum class EndReason : std::uint8_t {
    None = 0,           ///< neither rejected, failed nor timed out
    TooLong = 1,        ///< longer than the KV cache or the model's context
    WaitedTooLong = 2,  ///< in no batch within the scheduler's max_waiting
    QueueFull = 3,      ///< the replica chosen for it had all that it may have, outstanding or waiting
    RateLimited = 4,    ///< its class had used up what a gateway may let in
    ClientGone = 5,     ///< no whole answer within the stream's timeout
    NoReplica = 6,      ///< no replica served its model, or none came in time
    ReplicaLost = 7,    ///< what served it was lost, more often than it may be sent again
};
inline constexpr int kEndReasons = 8;

/// Stand for the replica and the pool of a request that was turned away before any was chosen.
inline constexpr std::uint32_t kNoReplica = UINT32_MAX;
inline constexpr std::uint16_t kNoPool = UINT16_MAX;

/// Everything a result keeps of one request. Times are ns of simulated time; kNoTime where the request never got there.
/// The members have no padding, so that a row can be hashed and written as it lies in memory.
inline constexpr std::int64_t kNoTime = -1;
struct RequestRecord {
    std::uint64_t request_id = 0;
    std::int64_t arrival_ns = kNoTime;      ///< reached the gateway
    std::int64_t received_ns = kNoTime;     ///< reached the replica's waiting queue
    std::int64_t scheduled_ns = kNoTime;    ///< first became part of a batch
    std::int64_t first_token_ns = kNoTime;  ///< end of the step that produced the first token
    std::int64_t end_ns = kNoTime;          ///< finished, rejected, failed, timed out, or the end of the run
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;            ///< produced
    std::uint32_t requested_output_tokens = 0;  ///< would have been produced had it finished
    std::uint32_t preemptions = 0;
    std::uint32_t gateway = 0;
    std::uint32_t replica = 0;  ///< over the whole fleet; kNoReplica
    std::uint16_t pool = 0;     ///< kNoPool
    std::uint16_t stream = 0;
    EndState state = EndState::Unfinished;
    EndReason reason = EndReason::None;
    std::uint8_t retries = 0;  ///< how often it was sent again, because what served it was lost
    std::uint8_t reserved = 0;
    /// Without KV cache after it was preempted, until it was part of a batch again or ended; of all preemptions [ns].
    std::int64_t preempted_ns = 0;
    std::int64_t preempted_before_token_ns = 0;  ///< of that, before the first token
};
static_assert(sizeof(RequestRecord) == 96);

/// Sums of one replica over the run.
struct ReplicaRecord {
    std::uint32_t replica = 0;
    std::uint32_t node = 0;
    std::uint32_t pool = 0;
    std::uint32_t gpus = 0;
    std::int64_t steps = 0;
    std::int64_t busy_ns = 0;         ///< in steps
    std::int64_t prefill_tokens = 0;  ///< prompt tokens computed, recomputation included
    std::int64_t decode_tokens = 0;   ///< tokens produced by decode steps
    std::int64_t finished = 0;        ///< requests
    std::int64_t preemptions = 0;
    std::int64_t kv_blocks = 0;       ///< capacity
    std::int64_t kv_blocks_peak = 0;  ///< most in use at any time
    // What utilisation is computed from, summed over the steps done.
    std::int64_t sequences = 0;  ///< in the batch
    std::int64_t samples = 0;    ///< tokens sampled
    /// Tokens of context, itself included, that each token computed attended to: in layers that attend to everything,
    /// and in layers with a sliding window.
    std::int64_t attended_tokens = 0;
    std::int64_t window_attended_tokens = 0;
    /// Tokens whose keys and values were read from the cache or written to it, likewise.
    std::int64_t moved_kv_tokens = 0;
    std::int64_t window_moved_kv_tokens = 0;
    /// Routed experts of a layer whose weights were read, as expected of independent tokens [1/1024].
    std::int64_t experts_read_1024 = 0;
};
static_assert(sizeof(ReplicaRecord) == 136);

/// State of one replica, or of several together, at a sampling instant T: before any event at T.
struct ReplicaSample {
    std::int64_t waiting = 0;  ///< requests
    std::int64_t running = 0;  ///< requests
    std::int64_t kv_blocks_used = 0;
    std::int64_t busy_replicas = 0;  ///< 1 while in a step
    std::int64_t kv_tokens = 0;      ///< of running requests, whose keys and values are there: tokens in flight
    std::int64_t replicas = 0;       ///< 1 of a single one

    ReplicaSample& operator+=(const ReplicaSample& other) {
        waiting += other.waiting;
        running += other.running;
        kv_blocks_used += other.kv_blocks_used;
        busy_replicas += other.busy_replicas;
        kv_tokens += other.kv_tokens;
        replicas += other.replicas;
        return *this;
    }
};

/// One step of a replica whose steps are recorded.
struct StepRecord {
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;
    std::uint32_t replica = 0;  ///< over the whole fleet
    std::uint32_t pool = 0;
    std::uint32_t decodes = 0;         ///< sequences that get one token each
    std::uint32_t prefills = 0;        ///< sequences of which a piece of the prompt is computed
    std::uint32_t prefill_tokens = 0;  ///< in these pieces
    std::uint32_t samples = 0;         ///< tokens sampled
    std::int64_t decode_context_tokens = 0;
    std::int64_t kv_blocks_used = 0;  ///< during the step
    // Where its time goes, see timing::StepParts.
    std::int64_t projections_ns = 0;
    std::int64_t mlp_ns = 0;
    std::int64_t experts_ns = 0;
    std::int64_t attention_prefill_ns = 0;
    std::int64_t attention_decode_ns = 0;
    std::int64_t head_ns = 0;
    std::int64_t collectives_ns = 0;
    std::int64_t other_ns = 0;
    std::int64_t overhead_ns = 0;
};
static_assert(sizeof(StepRecord) == 128);

/// Steps of a replica of `pool` whose lengths all fall in the sketch bucket of `length`: a run of decode steps is told
/// bucket by bucket, not step by step. A step of a pipeline is as long as its batch takes through all stages.
struct StepTimes {
    PoolId pool;
    SimTime length;
    std::int64_t count = 0;
    SimTime total;               ///< exact sum of the lengths
    std::int64_t gaps_each = 0;  ///< gaps between tokens of requests that each of the steps ends, as long as the step
};

/// What happens to the fleet itself. Values are stored in files: never renumber, only append.
enum class FleetEvent : std::uint8_t {
    Loading = 0,       ///< weights move to the replica's GPUs; amount: bytes
    WarmingUp = 1,     ///< the engine gets ready with its weights in place
    Serving = 2,       ///< the replica takes requests
    Draining = 3,      ///< it takes no new ones, and ends those that it has
    Lost = 4,          ///< what a replica had was lost; amount: requests
    GpuDown = 5,       ///< a GPU has failed; to its repair
    NodeDown = 6,      ///< likewise a whole node
    RackDown = 7,      ///< a node is down with its rack
    Updating = 8,      ///< a node is being maintained
    Installed = 9,     ///< hardware was added
    Removed = 10,      ///< hardware was taken away
    ScaleUp = 11,      ///< a policy wants more replicas; amount: how many more
    ScaleDown = 12,    ///< likewise fewer
    Reprovision = 13,  ///< a replica of another pool is to make room for one of this pool
    Maintenance = 14,  ///< a rolling update; amount: nodes
};
inline constexpr int kFleetEvents = 15;

/// Who wanted it. Values are stored in files: never renumber, only append.
enum class FleetCause : std::uint8_t {
    Start = 0,
    Failure = 1,
    Script = 2,
    Autoscaler = 3,
    Reprovision = 4,
    Maintenance = 5
};
inline constexpr int kFleetCauses = 6;

/// A change of the fleet, or a decision to change it. Times are ns of simulated time.
inline constexpr std::uint32_t kNoNode = UINT32_MAX;
inline constexpr std::uint32_t kNoGpu = UINT32_MAX;
struct FleetEventRecord {
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;  ///< equal to the start where it takes no time; the end of the run if it goes on
    std::int64_t amount = 0;  ///< of what, its kind says
    std::uint32_t node = kNoNode;
    std::uint32_t replica = kNoReplica;  ///< over the whole fleet
    std::uint32_t gpu = kNoGpu;          ///< of the node, from 0
    std::uint16_t pool = kNoPool;
    FleetEvent kind = FleetEvent::Loading;
    FleetCause cause = FleetCause::Start;
};
static_assert(sizeof(FleetEventRecord) == 40);

/// Where the serving side's results go. One per rank; results/ implements it. Calls come in the order in which the
/// rank handles events, which is non-decreasing in time per kind of logical process only.
class RecordSink {
public:
    virtual ~RecordSink() = default;
    virtual void request_ended(const RequestRecord& record) = 0;
    virtual void replica_ended(const ReplicaRecord& record) = 0;
    virtual void step_times(const StepTimes& times) = 0;
    /// `count` gaps between consecutive tokens of requests in `pool`, besides those that step_times() tells, all of
    /// which fall in the sketch bucket of `gap`; `total` is their exact sum.
    virtual void inter_token_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total) = 0;
    /// `count` steps of a replica of `pool` had `sequences` in their batch.
    virtual void batches(PoolId pool, std::int64_t sequences, std::int64_t count) = 0;
    /// A step of a replica whose steps are recorded. Told when the run that it is part of is carried out.
    virtual void step(const StepRecord& record) = 0;
    /// The fleet changed. Told when the change is over.
    virtual void fleet_changed(const FleetEventRecord& record) = 0;
    /// Adds what the replicas of one pool on one node were like to the row of their pool at instant `at`.
    virtual void sample(PoolId pool, NodeId node, SimTime at, const ReplicaSample& sample) = 0;
};

}  // namespace regatta::serving
