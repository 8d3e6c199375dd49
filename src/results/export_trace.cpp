#include "results/export_trace.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/end_names.hpp"
#include "results/series.hpp"

namespace regatta::results {
namespace {

using serving::kNoTime;
using serving::RequestRecord;

/// JSON text of the events, separated by commas; flushed now and then.
class EventList {
public:
    explicit EventList(std::FILE* out) : out_(out) {}

    /// `fields`: the inside of one JSON object.
    template <class... Arguments>
    void add(fmt::format_string<Arguments...> fields, Arguments&&... arguments) {
        text_ += is_first_ ? "\n{" : ",\n{";
        is_first_ = false;
        fmt::format_to(std::back_inserter(text_), fields, std::forward<Arguments>(arguments)...);
        text_ += '}';
        if (text_.size() > kFlushBytes) flush();
    }
    void put(std::string_view text) { text_ += text; }
    void flush() {
        if (std::fwrite(text_.data(), 1, text_.size(), out_) != text_.size())
            throw IoError(fmt::format("trace: cannot be written: {}", std::generic_category().message(errno)));
        text_.clear();
    }

private:
    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
    std::FILE* out_;
    std::string text_;
    bool is_first_ = true;
};

/// Microseconds, exact to the nanosecond.
std::string microseconds(std::int64_t ns) {
    return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
}

std::string json(const std::string& text) {
    return nlohmann::json(text).dump();
}

class TraceWriter {
public:
    TraceWriter(const ResultReader& results, std::FILE* out) : run_(results.run()), events_(out) {
        events_.put(R"({"displayTimeUnit":"ms","otherData":{"run":)" + json(run_.name) + R"(,"program":)" +
                    json(results.program()) + R"(},"traceEvents":[)");
        for (std::size_t pool = 0; pool < run_.pools.size(); ++pool)
            events_.add(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":{}}})", pool,
                        json("pool " + run_.pools[pool].name));
    }

    void add(const RequestRecord& record) {
        name_replica(record.pool, record.replica);
        begin(
            record, "request", record.arrival_ns,
            fmt::format(
                R"({{"stream":{},"gateway":{},"prompt_tokens":{},"output_tokens":{},"preemptions":{},"state":{},"reason":{}}})",
                json(run_.streams.at(record.stream).name), record.gateway, record.prompt_tokens, record.output_tokens,
                record.preemptions, json(state_name(record.state)), json(reason_name(record.reason))));
        span(record, "network", record.arrival_ns, record.received_ns);
        span(record, "queued", record.received_ns, record.scheduled_ns);
        span(record, "prefill", record.scheduled_ns, record.first_token_ns);
        span(record, "decode", record.first_token_ns, record.end_ns);
        end(record, "request", record.end_ns);
    }

    void add(const serving::StepRecord& step) {
        name_replica(step.pool, step.replica);
        const char* name = step.prefills == 0 ? "decode step" : step.decodes == 0 ? "prefill step" : "mixed step";
        events_.add(
            R"("ph":"X","cat":"step","name":"{}","pid":{},"tid":{},"ts":{},"dur":{},"args":{{"decodes":{},"prefills":{},)"
            R"("prefill_tokens":{},"context_tokens":{},"kv_blocks":{},"us":{{"projections":{},"mlp":{},"experts":{},)"
            R"("attention_prefill":{},"attention_decode":{},"head":{},"collectives":{},"other":{},"overhead":{}}}}})",
            name, step.pool, step.replica, microseconds(step.start_ns), microseconds(step.end_ns - step.start_ns),
            step.decodes, step.prefills, step.prefill_tokens, step.decode_context_tokens, step.kv_blocks_used,
            microseconds(step.projections_ns), microseconds(step.mlp_ns), microseconds(step.experts_ns),
            microseconds(step.attention_prefill_ns), microseconds(step.attention_decode_ns), microseconds(step.head_ns),
            microseconds(step.collectives_ns), microseconds(step.other_ns), microseconds(step.overhead_ns));
    }

    /// A span on the replica's line, or on the node's.
    void add(const serving::FleetEventRecord& event) {
        const bool is_of_replica = event.replica != serving::kNoReplica && event.pool != serving::kNoPool;
        if (is_of_replica) name_replica(event.pool, event.replica);
        const std::size_t process = is_of_replica || event.pool != serving::kNoPool ? event.pool : kNodesProcess;
        const std::uint32_t line = is_of_replica ? event.replica : event.node == serving::kNoNode ? 0 : event.node;
        if (process == kNodesProcess && nodes_.empty())
            events_.add(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":"nodes"}})", kNodesProcess);
        if (process == kNodesProcess && nodes_.insert(line).second)
            events_.add(R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"node {}"}})", kNodesProcess,
                        line, line);
        const std::string arguments =
            fmt::format(R"({{"cause":{},"node":{},"gpu":{},"amount":{}}})", json(cause_name(event.cause)),
                        event.node == serving::kNoNode ? -1 : std::int64_t{event.node},
                        event.gpu == serving::kNoGpu ? -1 : std::int64_t{event.gpu}, event.amount);
        if (event.end_ns == event.start_ns)
            events_.add(R"("ph":"i","s":"p","cat":"fleet","name":{},"pid":{},"tid":{},"ts":{},"args":{})",
                        json(event_name(event.kind)), process, line, microseconds(event.start_ns), arguments);
        else
            events_.add(R"("ph":"X","cat":"fleet","name":{},"pid":{},"tid":{},"ts":{},"dur":{},"args":{})",
                        json(event_name(event.kind)), process, line, microseconds(event.start_ns),
                        microseconds(event.end_ns - event.start_ns), arguments);
    }

    void add(const SeriesRow& row) {
        const auto counter = [&](const char* name, std::int64_t value) {
            events_.add(R"("ph":"C","name":"{}","pid":{},"ts":{},"args":{{"value":{}}})", name, row.pool,
                        microseconds(row.time_ns), value);
        };
        counter("queue", row.waiting);
        counter("running", row.running);
        counter("KV blocks", row.kv_blocks_used);
    }

    void close() {
        events_.put("\n]}\n");
        events_.flush();
    }

private:
    void name_replica(std::uint32_t pool, std::uint32_t replica) {
        if (!replicas_.insert({pool, replica}).second) return;
        if (replica == serving::kNoReplica)
            events_.add(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":"turned away by gateways"}})", pool);
        else
            events_.add(R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"replica {}"}})", pool,
                        replica, replica);
    }
    void begin(const RequestRecord& record, const char* name, std::int64_t at_ns, const std::string& arguments) {
        events_.add(R"("ph":"b","cat":"request","name":"{}","id":"{}","pid":{},"tid":{},"ts":{},"args":{})", name,
                    record.request_id, record.pool, record.replica, microseconds(at_ns), arguments);
    }
    void end(const RequestRecord& record, const char* name, std::int64_t at_ns) {
        events_.add(R"("ph":"e","cat":"request","name":"{}","id":"{}","pid":{},"tid":{},"ts":{})", name,
                    record.request_id, record.pool, record.replica, microseconds(at_ns));
    }
    /// Up to the request's end where it did not get to the stage that follows.
    void span(const RequestRecord& record, const char* name, std::int64_t from_ns, std::int64_t to_ns) {
        if (from_ns == kNoTime) return;
        const std::int64_t until_ns = to_ns == kNoTime ? record.end_ns : to_ns;
        if (until_ns == from_ns) return;
        begin(record, name, from_ns, "{}");
        end(record, name, until_ns);
    }

    static constexpr std::size_t kNodesProcess = 65534;  ///< no pool has that many before it

    const RunDescription& run_;
    EventList events_;
    std::set<std::uint32_t> nodes_;                               ///< that have a name
    std::set<std::pair<std::uint32_t, std::uint32_t>> replicas_;  ///< by pool, that have a name
};

}  // namespace

TraceCounts write_chrome_trace(const ResultReader& results, const RequestSelection& selection, std::int64_t most,
                               std::FILE* out) {
    const RequestFilter filter(selection, results.run());
    TraceCounts counts;
    TraceWriter writer(results, out);
    results.visit_requests([&](std::span<const RequestRecord> rows) {
        for (const RequestRecord& record : rows) {
            if (!filter.takes(record)) continue;
            if (counts.requests == most) {
                ++counts.left_out;
                continue;
            }
            ++counts.requests;
            writer.add(record);
        }
    });
    results.visit_steps([&](std::span<const serving::StepRecord> rows) {
        for (const serving::StepRecord& step : rows) {
            if (!filter.takes(step)) continue;
            ++counts.steps;
            writer.add(step);
        }
    });
    for (const serving::FleetEventRecord& event : results.events()) {
        if (event.end_ns < selection.from.ns() || event.start_ns >= selection.to.ns()) continue;
        ++counts.events;
        writer.add(event);
    }
    for (const SeriesRow& row : results.series())
        if (row.time_ns >= selection.from.ns() && row.time_ns < selection.to.ns()) writer.add(row);
    writer.close();
    return counts;
}

}  // namespace regatta::results
