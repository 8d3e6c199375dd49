#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/llm/work.hpp"

namespace regatta::results {

/// One class of traffic and what its users hold the fleet to. Element i of a list is StreamId(i).
struct StreamDescription {
    std::string name;
    std::optional<SimTime> ttft_target;
    std::optional<SimTime> tpot_target;
    std::string model = {};          ///< that serves it
    std::string tenant = {};         ///< empty: none
    std::string traffic_class = {};  ///< that results are grouped by
    std::int64_t priority = 0;       ///< smaller goes first
};

/// One pool's hardware and what its model computes and moves. Element i of a list is PoolId(i).
struct PoolDescription {
    std::string name;
    std::int64_t gpu_flops_per_s = 0;  ///< dense peak of a GPU in the type that matrix products are computed in
    std::int64_t gpu_memory_bytes_per_s = 0;
    llm::WorkFacts work = {};
    std::int64_t stages = 1;       ///< of the pipeline that each replica is
    std::int64_t layers = 0;       ///< of the model; 0: not known
    std::int64_t shared_gpus = 0;  ///< of its replicas' GPUs, those that replicas of pools before it may have, too
    std::int64_t absent_gpus = 0;  ///< of its replicas' GPUs, those that were not installed as the run began
    // Power of one GPU: with nothing to compute, in steps that only move memory, and at its peak; 0: not known.
    std::int64_t gpu_idle_mw = 0;
    std::int64_t gpu_memory_bound_mw = 0;
    std::int64_t gpu_compute_bound_mw = 0;
    std::int64_t gpu_price_uusd_per_h = 0;  ///< of one GPU, in millionths of a US dollar; 0: not known
};

/// What electricity costs the climate, and what a site needs beside its GPUs.
struct EnergyDescription {
    std::optional<std::int64_t> grid_mg_per_kwh;  ///< CO2 equivalent; none: not to be told
    std::int64_t pue_millionths = 1'000'000;      ///< power of the site over that of the GPUs
};

/// What is written about a run besides its results; the same on every rank and on every number of ranks.
struct RunDescription {
    std::string name;
    std::uint64_t seed = 1;
    std::string scenario_text;  ///< resolved
    std::vector<PoolDescription> pools;
    std::vector<StreamDescription> streams;
    std::optional<SimTime> series_every;  ///< none: no series
    bool has_node_series = false;         ///< also of each node
    SimTime measure_from;                 ///< the summary counts requests that arrive from here on
    /// Under compat: scratchpad, what that simulator's own files tell beside results, as JSON: see
    /// export_scratchpad.hpp. Else empty.
    std::string scratchpad = {};
    /// Of a merged file that not all ranks' files went into: a line for each that did not. Sums over ranks need not
    /// hold.
    std::vector<std::string> left_out = {};
    EnergyDescription energy = {};
    /// Of a run that was stopped there, and can go on: nothing later is in it.
    std::optional<SimTime> stopped_at = {};
};

/// What one rank can say about its own work. Kept under /run: these facts, and only these, depend on how the run was
/// carried out.
struct RankFacts {
    std::int64_t rank = 0;
    double wall_s = 0;     ///< from the program's start to the end of the event loop
    double loop_s = 0;     ///< in the event loop
    double waiting_s = 0;  ///< of that, until the messages of other ranks had come
    std::int64_t windows = 0;
    std::int64_t events = 0;  ///< handled
    std::int64_t peak_memory_bytes = 0;
    double busy_s = 0;               ///< of the loop, in the model
    double exchanging_s = 0;         ///< of the loop, preparing and reading messages, agreeing on what is safe
    double writing_s = 0;            ///< in the loop and after it
    std::int64_t messages_sent = 0;  ///< to other ranks
    std::int64_t bytes_sent = 0;     ///< in these messages
    std::int64_t least_slack_ns = kNoSlack;
    std::int64_t reductions = 0;  ///< over all ranks

    static constexpr std::int64_t kNoSlack = -1;  ///< nothing was received

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& rank& wall_s& loop_s& waiting_s& windows& events& peak_memory_bytes;
        archive& busy_s& exchanging_s& writing_s& messages_sent& bytes_sent& least_slack_ns& reductions;
    }
};

/// How often one link, or board, ended the windows of one rank.
struct LinkFacts {
    std::int64_t rank = 0;
    std::int64_t link = 0;  ///< of RunFacts::link_names
    std::int64_t latency_ns = 0;
    std::int64_t windows_ended = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& rank& link& latency_ns& windows_ended;
    }
};

/// How a run, or one rank's part of it, was carried out.
struct RunFacts {
    std::vector<RankFacts> ranks;
    std::vector<std::string> link_names;  ///< "gateway -> chat node"; the same on all ranks
    std::vector<LinkFacts> links;

    RunFacts& operator+=(const RunFacts& other);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& ranks& link_names& links;
    }
};

}  // namespace regatta::results
