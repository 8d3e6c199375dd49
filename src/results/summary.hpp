#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/digest.hpp"
#include "regatta/base/sketch.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/batch_sizes.hpp"
#include "results/run_description.hpp"
#include "results/series.hpp"

namespace regatta::results {

/// Integer sums over the requests of one stream. The latency figures and token counts are of finished requests that
/// arrived at RunDescription::measure_from or later.
struct StreamSums {
    std::int64_t by_state[serving::kEndStates] = {};           ///< all requests
    std::int64_t measured_by_state[serving::kEndStates] = {};  ///< those that arrived in the measured span
    std::int64_t by_reason[serving::kEndReasons] = {};         ///< all requests; what was served has no reason
    std::int64_t preemptions = 0;                              ///< of all requests
    std::int64_t prompt_tokens = 0;
    std::int64_t output_tokens = 0;
    std::int64_t ttft_met = 0;
    std::int64_t tpot_met = 0;
    std::int64_t all_met = 0;  ///< requests that meet every target of their stream
    LatencySketch ttft;        ///< arrival at the gateway to the end of the step that made the first token
    LatencySketch tpot;        ///< (end - first token) / (output tokens - 1), from two output tokens on
    LatencySketch end_to_end;  ///< arrival at the gateway to the last token
    LatencySketch queueing;    ///< arrival at the gateway to the first step the request was part of
    LatencySketch normalised;  ///< end_to_end / output tokens
    // The stages of a request, which add up to end_to_end.
    LatencySketch network;    ///< arrival at the gateway to the replica's waiting queue
    LatencySketch waiting;    ///< from there to the first step the request was part of
    LatencySketch prefill;    ///< from there to the end of the step that made the first token
    LatencySketch decode;     ///< from there to the last token
    LatencySketch preempted;  ///< without KV cache after preemptions; taken off the stage that it falls in

    StreamSums& operator+=(const StreamSums& other);
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& by_state& measured_by_state& by_reason& preemptions& prompt_tokens& output_tokens& ttft_met& tpot_met&
            all_met;
        archive& ttft& tpot& end_to_end& queueing& normalised& network& waiting& prefill& decode& preempted;
    }
};

/// Integer sums over the replicas of one pool, whole run.
struct PoolSums {
    std::int64_t replicas = 0;
    std::int64_t gpus = 0;
    std::int64_t steps = 0;
    WideSum busy_gpu_ns;
    std::int64_t preemptions = 0;
    std::int64_t kv_blocks = 0;
    double kv_peak_fraction = 0;  ///< of the fullest replica; a maximum, so the order of ranks does not matter
    LatencySketch inter_token_gap;
    LatencySketch step_time;
    BatchSizes batches;
    // Sums of the columns of the same name.
    WideSum prefill_tokens;
    WideSum decode_tokens;
    WideSum samples;
    WideSum attended_tokens;
    WideSum window_attended_tokens;
    WideSum moved_kv_tokens;
    WideSum window_moved_kv_tokens;
    WideSum experts_read_1024;
    // Of all finished requests that the pool served.
    std::int64_t finished = 0;
    WideSum finished_prompt_tokens;
    WideSum finished_output_tokens;
    // GPUs that came and went, and when, summed.
    std::int64_t gpus_installed = 0;
    std::int64_t gpus_removed = 0;
    WideSum installed_gpu_ns;
    WideSum removed_gpu_ns;

    void add(const serving::ReplicaRecord& record);
    /// Hardware that came or went; other changes are of no interest here.
    void add(const serving::FleetEventRecord& record);
    PoolSums& operator+=(const PoolSums& other);
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& replicas& gpus& steps& busy_gpu_ns& preemptions& kv_blocks& kv_peak_fraction& inter_token_gap&
            step_time;
        archive& batches& prefill_tokens& decode_tokens& samples& attended_tokens& window_attended_tokens&
            moved_kv_tokens;
        archive& window_moved_kv_tokens& experts_read_1024;
        archive& finished& finished_prompt_tokens& finished_output_tokens;
        archive& gpus_installed& gpus_removed& installed_gpu_ns& removed_gpu_ns;
    }
};

/// Operations that `work` needs for the tokens computed; what MFU is made from.
[[nodiscard]] double model_flops(const PoolSums& sums, const llm::WorkFacts& work);

/// Changes of the fleet, by their kind.
struct ChangeSums {
    struct OfKind {
        std::int64_t count = 0;
        std::int64_t amount = 0;
        std::int64_t duration_ns = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& count& amount& duration_ns;
        }
    };
    std::array<OfKind, serving::kFleetEvents> by_kind = {};

    [[nodiscard]] const OfKind& of(serving::FleetEvent kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] bool is_empty() const;
    void add(const serving::FleetEventRecord& record);
    ChangeSums& operator+=(const ChangeSums& other);
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        for (OfKind& kind : by_kind)
            archive& kind;
    }
};

/// Everything a summary is computed from, row by row: by the run as rows come and by regatta-post from files.
class SummarySums {
public:
    SummarySums() = default;
    explicit SummarySums(const RunDescription& run);

    void add(const serving::RequestRecord& record);
    void add(const serving::ReplicaRecord& record);
    void add(const serving::FleetEventRecord& record);
    void add(const serving::StepTimes& times);
    void add_gaps(PoolId pool, SimTime gap, std::int64_t count, SimTime total);
    void add_batches(PoolId pool, std::int64_t sequences, std::int64_t steps);
    /// What batch_rows() gave.
    void add_batches(const std::vector<BatchRow>& rows);
    /// What gap_rows() and gap_total_rows() gave. Throws BugError when they do not agree with each other.
    void add_gaps(const std::vector<GapRow>& rows, const std::vector<GapTotalRow>& totals);
    /// Likewise what step_time_rows() and step_time_total_rows() gave.
    void add_step_times(const std::vector<GapRow>& rows, const std::vector<GapTotalRow>& totals);
    /// `other` is of the same run, or default-constructed and adds nothing.
    SummarySums& operator+=(const SummarySums& other);

    [[nodiscard]] const std::vector<StreamSums>& streams() const { return streams_; }
    [[nodiscard]] const std::vector<PoolSums>& pools() const { return pools_; }
    [[nodiscard]] const ChangeSums& changes() const { return changes_; }
    /// Inter-token gaps as tables, by pool and gap; pools without gaps have no rows.
    [[nodiscard]] std::vector<GapRow> gap_rows() const;
    [[nodiscard]] std::vector<GapTotalRow> gap_total_rows() const;
    /// Likewise the lengths of steps.
    [[nodiscard]] std::vector<GapRow> step_time_rows() const;
    [[nodiscard]] std::vector<GapTotalRow> step_time_total_rows() const;
    /// By pool and size; sizes without steps have no rows.
    [[nodiscard]] std::vector<BatchRow> batch_rows() const;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& streams_& pools_& changes_;
    }

private:
    /// One stream's targets as plain numbers; no target is the largest number.
    struct Targets {
        std::int64_t ttft_ns = 0;
        std::int64_t tpot_ns = 0;
    };
    std::int64_t measure_from_ns_ = 0;
    std::vector<Targets> targets_;
    std::vector<StreamSums> streams_;
    std::vector<PoolSums> pools_;
    ChangeSums changes_;
};

/// One latency's distribution. All zero when `count` is 0.
struct LatencyFigures {
    std::int64_t count = 0;
    double mean_ns = 0;
    std::int64_t p50_ns = 0;
    std::int64_t p90_ns = 0;
    std::int64_t p95_ns = 0;
    std::int64_t p99_ns = 0;
};

/// A latency users hold the fleet to: its target when all counted requests share one, and how many met theirs.
struct TargetFigures {
    std::optional<SimTime> target;       ///< none: no target, or (with `met_fraction`) one per stream
    std::optional<double> met_fraction;  ///< of the finished requests; none: no target
};

/// Requests of one stream, or of all.
struct RequestFigures {
    std::string name;
    std::int64_t finished = 0;
    std::int64_t rejected = 0;
    std::int64_t failed = 0;
    std::int64_t unfinished = 0;
    std::int64_t timed_out = 0;
    std::array<std::int64_t, serving::kEndReasons> by_reason = {};
    std::int64_t preemptions = 0;
    LatencyFigures ttft;
    LatencyFigures tpot;
    LatencyFigures end_to_end;
    LatencyFigures queueing;
    LatencyFigures normalised;
    LatencyFigures network;
    LatencyFigures waiting;
    LatencyFigures prefill;
    LatencyFigures decode;
    LatencyFigures preempted;
    TargetFigures ttft_target;
    TargetFigures tpot_target;
    double requests_per_s = 0;                     ///< finished
    double prompt_tokens_per_s = 0;                ///< of finished requests
    double output_tokens_per_s = 0;                ///< of finished requests
    std::optional<double> goodput_requests_per_s;  ///< finished within every target; none: no targets
    std::optional<double> goodput_fraction;        ///< of all requests that arrived in the measured span
};

/// How many sequences the steps had in their batch.
struct BatchFigures {
    std::int64_t steps = 0;
    double mean = 0;
    std::int64_t p50 = 0;
    std::int64_t p90 = 0;
    std::int64_t p99 = 0;
    std::int64_t most = 0;
};

/// What the GPUs of one pool, or of all, drew, cost and emitted in the whole run; the site's share included, as the
/// scenario's PUE says. See docs/model/energy.md. What is for each request or token is for finished requests of the
/// whole run, and none where there are no such.
struct EnergyFigures {
    double total_j = 0;
    double mean_w = 0;
    std::optional<double> j_per_request;
    std::optional<double> j_per_million_output_tokens;
    std::optional<double> j_per_million_tokens;  ///< of prompts and answers
};
struct CostFigures {
    double total_usd = 0;
    std::optional<double> usd_per_request;
    std::optional<double> usd_per_million_output_tokens;
};
struct CarbonFigures {
    double total_g = 0;  ///< CO2 equivalent
    std::optional<double> g_per_request;
};

/// Replicas of one pool, or of all; whole run.
struct PoolFigures {
    std::string name;
    std::int64_t replicas = 0;
    std::int64_t gpus = 0;
    std::int64_t steps = 0;
    std::int64_t preemptions = 0;
    double gpu_busy_fraction = 0;
    std::optional<double> kv_mean_fraction;  ///< over the series' instants in the measured span; none: no series
    double kv_peak_fraction = 0;             ///< of the fullest replica
    LatencyFigures inter_token_gap;
    LatencyFigures step_time;
    BatchFigures batch;
    double tokens_per_step = 0;  ///< computed, prefill and decode
    /// Of the peak arithmetic, and of the memory bandwidth, of all GPUs over the whole run; none: the file does not
    /// tell what the hardware and the model are.
    std::optional<double> flops_utilisation;
    std::optional<double> bandwidth_utilisation;
    std::optional<EnergyFigures> energy;  ///< none: the power of a GPU is not known
    std::optional<CostFigures> cost;      ///< none: the price of a GPU is not known
    std::optional<CarbonFigures> carbon;  ///< none: no energy, or no grid intensity
};

struct Summary {
    std::string name;
    std::int64_t arrived = 0;
    SimTime measure_from;
    SimTime end;
    RequestFigures all;
    std::vector<RequestFigures> streams;
    std::vector<RequestFigures> classes;  ///< of service, in the order in which streams name them
    PoolFigures fleet;
    std::vector<PoolFigures> pools;
    ChangeSums changes;
    std::vector<std::string> left_out = {};  ///< see RunDescription::left_out
    std::optional<SimTime> stopped_at = {};  ///< see RunDescription::stopped_at
};

/// Throws BugError when requests were lost, unless ranks were left out: arrived != finished + rejected + failed + timed
/// out + unfinished.
[[nodiscard]] Summary summarize(const RunDescription& run, const SummarySums& sums, const SeriesSums& series,
                                std::int64_t arrived, SimTime end);

/// What a rendered summary says besides the figures.
struct SummaryContext {
    Digest digest;
    RunFacts facts;  ///< without ranks: nothing is said about how the run went
};

/// A link, or board, that ended windows.
struct WindowEnd {
    std::string link;
    std::int64_t latency_ns = 0;
    double windows_fraction = 0;  ///< of all windows of all ranks
};

/// What a share of the time was over the ranks.
struct TimeShare {
    double mean = 0;  ///< of all ranks' time
    double least = 0;
    double most = 0;
};

/// How the run went, over all ranks.
struct RunFigures {
    std::int64_t ranks = 0;
    double wall_s = 0;       ///< of the slowest rank
    double loop_s = 0;       ///< in the event loop, of the slowest rank
    double steps_per_s = 0;  ///< replica steps per second of the event loop
    std::int64_t windows = 0;
    std::int64_t events = 0;
    double events_per_window = 0;  ///< on one rank, on average
    double mean_window_ns = 0;     ///< simulated time
    std::int64_t messages = 0;     ///< between ranks
    std::int64_t bytes = 0;        ///< in them
    std::int64_t reductions = 0;   ///< over all ranks
    std::optional<std::int64_t> least_slack_ns;
    std::int64_t peak_memory_bytes = 0;  ///< of the largest rank
    // Of the time in the event loop and in writing what it left; together 1.
    TimeShare busy;
    TimeShare waiting;
    TimeShare exchanging;
    TimeShare writing;
    std::vector<WindowEnd> ended_by;  ///< most frequent first; windows that went on to the end of the run have none
};
[[nodiscard]] RunFigures run_figures(const Summary& summary, const RunFacts& facts);
/// The lines of to_text that say how the run went.
[[nodiscard]] std::string run_text(const Summary& summary, const RunFacts& facts);

/// For people: aligned tables, three or four digits with units; ends with the line "Digest <32 hex digits>".
[[nodiscard]] std::string to_text(const Summary& summary, const SummaryContext& context);
/// One JSON document, times in seconds.
[[nodiscard]] std::string to_json(const Summary& summary, const SummaryContext& context);

}  // namespace regatta::results
