#include "results/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "regatta/base/errors.hpp"
#include "results/energy.hpp"

namespace regatta::results {
namespace {

using serving::EndState;

LatencyFigures figures_of(const LatencySketch& sketch) {
    return {.count = sketch.count(),
            .mean_ns = sketch.mean_ns(),
            .p50_ns = sketch.quantile_ns(0.50),
            .p90_ns = sketch.quantile_ns(0.90),
            .p95_ns = sketch.quantile_ns(0.95),
            .p99_ns = sketch.quantile_ns(0.99)};
}

BatchFigures batch_figures(const BatchSizes& sizes) {
    return {.steps = sizes.count(),
            .mean = sizes.mean(),
            .p50 = sizes.quantile(0.50),
            .p90 = sizes.quantile(0.90),
            .p99 = sizes.quantile(0.99),
            .most = sizes.quantile(1)};
}

double ratio(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// How the requests of some streams did against one target of theirs.
struct TargetCount {
    std::int64_t met = 0;
    std::int64_t held = 0;  ///< requests that have a target
    bool is_common = true;  ///< all streams have the same target, or none
    bool is_first = true;
    std::optional<SimTime> target;

    void add(std::optional<SimTime> stream_target, std::int64_t stream_met, std::int64_t stream_count) {
        is_common = is_first || (is_common && target == stream_target);
        target = stream_target ? stream_target : target;
        is_first = false;
        if (!stream_target) return;
        met += stream_met;
        held += stream_count;
    }
    [[nodiscard]] TargetFigures figures() const {
        TargetFigures result;
        if (!target) return result;
        if (is_common) result.target = target;
        if (held > 0) result.met_fraction = ratio(met, held);
        return result;
    }
};

/// Several streams together.
RequestFigures request_figures(const RunDescription& run, const SummarySums& sums, std::span<const std::size_t> streams,
                               double span_s) {
    StreamSums total;
    TargetCount ttft;
    TargetCount tpot;
    std::int64_t met = 0;
    std::int64_t held = 0;
    bool has_targets = false;
    for (const std::size_t i : streams) {
        const StreamSums& stream = sums.streams()[i];
        const StreamDescription& description = run.streams[i];
        total += stream;
        ttft.add(description.ttft_target, stream.ttft_met, stream.ttft.count());
        tpot.add(description.tpot_target, stream.tpot_met, stream.tpot.count());
        if (!description.ttft_target && !description.tpot_target) continue;
        has_targets = true;
        met += stream.all_met;
        held +=
            std::accumulate(std::begin(stream.measured_by_state), std::end(stream.measured_by_state), std::int64_t{0});
    }
    const auto per_s = [span_s](std::int64_t count) { return span_s > 0 ? static_cast<double>(count) / span_s : 0; };
    const auto ended = [&total](EndState state) { return total.by_state[static_cast<std::size_t>(state)]; };
    RequestFigures figures{
        .name = {},
        .finished = ended(EndState::Finished),
        .rejected = ended(EndState::Rejected),
        .failed = ended(EndState::Failed),
        .unfinished = ended(EndState::Unfinished),
        .timed_out = ended(EndState::TimedOut),
        .by_reason = std::to_array(total.by_reason),
        .preemptions = total.preemptions,
        .ttft = figures_of(total.ttft),
        .tpot = figures_of(total.tpot),
        .end_to_end = figures_of(total.end_to_end),
        .queueing = figures_of(total.queueing),
        .normalised = figures_of(total.normalised),
        .network = figures_of(total.network),
        .waiting = figures_of(total.waiting),
        .prefill = figures_of(total.prefill),
        .decode = figures_of(total.decode),
        .preempted = figures_of(total.preempted),
        .ttft_target = ttft.figures(),
        .tpot_target = tpot.figures(),
        .requests_per_s = per_s(total.end_to_end.count()),
        .prompt_tokens_per_s = per_s(total.prompt_tokens),
        .output_tokens_per_s = per_s(total.output_tokens),
        .goodput_requests_per_s = {},
        .goodput_fraction = {},
    };
    if (has_targets) {
        figures.goodput_requests_per_s = per_s(met);
        figures.goodput_fraction = ratio(met, held);
    }
    return figures;
}

/// KV blocks in use, summed over the instants of the measured span.
struct KvUse {
    std::int64_t instants = 0;
    std::vector<WideSum> block_instants;  ///< by pool
};

KvUse kv_use(const RunDescription& run, const SeriesSums& series) {
    KvUse use{.instants = 0, .block_instants = std::vector<WideSum>(run.pools.size())};
    for (const SeriesRow& row : series.rows()) {
        if (row.time_ns < run.measure_from.ns()) continue;
        use.instants += row.pool == 0 ? 1 : 0;
        use.block_instants[static_cast<std::size_t>(row.pool)].add(row.kv_blocks_used, 1);
    }
    return use;
}

double real(const WideSum& sum) {
    return sum.mean(1);
}

/// A sum of something that each takes so much.
double times(const WideSum& sum, std::int64_t each) {
    return real(sum) * static_cast<double>(each);
}

/// What the GPUs of a pool did, and what they could have done in the time.
struct Utilisation {
    double flops = 0;
    double peak_flops = 0;
    double bytes = 0;
    double peak_bytes = 0;
    bool is_known = true;  ///< of all pools

    void add(const PoolSums& sums, const PoolDescription& pool, double span_s) {
        is_known = is_known && pool.gpu_flops_per_s > 0 && pool.gpu_memory_bytes_per_s > 0;
        const llm::WorkFacts& work = pool.work;
        flops += model_flops(sums, work);
        bytes += static_cast<double>(sums.steps) * static_cast<double>(work.weight_bytes) +
                 times(sums.experts_read_1024, work.expert_bytes) / 1024 + times(sums.moved_kv_tokens, work.kv_bytes) +
                 times(sums.window_moved_kv_tokens, work.window_kv_bytes);
        const double gpu_s = static_cast<double>(sums.gpus) * span_s;
        peak_flops += static_cast<double>(pool.gpu_flops_per_s) * gpu_s;
        peak_bytes += static_cast<double>(pool.gpu_memory_bytes_per_s) * gpu_s;
    }
};

/// Several pools together.
PoolFigures pool_figures(const RunDescription& run, const SummarySums& sums, const KvUse& use,
                         std::span<const std::size_t> pools, SimTime end) {
    PoolSums total;
    Utilisation utilisation;
    EnergyMeter meter(run.energy, end);
    WideSum block_instants;
    for (const std::size_t i : pools) {
        PoolSums own = sums.pools()[i];
        // Together each GPU counts once, whoever may have it; of one pool, all that it may have.
        if (pools.size() > 1) own.gpus -= run.pools[i].shared_gpus;
        total += own;
        utilisation.add(own, run.pools[i], end.seconds());
        meter.add(own, run.pools[i]);
        block_instants += use.block_instants[i];
    }
    // Older files do not have the lengths.
    REGATTA_CHECK(!run.left_out.empty() || (total.batches.count() == total.steps &&
                                            (total.step_time.count() == total.steps || total.step_time.count() == 0)),
                  fmt::format("{} steps, but {} batches and {} lengths", total.steps, total.batches.count(),
                              total.step_time.count()));
    PoolFigures figures{.name = {},
                        .replicas = total.replicas,
                        .gpus = total.gpus,
                        .steps = total.steps,
                        .preemptions = total.preemptions,
                        .gpu_busy_fraction = 0,
                        .kv_mean_fraction = {},
                        .kv_peak_fraction = total.kv_peak_fraction,
                        .inter_token_gap = figures_of(total.inter_token_gap),
                        .step_time = figures_of(total.step_time),
                        .batch = batch_figures(total.batches),
                        .tokens_per_step = 0,
                        .flops_utilisation = {},
                        .bandwidth_utilisation = {},
                        .energy = meter.energy(),
                        .cost = meter.cost(),
                        .carbon = meter.carbon()};
    if (total.steps > 0)
        figures.tokens_per_step =
            (real(total.prefill_tokens) + real(total.decode_tokens)) / static_cast<double>(total.steps);
    if (utilisation.is_known && utilisation.peak_flops > 0) {
        figures.flops_utilisation = utilisation.flops / utilisation.peak_flops;
        figures.bandwidth_utilisation = utilisation.bytes / utilisation.peak_bytes;
    }
    if (total.gpus > 0 && end > SimTime())
        figures.gpu_busy_fraction = total.busy_gpu_ns.mean(total.gpus) / static_cast<double>(end.ns());
    if (use.instants > 0 && total.kv_blocks > 0)
        figures.kv_mean_fraction =
            real(block_instants) / static_cast<double>(use.instants) / static_cast<double>(total.kv_blocks);
    return figures;
}

std::vector<std::size_t> indices(std::size_t count) {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

/// Streams of one class together, in the order in which classes are first named.
std::vector<RequestFigures> class_figures(const RunDescription& run, const SummarySums& sums, double span_s) {
    std::vector<RequestFigures> classes;
    for (const StreamDescription& first : run.streams) {
        const auto has_name = [&](const RequestFigures& figures) { return figures.name == first.traffic_class; };
        if (first.traffic_class.empty() || std::any_of(classes.begin(), classes.end(), has_name)) continue;
        std::vector<std::size_t> members;
        for (std::size_t i = 0; i < run.streams.size(); ++i)
            if (run.streams[i].traffic_class == first.traffic_class) members.push_back(i);
        classes.push_back(request_figures(run, sums, members, span_s));
        classes.back().name = first.traffic_class;
    }
    return classes;
}

}  // namespace

double model_flops(const PoolSums& sums, const llm::WorkFacts& work) {
    return times(sums.prefill_tokens, work.flops_per_token) + times(sums.decode_tokens, work.flops_per_token) +
           times(sums.samples, work.flops_per_sample) + times(sums.attended_tokens, work.flops_per_attended) +
           times(sums.window_attended_tokens, work.flops_per_window_attended);
}

Summary summarize(const RunDescription& run, const SummarySums& sums, const SeriesSums& series, std::int64_t arrived,
                  SimTime end) {
    const double span_s = (end - run.measure_from).seconds();
    const KvUse use = kv_use(run, series);
    Summary summary{.name = run.name,
                    .arrived = arrived,
                    .measure_from = run.measure_from,
                    .end = end,
                    .all = request_figures(run, sums, indices(run.streams.size()), span_s),
                    .streams = {},
                    .classes = class_figures(run, sums, span_s),
                    .fleet = pool_figures(run, sums, use, indices(run.pools.size()), end),
                    .pools = {},
                    .changes = sums.changes(),
                    .left_out = run.left_out,
                    .stopped_at = run.stopped_at};
    for (std::size_t i = 0; i < run.streams.size(); ++i) {
        summary.streams.push_back(request_figures(run, sums, std::array{i}, span_s));
        summary.streams.back().name = run.streams[i].name;
    }
    for (std::size_t i = 0; i < run.pools.size(); ++i) {
        summary.pools.push_back(pool_figures(run, sums, use, std::array{i}, end));
        summary.pools.back().name = run.pools[i].name;
    }
    const RequestFigures& all = summary.all;
    REGATTA_CHECK(
        !run.left_out.empty() || arrived == all.finished + all.rejected + all.failed + all.timed_out + all.unfinished,
        fmt::format("requests were lost or counted twice: {} arrived, {} finished + {} rejected + {} failed "
                    "+ {} timed out + {} unfinished",
                    arrived, all.finished, all.rejected, all.failed, all.timed_out, all.unfinished));
    return summary;
}

}  // namespace regatta::results
