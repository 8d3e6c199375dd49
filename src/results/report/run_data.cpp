#include "results/report/run_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <utility>

#include "results/result_reader.hpp"

namespace regatta::results::report {
namespace {

// As many as a screen can tell apart.
constexpr std::size_t kMostIntervals = 240;
constexpr std::size_t kMostNodeRows = 64;
constexpr std::size_t kMostGroups = 7;

NodeRows node_rows(const std::vector<serving::ReplicaRecord>& replicas) {
    std::vector<std::uint32_t> nodes;
    std::uint32_t last_replica = 0;
    for (const serving::ReplicaRecord& replica : replicas) {
        nodes.push_back(replica.node);
        last_replica = std::max(last_replica, replica.replica);
    }
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    const std::size_t each = (nodes.size() + kMostNodeRows - 1) / kMostNodeRows;
    NodeRows rows;
    for (std::size_t first = 0; first < nodes.size(); first += each) {
        const std::size_t last = std::min(first + each, nodes.size()) - 1;
        rows.labels.push_back(first == last ? fmt::format("node {}", nodes[first])
                                            : fmt::format("nodes {} to {}", nodes[first], nodes[last]));
        rows.nodes.push_back(static_cast<std::int64_t>(last - first + 1));
    }
    rows.row_of_replica.resize(replicas.empty() ? 0 : last_replica + std::size_t{1});
    for (const serving::ReplicaRecord& replica : replicas) {
        const auto place = std::lower_bound(nodes.begin(), nodes.end(), replica.node) - nodes.begin();
        rows.row_of_replica[replica.replica] = static_cast<std::size_t>(place) / each;
    }
    return rows;
}

void add_step(StepPartSums& sums, const serving::StepRecord& step) {
    ++sums.steps;
    const std::array<std::int64_t, StepPartSums::kParts> parts = {
        step.projections_ns, step.mlp_ns,         step.experts_ns, step.attention_prefill_ns, step.attention_decode_ns,
        step.head_ns,        step.collectives_ns, step.other_ns,   step.overhead_ns};
    for (std::size_t part = 0; part < parts.size(); ++part)
        sums.ns[part] += parts[part];
}

StepKind kind_of(const serving::StepRecord& step) {
    if (step.prefills == 0) return StepKind::Decode;
    return step.decodes == 0 ? StepKind::Prefill : StepKind::Mixed;
}

}  // namespace

ReportRun read_run(const std::string& path) {
    const ResultReader reader(path);
    RunOutcome outcome = reader.outcome();
    std::vector<serving::ReplicaRecord> replicas = reader.replicas();
    NodeRows nodes = node_rows(replicas);
    const TimeGrid grid = TimeGrid::covering(outcome.summary.end.ns(), kMostIntervals);
    RequestPass requests(grid, reader.run().measure_from.ns(),
                         NodeLoad(grid, nodes.row_of_replica, nodes.labels.size()));
    reader.visit_requests([&](std::span<const serving::RequestRecord> rows) { requests.add(rows); });
    const std::string digest = outcome.digest.to_hex();
    ReportRun run{.name = {.name = reader.run().name,
                           .path = path,
                           .digest = digest,
                           .seed = fmt::format("{}", reader.run().seed),
                           .scenario = reader.run().scenario_text},
                  .program = reader.program(),
                  .description = reader.run(),
                  .outcome = std::move(outcome),
                  .replicas = std::move(replicas),
                  .events = reader.events(),
                  .nodes = std::move(nodes),
                  .requests = std::move(requests),
                  .steps = {}};
    reader.visit_steps([&](std::span<const serving::StepRecord> rows) {
        for (const serving::StepRecord& step : rows)
            add_step(run.steps[{step.pool, kind_of(step)}], step);
    });
    return run;
}

std::string label_of(const Runs& runs, std::size_t run, std::string_view what) {
    if (runs.size() == 1) return std::string(what);
    return what.empty() ? runs[run].name.name : fmt::format("{}: {}", runs[run].name.name, what);
}

std::vector<RequestGroup> groups_of(const Runs& runs, std::size_t run) {
    const std::vector<StreamDescription>& streams = runs[run].description.streams;
    RequestGroup all{.label = "all", .streams = std::vector<std::size_t>(streams.size())};
    std::iota(all.streams.begin(), all.streams.end(), std::size_t{0});
    std::vector<RequestGroup> groups;
    const bool has_classes = std::any_of(streams.begin(), streams.end(),
                                         [](const StreamDescription& stream) { return !stream.traffic_class.empty(); });
    for (std::size_t i = 0; i < streams.size(); ++i) {
        const std::string& name = has_classes ? streams[i].traffic_class : streams[i].name;
        if (name.empty()) continue;
        const auto same =
            std::find_if(groups.begin(), groups.end(), [&](const RequestGroup& group) { return group.label == name; });
        if (same == groups.end())
            groups.push_back({.label = name, .streams = {i}});
        else
            same->streams.push_back(i);
    }
    if (runs.size() > 1 || groups.size() < 2 || groups.size() > kMostGroups) return {all};
    groups.insert(groups.begin(), all);
    return groups;
}

std::vector<PoolGroup> pool_groups_of(const Runs& runs, std::size_t run) {
    const std::vector<PoolDescription>& pools = runs[run].description.pools;
    PoolGroup all{.label = pools.size() == 1 ? pools.front().name : "all pools",
                  .pools = std::vector<std::size_t>(pools.size())};
    std::iota(all.pools.begin(), all.pools.end(), std::size_t{0});
    std::vector<PoolGroup> groups = {all};
    if (runs.size() > 1 || pools.size() < 2 || pools.size() > kMostGroups) return groups;
    for (std::size_t i = 0; i < pools.size(); ++i)
        groups.push_back({.label = pools[i].name, .pools = {i}});
    return groups;
}

}  // namespace regatta::results::report
