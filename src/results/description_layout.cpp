#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"

namespace regatta::results::layout {
namespace {

constexpr std::int64_t kNone = -1;
constexpr std::int64_t kMostLeftOut = 100'000;     // as many as ranks
constexpr std::size_t kMostLeftOutBytes = 60'000;  // HDF5 keeps attributes of up to 64 KiB

std::int64_t ns_or_none(std::optional<SimTime> time) {
    return time ? time->ns() : kNone;
}
std::optional<SimTime> time_or_none(std::int64_t ns) {
    return ns == kNone ? std::nullopt : std::optional(SimTime::from_ns(ns));
}

std::int64_t checked_time(const h5::File& file, const char* name, std::int64_t ns, std::int64_t least) {
    if (ns >= least && ns <= SimTime::never().ns()) return ns;
    throw IoError(fmt::format("{}: {} is {}; no run writes that", file.path(), name, ns));
}
/// Nothing, or more than no time.
std::optional<SimTime> interval_or_none(const h5::File& file, const char* name, std::int64_t ns) {
    return ns == kNone ? std::nullopt : std::optional(SimTime::from_ns(checked_time(file, name, ns, 1)));
}

/// The numbers of one attribute of every pool or stream, in their order.
template <class Descriptions, class Get>
auto column_of(const Descriptions& descriptions, Get get) {
    std::vector<decltype(get(descriptions.front()))> values;
    for (const auto& description : descriptions)
        values.push_back(get(description));
    return values;
}

template <class Values>
const Values& checked(const h5::File& file, const char* group, const Values& values, std::size_t size) {
    if (values.size() != size) throw IoError(fmt::format("{}: {} has columns of different length", file.path(), group));
    return values;
}

/// `visit(path, unit, number)` for each number that is kept of a pool.
template <class Pool, class Visit>
void visit_pool_numbers(Pool& pool, const Visit& visit) {
    visit("/pools/gpu_flops_per_s", "1/s", pool.gpu_flops_per_s);
    visit("/pools/gpu_memory_bytes_per_s", "B/s", pool.gpu_memory_bytes_per_s);
    visit("/pools/flops_per_token", "", pool.work.flops_per_token);
    visit("/pools/flops_per_sample", "", pool.work.flops_per_sample);
    visit("/pools/flops_per_attended", "", pool.work.flops_per_attended);
    visit("/pools/flops_per_window_attended", "", pool.work.flops_per_window_attended);
    visit("/pools/weight_bytes", "B", pool.work.weight_bytes);
    visit("/pools/expert_bytes", "B", pool.work.expert_bytes);
    visit("/pools/kv_bytes", "B", pool.work.kv_bytes);
    visit("/pools/window_kv_bytes", "B", pool.work.window_kv_bytes);
    visit("/pools/window_tokens", "tokens", pool.work.window_tokens);
    visit("/pools/experts", "", pool.work.experts);
    visit("/pools/experts_per_token", "", pool.work.experts_per_token);
    visit("/pools/stages", "", pool.stages);
    visit("/pools/layers", "", pool.layers);
    visit("/pools/shared_gpus", "GPUs", pool.shared_gpus);
    visit("/pools/absent_gpus", "GPUs", pool.absent_gpus);
    visit("/pools/gpu_idle_mw", "mW", pool.gpu_idle_mw);
    visit("/pools/gpu_memory_bound_mw", "mW", pool.gpu_memory_bound_mw);
    visit("/pools/gpu_compute_bound_mw", "mW", pool.gpu_compute_bound_mw);
    visit("/pools/gpu_price_uusd_per_h", "uUSD/h", pool.gpu_price_uusd_per_h);
}

void write_pools(h5::File& file, const std::vector<PoolDescription>& pools) {
    file.make_group("/pools");
    file.write_texts("/pools/name", column_of(pools, [](const PoolDescription& pool) { return pool.name; }));
    const PoolDescription any;
    visit_pool_numbers(any, [&](const std::string& path, const char* unit, std::int64_t /*none*/) {
        const auto numbers = column_of(pools, [&](const PoolDescription& pool) {
            std::int64_t found = 0;
            visit_pool_numbers(pool, [&](const std::string& name, const char*, std::int64_t number) {
                if (name == path) found = number;
            });
            return found;
        });
        file.write_numbers(path, {numbers.size()}, numbers);
        file.write_text(path, "units", unit);
    });
}

std::vector<PoolDescription> read_pools(const h5::File& file) {
    std::vector<PoolDescription> pools;
    for (const std::string& name : file.read_texts("/pools/name"))
        pools.push_back({.name = name});
    for (std::size_t i = 0; i < pools.size(); ++i)
        visit_pool_numbers(pools[i], [&](const std::string& path, const char*, std::int64_t& number) {
            // Files before format 1.2 do not have them.
            if (file.has(path)) number = checked(file, "/pools", file.read_numbers(path), pools.size())[i];
        });
    return pools;
}

void write_streams(h5::File& file, const std::vector<StreamDescription>& streams) {
    const auto write_times = [&](const char* path, std::optional<SimTime> StreamDescription::*time) {
        const auto ns = column_of(streams, [&](const StreamDescription& stream) { return ns_or_none(stream.*time); });
        file.write_numbers(path, {ns.size()}, ns);
        file.write_text(path, "units", "ns");
    };
    const auto write_texts = [&](const char* path, std::string StreamDescription::*text) {
        file.write_texts(path, column_of(streams, [&](const StreamDescription& stream) { return stream.*text; }));
    };
    file.make_group("/streams");
    write_texts("/streams/name", &StreamDescription::name);
    write_times("/streams/ttft_target_ns", &StreamDescription::ttft_target);
    write_times("/streams/tpot_target_ns", &StreamDescription::tpot_target);
    write_texts("/streams/model", &StreamDescription::model);
    write_texts("/streams/tenant", &StreamDescription::tenant);
    write_texts("/streams/class", &StreamDescription::traffic_class);
    const auto priorities = column_of(streams, [](const StreamDescription& stream) { return stream.priority; });
    file.write_numbers("/streams/priority", {priorities.size()}, priorities);
}

std::vector<StreamDescription> read_streams(const h5::File& file) {
    std::vector<StreamDescription> streams;
    for (const std::string& name : file.read_texts("/streams/name"))
        streams.push_back({.name = name, .ttft_target = {}, .tpot_target = {}});
    const auto read_numbers = [&](const char* path, const auto& set) {
        const auto numbers = checked(file, "/streams", file.read_numbers(path), streams.size());
        for (std::size_t i = 0; i < streams.size(); ++i)
            set(streams[i], numbers[i]);
    };
    const auto read_texts = [&](const char* path, std::string StreamDescription::*text) {
        const auto texts = checked(file, "/streams", file.read_texts(path), streams.size());
        for (std::size_t i = 0; i < streams.size(); ++i)
            streams[i].*text = texts[i];
    };
    read_numbers("/streams/ttft_target_ns",
                 [](StreamDescription& stream, std::int64_t ns) { stream.ttft_target = time_or_none(ns); });
    read_numbers("/streams/tpot_target_ns",
                 [](StreamDescription& stream, std::int64_t ns) { stream.tpot_target = time_or_none(ns); });
    // Files of format 1.0 do not have the rest.
    if (!file.has("/streams/model")) return streams;
    read_texts("/streams/model", &StreamDescription::model);
    read_texts("/streams/tenant", &StreamDescription::tenant);
    read_texts("/streams/class", &StreamDescription::traffic_class);
    read_numbers("/streams/priority",
                 [](StreamDescription& stream, std::int64_t priority) { stream.priority = priority; });
    return streams;
}

/// How many files are not in a merged one, and which: as many as an attribute has room for.
void write_left_out(h5::File& file, const std::vector<std::string>& left_out) {
    std::string text;
    for (const std::string& line : left_out) {
        if (text.size() + line.size() > kMostLeftOutBytes) break;
        text += (text.empty() ? "" : "\n") + line;
    }
    file.write_number("/", "files_left_out", static_cast<std::int64_t>(left_out.size()));
    file.write_text("/", "left_out", text);
}

std::vector<std::string> read_left_out(const h5::File& file) {
    std::vector<std::string> lines;
    if (!file.has_attribute("/", "left_out")) return lines;
    std::istringstream text(file.read_text("/", "left_out"));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    const std::int64_t all = file.read_number("/", "files_left_out");
    if (all < 0 || all > kMostLeftOut)
        throw IoError(fmt::format("{}: files_left_out is {}; expected from 0 to {}", file.path(), all, kMostLeftOut));
    while (lines.size() < static_cast<std::size_t>(all))
        lines.emplace_back("one more file, whose name did not fit");
    return lines;
}

void write_energy(h5::File& file, const EnergyDescription& energy) {
    file.write_number("/scenario", "grid_mg_per_kwh", energy.grid_mg_per_kwh.value_or(kNone));
    file.write_number("/scenario", "pue_millionths", energy.pue_millionths);
}

EnergyDescription read_energy(const h5::File& file) {
    EnergyDescription energy;
    // Files before format 1.4 do not have them.
    if (!file.has_attribute("/scenario", "grid_mg_per_kwh")) return energy;
    const std::int64_t grid = file.read_number("/scenario", "grid_mg_per_kwh");
    if (grid != kNone) energy.grid_mg_per_kwh = grid;
    energy.pue_millionths = file.read_number("/scenario", "pue_millionths");
    return energy;
}

std::string single_text(const h5::File& file, const char* name) {
    std::vector<std::string> texts = file.read_texts(name);
    if (texts.size() != 1) throw IoError(fmt::format("{}: {} is not a single text", file.path(), name));
    return std::move(texts.front());
}

}  // namespace

void write_description(h5::File& file, const RunDescription& run) {
    file.write_texts("/scenario", {run.scenario_text}, true);
    file.write_text("/scenario", "name", run.name);
    file.write_number("/scenario", "seed", static_cast<std::int64_t>(run.seed));
    file.write_number("/scenario", "measure_from_ns", run.measure_from.ns());
    file.write_number("/scenario", "series_every_ns", ns_or_none(run.series_every));
    file.write_number("/scenario", "has_node_series", run.has_node_series ? 1 : 0);
    write_energy(file, run.energy);
    if (!run.scratchpad.empty()) file.write_texts("/scratchpad", {run.scratchpad}, true);
    if (!run.left_out.empty()) write_left_out(file, run.left_out);
    if (run.stopped_at) file.write_number("/", "stopped_at_ns", run.stopped_at->ns());
    write_pools(file, run.pools);
    write_streams(file, run.streams);
}

RunDescription read_description(const h5::File& file) {
    std::string text = single_text(file, "/scenario");
    return {.name = file.read_text("/scenario", "name"),
            .seed = static_cast<std::uint64_t>(file.read_number("/scenario", "seed")),
            .scenario_text = std::move(text),
            .pools = read_pools(file),
            .streams = read_streams(file),
            .series_every = interval_or_none(file, "series_every_ns", file.read_number("/scenario", "series_every_ns")),
            .has_node_series = file.has_attribute("/scenario", "has_node_series") &&
                               file.read_number("/scenario", "has_node_series") != 0,
            .measure_from = SimTime::from_ns(
                checked_time(file, "measure_from_ns", file.read_number("/scenario", "measure_from_ns"), 0)),
            .scratchpad = file.has("/scratchpad") ? single_text(file, "/scratchpad") : std::string(),
            .left_out = read_left_out(file),
            .energy = read_energy(file),
            .stopped_at = file.has_attribute("/", "stopped_at_ns")
                              ? std::optional(SimTime::from_ns(file.read_number("/", "stopped_at_ns")))
                              : std::nullopt};
}

}  // namespace regatta::results::layout
