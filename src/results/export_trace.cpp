#include "results/export_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "results/end_names.hpp"
#include "results/trace_encoder.hpp"
#include "results/trace_lanes.hpp"

namespace regatta::results {
namespace {

using serving::kNoTime;
using serving::RequestRecord;

// Numbers of processes and threads. In Perfetto a thread's number is its own whatever its process; all are below 2^31.
constexpr std::int64_t kGateways = 1;
constexpr std::int64_t kFleet = 2;
constexpr std::int64_t kFirstPool = 16;
constexpr std::int64_t kFirstNode = std::int64_t{1} << 17U;
constexpr std::int64_t kFirstGatewayThread = 1;
constexpr std::int64_t kFirstReplicaThread = std::int64_t{1} << 26U;
constexpr std::int64_t kFirstReplicaState = std::int64_t{1} << 27U;
constexpr std::int64_t kFirstNodeState = std::int64_t{1} << 28U;
constexpr std::int64_t kFirstPoolState = std::int64_t{1} << 29U;
constexpr std::int64_t kFleetState = (std::int64_t{1} << 29U) + (std::int64_t{1} << 20U);

constexpr std::array<std::string_view, 3> kCounters = {"queue", "running", "KV blocks"};

/// What is in a trace; encoders know how it is written. Processes and threads are told to them when first needed.
class TraceWriter {
public:
    TraceWriter(const ResultReader& results, TraceEncoder& encoder) : run_(results.run()), encoder_(encoder) {
        for (const serving::ReplicaRecord& replica : results.replicas())
            nodes_[replica.replica] = replica.node;
    }

    /// By arrival.
    void add_arrivals(const std::vector<RequestRecord>& requests) {
        for (const RequestRecord& record : requests)
            add_at_gateway(record);
    }
    /// By when they reached their replica; of those that did.
    void add_served(const std::vector<RequestRecord>& requests) {
        for (const RequestRecord& record : requests)
            if (is_served(record)) add_at_replica(record);
    }
    /// By start, of each replica.
    void add(const serving::StepRecord& step) {
        TraceLine line = replica_line(step.replica, step.pool);
        // Batches of a pipeline overlap.
        line.lane = step_lanes_.lane(line.thread, step.start_ns, step.end_ns);
        if (line.lane > 0) line.lane += kFirstStepLane;
        add_lane(line, "steps");
        const auto us = [](std::int64_t ns) { return static_cast<double>(ns) / 1000; };
        const TraceSlice slice{.line = line,
                               .category = "step",
                               .name = step.prefills == 0  ? "decode step"
                                       : step.decodes == 0 ? "prefill step"
                                                           : "mixed step",
                               .start_ns = step.start_ns,
                               .end_ns = step.end_ns,
                               .id = static_cast<std::uint64_t>(line.thread) << 28U | line.lane,
                               .arguments = {{"decodes", std::int64_t{step.decodes}},
                                             {"prefills", std::int64_t{step.prefills}},
                                             {"prefill_tokens", std::int64_t{step.prefill_tokens}},
                                             {"context_tokens", step.decode_context_tokens},
                                             {"kv_blocks", step.kv_blocks_used},
                                             {"projections_us", us(step.projections_ns)},
                                             {"mlp_us", us(step.mlp_ns)},
                                             {"experts_us", us(step.experts_ns)},
                                             {"attention_prefill_us", us(step.attention_prefill_ns)},
                                             {"attention_decode_us", us(step.attention_decode_ns)},
                                             {"head_us", us(step.head_ns)},
                                             {"collectives_us", us(step.collectives_ns)},
                                             {"other_us", us(step.other_ns)},
                                             {"overhead_us", us(step.overhead_ns)}}};
        encoder_.begin(slice);
        encoder_.end(slice);
    }
    /// By start.
    void add(const serving::FleetEventRecord& event) {
        TraceLine line = state_line(event);
        const bool is_instant = event.start_ns == event.end_ns;
        if (!is_instant) line.lane = state_lanes_.lane(line.thread, event.start_ns, event.end_ns);
        add_lane(line, "state");
        const TraceSlice slice{.line = line,
                               .category = "fleet",
                               .name = event_name(event.kind),
                               .start_ns = event.start_ns,
                               .end_ns = event.end_ns,
                               .id = static_cast<std::uint64_t>(line.thread) << 28U | line.lane,
                               .arguments = {{"cause", cause_name(event.cause)},
                                             {"node", event.node == serving::kNoNode ? -1 : std::int64_t{event.node}},
                                             {"gpu", event.gpu == serving::kNoGpu ? -1 : std::int64_t{event.gpu}},
                                             {"amount", event.amount}}};
        if (is_instant) return encoder_.mark(slice);
        encoder_.begin(slice);
        encoder_.end(slice);
    }
    void add(const SeriesRow& row) {
        count(pool_process(row.pool), row.time_ns, {row.waiting, row.running, row.kv_blocks_used});
    }
    void add(const NodeSeriesRow& row) {
        count(node_process(row.node, row.pool), row.time_ns, {row.waiting, row.running, row.kv_blocks_used});
    }

    [[nodiscard]] static bool is_served(const RequestRecord& record) {
        return record.received_ns != kNoTime && record.replica != serving::kNoReplica;
    }

private:
    static constexpr std::uint32_t kFirstStepLane = std::uint32_t{1} << 27U;  ///< behind those of requests

    void add_at_gateway(const RequestRecord& record) {
        TraceLine line = gateway_line(record.gateway);
        line.lane = gateway_lanes_.lane(line.thread, record.arrival_ns, record.end_ns);
        add_lane(line, "requests");
        const TraceSlice whole{.line = line,
                               .category = "request",
                               .name = "request",
                               .start_ns = record.arrival_ns,
                               .end_ns = record.end_ns,
                               .id = record.request_id,
                               .flow_from = is_served(record) ? record.request_id + 1 : 0,
                               .arguments = arguments_of(record)};
        encoder_.begin(whole);
        add_stage(whole, "network", record.arrival_ns, record.received_ns);
        encoder_.end(whole);
    }
    void add_at_replica(const RequestRecord& record) {
        TraceLine line = replica_line(record.replica, record.pool);
        line.lane = replica_lanes_.lane(line.thread, record.received_ns, record.end_ns);
        add_lane(line, "requests");
        const TraceSlice whole{.line = line,
                               .category = "served",
                               .name = "served",
                               .start_ns = record.received_ns,
                               .end_ns = record.end_ns,
                               .id = record.request_id,
                               .flow_to = record.request_id + 1,
                               .arguments = {{"request", fmt::format("{}", record.request_id)}}};
        encoder_.begin(whole);
        add_stage(whole, "queued", record.received_ns, record.scheduled_ns);
        if (record.scheduled_ns != kNoTime) add_stage(whole, "prefill", record.scheduled_ns, record.first_token_ns);
        if (record.first_token_ns != kNoTime) add_stage(whole, "decode", record.first_token_ns, record.end_ns);
        encoder_.end(whole);
    }
    /// Up to the end of the whole where the request did not get to the stage that follows.
    void add_stage(const TraceSlice& whole, const char* name, std::int64_t from_ns, std::int64_t to_ns) {
        TraceSlice stage{.line = whole.line,
                         .category = whole.category,
                         .name = name,
                         .start_ns = from_ns,
                         .end_ns = to_ns == kNoTime ? whole.end_ns : to_ns,
                         .id = whole.id};
        if (stage.start_ns == stage.end_ns) return;
        encoder_.begin(stage);
        encoder_.end(stage);
    }
    [[nodiscard]] std::vector<TraceArgument> arguments_of(const RequestRecord& record) const {
        return {{"request", fmt::format("{}", record.request_id)},
                {"stream", run_.streams.at(record.stream).name},
                {"gateway", std::int64_t{record.gateway}},
                {"prompt_tokens", std::int64_t{record.prompt_tokens}},
                {"output_tokens", std::int64_t{record.output_tokens}},
                {"preemptions", std::int64_t{record.preemptions}},
                {"retries", std::int64_t{record.retries}},
                {"state", state_name(record.state)},
                {"reason", reason_name(record.reason)}};
    }

    void count(std::int64_t process, std::int64_t at_ns, const std::array<std::int64_t, kCounters.size()>& values) {
        constexpr auto kNumbers = static_cast<std::uint8_t>(kCounters.size());
        for (std::uint8_t number = 0; number < kNumbers; ++number) {
            const TraceCounter counter{.process = process, .number = number, .name = kCounters.at(number)};
            if (counters_.insert({process, number}).second) encoder_.add_counter(counter);
            encoder_.count(counter, at_ns, values.at(number));
        }
    }

    std::int64_t process(std::int64_t number, const std::string& name) {
        if (processes_.insert(number).second) encoder_.add_process(number, name);
        return number;
    }
    std::int64_t pool_process(std::int64_t pool) {
        return process(kFirstPool + pool, "pool " + run_.pools.at(static_cast<std::size_t>(pool)).name);
    }
    std::int64_t node_process(std::uint32_t node, std::uint32_t pool) {
        return process(kFirstNode + node, pool < run_.pools.size()
                                              ? fmt::format("node {} (pool {})", node, run_.pools[pool].name)
                                              : fmt::format("node {}", node));
    }
    TraceLine thread(std::int64_t process, std::int64_t number, const std::string& name) {
        const TraceLine line{.process = process, .thread = number, .lane = 0};
        if (threads_.insert(number).second) encoder_.add_thread(line, name);
        return line;
    }
    void add_lane(const TraceLine& line, const std::string& name) {
        if (line.lane > 0 && lanes_.insert({line.thread, line.lane}).second) encoder_.add_lane(line, name);
    }
    TraceLine gateway_line(std::uint32_t gateway) {
        return thread(process(kGateways, "gateways"), kFirstGatewayThread + gateway,
                      fmt::format("gateway {}", gateway));
    }
    /// On its node, or where that is not told, on its pool.
    std::int64_t process_of_replica(std::uint32_t replica, std::uint32_t pool) {
        const auto node = nodes_.find(replica);
        return node == nodes_.end() ? pool_process(pool) : node_process(node->second, pool);
    }
    TraceLine replica_line(std::uint32_t replica, std::uint32_t pool) {
        return thread(process_of_replica(replica, pool), kFirstReplicaThread + replica,
                      fmt::format("replica {}", replica));
    }
    /// Of the replica, the node or the pool that a change is of.
    TraceLine state_line(const serving::FleetEventRecord& event) {
        if (event.replica != serving::kNoReplica && event.pool != serving::kNoPool)
            return thread(process_of_replica(event.replica, event.pool), kFirstReplicaState + event.replica,
                          fmt::format("replica {}: state", event.replica));
        if (event.node != serving::kNoNode)
            return thread(node_process(event.node, event.pool), kFirstNodeState + event.node,
                          fmt::format("node {}: state", event.node));
        if (event.pool != serving::kNoPool)
            return thread(pool_process(event.pool), kFirstPoolState + event.pool, "decisions");
        return thread(process(kFleet, "fleet"), kFleetState, "decisions");
    }

    const RunDescription& run_;
    TraceEncoder& encoder_;
    std::unordered_map<std::uint32_t, std::uint32_t> nodes_;  ///< by replica
    TraceLanes gateway_lanes_{1};                             ///< requests overlap: never on the thread's own line
    TraceLanes replica_lanes_{1};
    TraceLanes step_lanes_{0};
    TraceLanes state_lanes_{0};
    // What the encoder knows already.
    std::set<std::int64_t> processes_;
    std::set<std::int64_t> threads_;
    std::set<std::pair<std::int64_t, std::uint32_t>> lanes_;
    std::set<std::pair<std::int64_t, std::uint8_t>> counters_;
};

/// The first `most` of the selected requests, in the order of the files.
std::vector<RequestRecord> selected(const ResultReader& results, const RequestFilter& filter, std::int64_t most,
                                    TraceCounts& counts) {
    std::vector<RequestRecord> requests;
    results.visit_requests([&](std::span<const RequestRecord> rows) {
        for (const RequestRecord& record : rows) {
            if (!filter.takes(record)) continue;
            if (counts.requests == most) {
                ++counts.left_out;
                continue;
            }
            ++counts.requests;
            requests.push_back(record);
        }
    });
    return requests;
}

void sort_by(std::vector<RequestRecord>& requests, std::int64_t RequestRecord::*time) {
    std::sort(requests.begin(), requests.end(), [time](const RequestRecord& a, const RequestRecord& b) {
        return std::pair(a.*time, a.request_id) < std::pair(b.*time, b.request_id);
    });
}

}  // namespace

TraceCounts write_trace(const ResultReader& results, const RequestSelection& selection, std::int64_t most,
                        TraceFormat format, std::FILE* out) {
    const RequestFilter filter(selection, results);
    const std::unique_ptr<TraceEncoder> encoder = format == TraceFormat::Chrome
                                                      ? chrome_encoder(out, results.run().name, results.program())
                                                      : perfetto_encoder(out);
    TraceCounts counts;
    TraceWriter writer(results, *encoder);
    std::vector<RequestRecord> requests = selected(results, filter, most, counts);
    sort_by(requests, &RequestRecord::arrival_ns);
    writer.add_arrivals(requests);
    sort_by(requests, &RequestRecord::received_ns);
    writer.add_served(requests);
    results.visit_steps([&](std::span<const serving::StepRecord> rows) {
        for (const serving::StepRecord& step : rows) {
            if (!filter.takes(step)) continue;
            ++counts.steps;
            writer.add(step);
        }
    });
    for (const serving::FleetEventRecord& event : results.events()) {
        if (!filter.takes(event)) continue;
        ++counts.events;
        writer.add(event);
    }
    for (const SeriesRow& row : results.series())
        if (filter.takes(row)) writer.add(row);
    results.visit_node_series([&](std::span<const NodeSeriesRow> rows) {
        for (const NodeSeriesRow& row : rows)
            if (filter.takes(row)) writer.add(row);
    });
    encoder->close();
    return counts;
}

}  // namespace regatta::results
