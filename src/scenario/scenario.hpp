#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/base/time.hpp"
#include "regatta/base/time_span.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "regatta/llm/work.hpp"
#include "regatta/serving/registry.hpp"
#include "regatta/timing/registry.hpp"
#include "scenario/fleet_changes.hpp"
#include "serving/phase.hpp"
#include "serving/speculation.hpp"
#include "workload/joint_lengths.hpp"
#include "workload/recorded_arrivals.hpp"
#include "workload/workload.hpp"

namespace regatta::scenario {

/// Another simulator whose rules, oddities included, are to be followed where they affect a schedule.
enum class Compat { None, Vidur, Scratchpad };

/// What users hold a fleet to; none: not held to it.
struct Targets {
    std::optional<SimTime> ttft;
    std::optional<SimTime> tpot;
};

/// Replicas of one model on nodes of one kind.
struct Pool {
    std::string name;
    llm::Model model;
    llm::DataType weight_type = llm::DataType::Bf16;
    llm::DataType activation_type = llm::DataType::Bf16;  ///< what matrix products are computed in
    llm::DataType kv_type = llm::DataType::Bf16;
    std::uint32_t nodes = 1;
    hardware::Gpu gpu;  ///< with the pool's own powers and price, where it has them
    std::uint32_t gpus_per_node = 8;
    std::uint32_t tensor_parallel = 1;
    std::uint32_t pipeline_parallel = 1;  ///< stages, each on tensor_parallel GPUs
    std::int64_t block_tokens = 16;
    double memory_fraction = 0.9;           ///< of GPU memory that the engine may use
    std::optional<std::int64_t> kv_blocks;  ///< overrides the memory plan
    std::int64_t replica_kv_blocks = 0;     ///< what each replica has: `kv_blocks`, else what the memory plan leaves
    /// Longest sequences that the memory plan makes room for; only a plan that reserves for them sets it.
    std::int64_t planned_sequences = INT64_MAX;
    std::optional<serving::Speculation> speculation;  ///< none: one token for each decode and step
    std::optional<llm::Model> draft;                  ///< model that proposes
    std::uint32_t draft_tensor_parallel = 1;
    std::int64_t max_context_tokens = 0;  ///< longest prompt plus output; never above the model's
    PolicyChoice scheduler;
    PolicyChoice timing;
    /// Made once, for it may hold much. Shared by the scenario's copies and the fleet that is built from it.
    std::shared_ptr<timing::StepTimeModel> step_time;
    SimTime gateway_latency;                ///< one way, gateway to node and back
    std::optional<std::int64_t> max_queue;  ///< requests that may wait at a replica; none: no limit
    std::optional<std::uint32_t> servers;   ///< of the scenario, that it shares with other pools; none: its own nodes
    std::uint32_t first_gpu = 0;            ///< of a server: the first that its replicas may have
    ServerFacts server;
    Loading loading;
    double weight_bytes = 0;               ///< of a replica
    std::vector<serving::Phase> at_start;  ///< by replica, where replicas come and go; else empty: all serve
    std::optional<Autoscale> autoscale;
    double weight = 1;  ///< what a replica counts against one of another pool, where routers weigh

    /// Without files.
    [[nodiscard]] timing::StepTimeTarget step_time_target() const;
    [[nodiscard]] const serving::Speculation* proposals() const { return speculation ? &*speculation : nullptr; }
    [[nodiscard]] llm::WorkFacts work() const { return llm::work_facts(model, weight_type, kv_type); }
    [[nodiscard]] std::uint32_t gpus_per_replica() const { return tensor_parallel * pipeline_parallel; }
    /// Servers that have replicas in common, and so are one logical process: 1 unless a replica needs several.
    [[nodiscard]] std::uint32_t nodes_together() const { return std::max(1U, gpus_per_replica() / gpus_per_node); }
    [[nodiscard]] std::uint32_t node_groups() const { return nodes / nodes_together(); }
    [[nodiscard]] std::uint32_t replicas_per_group() const { return std::max(1U, gpus_per_node / gpus_per_replica()); }
    [[nodiscard]] std::uint32_t replicas() const { return node_groups() * replicas_per_group(); }
};

/// What electricity costs the climate, and what a site needs beside its GPUs.
struct Energy {
    std::optional<double> grid_g_per_kwh;  ///< CO2 equivalent; none: not to be told
    double pue = 1;                        ///< power usage effectiveness: power of the site over that of the GPUs
};

struct Gateways {
    std::uint32_t count = 1;
    PolicyChoice router;
    std::map<std::string, std::string> router_files;  ///< by path: the text of those that its parameters name
    std::vector<PolicyChoice> admissions;
    /// How often nodes report their load to all gateways; none: each completion is told to the gateway that dispatched.
    std::optional<SimTime> report_every;
    bool see_instant =
        false;  ///< they look at the replicas themselves, which are of their island, and are told nothing
    // Where replicas come and go.
    bool hold_unserved = true;  ///< requests that no replica takes wait for one; else they are rejected
    bool tell_demand = false;   ///< the controller hears of them
    SimTime max_waiting;        ///< for a replica; then they are rejected
    std::uint32_t most_retries = 0;
    SimTime retry_after;  ///< so long after a replica was lost gateways notice
};

/// One class of traffic, made up or a trace's (then arrivals and lengths are empty).
struct Stream {
    std::string name;
    std::vector<std::uint16_t> pools;  ///< those that serve it, rising; at least one
    std::string tenant;                ///< empty: none
    std::string traffic_class;         ///< the stream's name unless it was given
    std::int64_t priority = 0;         ///< smaller goes first
    Targets targets;
    SimTime timeout = SimTime::never();  ///< after it clients give up
    std::optional<workload::TraceInput> trace;
    double rate_per_s = 0;                     ///< of a curve: the mean
    std::optional<workload::RateCurve> curve;  ///< none: the rate does not change
    PolicyChoice arrivals;
    std::optional<workload::RecordedArrivalsInput> recorded_arrivals;  ///< in place of `arrivals`
    PolicyChoice prompt;
    PolicyChoice output;
    double correlation = 0;  ///< of prompt and output lengths
    PolicyChoice total;      ///< of both together; without a name: they are not split from a total
    workload::SplitOptions split;
    std::optional<workload::RecordedLengthsInput> recorded_lengths;  ///< in place of any distribution
    std::optional<std::uint64_t> limit;
};

struct ScratchpadScenario;

struct Scenario {
    std::string name;
    Compat compat = Compat::None;
    std::optional<SimTime> duration;  ///< of arrivals; none: a trace to its end, or streams to their limits
    std::uint64_t seed = 1;
    std::vector<Servers> servers;  ///< that pools share
    std::vector<Pool> pools;
    FleetChanges changes;
    Gateways gateways;
    std::vector<Stream> streams;    ///< at least one
    bool ends_at_duration = false;  ///< else: drain, until every request has ended
    SimTime node_to_node_latency;   ///< one way; no message of this version travels there
    SimTime measure_from;           ///< the summary counts requests that arrive from here on
    Energy energy;
    serving::Stepping stepping = serving::Stepping::Lazy;
    engine::Bound bound = engine::Bound::Promises;
    engine::ExchangeWay exchange = engine::ExchangeWay::Auto;
    std::optional<SimTime> series_every;
    bool has_node_series = false;  ///< at the same instants
    /// Whose steps are recorded, and when.
    struct RecordedSteps {
        std::uint32_t replicas = 0;  ///< the first so many of each pool
        SimTime from;
        SimTime to = SimTime::never();
        double sample = 1;  ///< of these steps, by a hash of replica and start
    };
    RecordedSteps steps;
    /// Under `compat: scratchpad`, what runs: then pools are its kinds of engines and streams its models, for results
    /// to name. Shared by the scenario's copies and the fleet that is built from it.
    std::shared_ptr<const ScratchpadScenario> scratchpad;
    /// This holds from here on.
    SimTime from;
    /// What holds before, one after the other, each to the `from` of the next. A fleet is the same all the time: they
    /// differ in what a branch may change alone (schema.hpp), and all but the last have no step times.
    std::vector<Scenario> before;
    std::vector<std::string> notes;  ///< what the user should hear of, and is no error
    std::string resolved_text;  ///< the scenario with every default written out; running it again gives the same digest
};

/// What holds one after the other: what was before, then the scenario itself.
[[nodiscard]] std::vector<const Scenario*> stages_of(const Scenario& scenario);
/// When nothing arrives although the duration is not over: one that had been over is longer from a branch on.
[[nodiscard]] std::vector<TimeSpan> closed_spans(const Scenario& scenario);

/// The part of a stream's requests that a pool gets if its pools are chosen by chance, in proportion to their replicas
/// and weights; 0 where the pool does not serve the stream.
[[nodiscard]] double share_of(const Scenario& scenario, const Stream& stream, std::size_t pool);

/// Of the GPUs of a pool's replicas, those that replicas of pools before it on the same servers may have, too.
[[nodiscard]] std::uint32_t gpus_shared_with_earlier(const Scenario& scenario, std::size_t pool);
/// Of the GPUs of a pool's replicas, those that are not installed as the run begins.
[[nodiscard]] std::uint32_t gpus_absent_at_start(const Pool& pool);

}  // namespace regatta::scenario
