#include "results/vidur_replicas.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "regatta/base/sketch.hpp"
#include "results/summary.hpp"
#include "results/text_file.hpp"

namespace regatta::results::vidur {
namespace {

using serving::ReplicaRecord;
using serving::StepRecord;

constexpr double kPercent = 100;

double percent(double part, std::int64_t whole) {
    return whole == 0 ? 0 : kPercent * part / static_cast<double>(whole);
}

/// A number of blocks that changes at instants, from time 0 on.
class BlockMeter {
public:
    /// As many as before, until `until_ns`; nothing when that is not later.
    void hold(std::int64_t until_ns) {
        if (until_ns <= since_ns_) return;
        sum_.add(blocks_, until_ns - since_ns_);
        least_ = is_first_ ? blocks_ : std::min(least_, blocks_);
        most_ = std::max(most_, blocks_);
        since_ns_ = until_ns;
        is_first_ = false;
    }
    void set(std::int64_t blocks) { blocks_ = blocks; }
    [[nodiscard]] Meter percent_of(std::int64_t all_blocks) const {
        return {.min = percent(static_cast<double>(least_), all_blocks),
                .max = percent(static_cast<double>(most_), all_blocks),
                .weighted_mean = percent(sum_.mean(since_ns_), all_blocks)};
    }

private:
    std::int64_t blocks_ = 0;
    std::int64_t since_ns_ = 0;
    WideSum sum_;
    std::int64_t least_ = 0;
    std::int64_t most_ = 0;
    bool is_first_ = true;
};

void write_meter(const std::string& directory, const std::string& name, const Meter& meter) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    const auto put = [&](const char* key, std::optional<double> value) {
        if (value) json[name + key] = *value;
    };
    put("_min", meter.min);
    put("_max", meter.max);
    put("_weighted_mean", meter.weighted_mean);
    if (json.empty()) return;
    TextFile file(directory + "/" + name + ".json");
    file.put("{}\n", json.dump(4));
    file.close();
}

}  // namespace

Meter memory_usage(const ReplicaRecord& replica, std::optional<std::span<const StepRecord>> steps, SimTime end) {
    if (!steps)
        return {.min = {},
                .max = percent(static_cast<double>(replica.kv_blocks_peak), replica.kv_blocks),
                .weighted_mean = {}};
    BlockMeter meter;
    std::int64_t idle_from_ns = 0;  // when all batches so far have ended
    for (const StepRecord& step : *steps) {
        if (step.start_ns > idle_from_ns) {
            meter.hold(idle_from_ns);
            meter.set(0);
        }
        meter.hold(step.start_ns);
        meter.set(step.kv_blocks_used);
        idle_from_ns = std::max(idle_from_ns, step.end_ns);
    }
    meter.hold(idle_from_ns);
    meter.set(0);
    meter.hold(end.ns());
    return meter.percent_of(replica.kv_blocks);
}

Meter busy_time(const ReplicaRecord& replica, SimTime end) {
    return {.min = replica.busy_ns < end.ns() ? 0 : kPercent,
            .max = replica.busy_ns > 0 ? kPercent : 0,
            .weighted_mean = percent(static_cast<double>(replica.busy_ns), end.ns())};
}

Meter model_flops_utilisation(const ReplicaRecord& replica, const PoolDescription& pool, SimTime end) {
    PoolSums sums;
    sums.add(replica);
    const double peak_flops =
        static_cast<double>(pool.gpu_flops_per_s) * static_cast<double>(replica.gpus) * end.seconds();
    if (peak_flops <= 0 || pool.work.flops_per_token == 0) return {};
    Meter meter{.min = {}, .max = {}, .weighted_mean = kPercent * model_flops(sums, pool.work) / peak_flops};
    if (replica.busy_ns < end.ns()) meter.min = 0;
    return meter;
}

void write_replica_metrics(const std::string& directory, const ReplicaRecord& replica,
                           std::optional<std::span<const StepRecord>> steps, const PoolDescription& pool, SimTime end) {
    const std::string name = fmt::format("replica_{}", replica.replica);
    write_meter(directory, name + "_memory_usage", memory_usage(replica, steps, end));
    for (std::int64_t stage = 0; stage < pool.stages; ++stage) {
        const std::string stage_name = fmt::format("{}_stage_{}", name, stage);
        write_meter(directory, stage_name + "_busy_time_percent", busy_time(replica, end));
        write_meter(directory, stage_name + "_mfu", model_flops_utilisation(replica, pool, end));
    }
}

}  // namespace regatta::results::vidur
