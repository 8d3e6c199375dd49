#include "results/tables.hpp"

#include <array>
#include <type_traits>

#include "regatta/serving/records.hpp"
#include "results/run_description.hpp"

namespace regatta::results {
namespace {

template <class Member>
constexpr ColumnType column_type() {
    if constexpr (std::is_same_v<Member, std::int64_t>) return ColumnType::Int64;
    if constexpr (std::is_same_v<Member, std::uint64_t>) return ColumnType::UInt64;
    if constexpr (std::is_same_v<Member, std::uint32_t>) return ColumnType::UInt32;
    if constexpr (std::is_same_v<Member, std::uint16_t>) return ColumnType::UInt16;
    if constexpr (std::is_same_v<Member, std::uint8_t> || std::is_same_v<Member, serving::EndState> ||
                  std::is_same_v<Member, serving::EndReason> || std::is_same_v<Member, serving::FleetEvent> ||
                  std::is_same_v<Member, serving::FleetCause>)
        return ColumnType::UInt8;
    if constexpr (std::is_same_v<Member, double>) return ColumnType::Float64;
}

// A macro, so that a column's name, type and offset are those of the member and cannot disagree with it.
#define REGATTA_COLUMN(Row, member, unit, sentence)                                            \
    Column {                                                                                   \
#member, column_type < decltype(Row::member)>(), unit, sentence, offsetof(Row, member) \
    }

#define REGATTA_LIFE_COLUMN(member, unit, sentence)                                                                 \
    Column {                                                                                                        \
#member, column_type < decltype(RequestLives::member)>(), unit, sentence, offsetof(SeriesRow, lives.member) \
    }

using serving::FleetEventRecord;
using serving::ReplicaRecord;
using serving::RequestRecord;
using serving::StepRecord;

constexpr std::array kRequestColumns = {
    REGATTA_COLUMN(RequestRecord, request_id, "", "identity, from the line of the trace or the stream and index"),
    REGATTA_COLUMN(RequestRecord, arrival_ns, "ns", "reached the gateway"),
    REGATTA_COLUMN(RequestRecord, received_ns, "ns", "reached the replica's waiting queue; -1: never"),
    REGATTA_COLUMN(RequestRecord, scheduled_ns, "ns", "start of the first step it was part of; -1: never"),
    REGATTA_COLUMN(RequestRecord, first_token_ns, "ns", "end of the step that made the first token; -1: never"),
    REGATTA_COLUMN(RequestRecord, end_ns, "ns", "finished, rejected, failed, timed out, or the end of the run"),
    REGATTA_COLUMN(RequestRecord, prompt_tokens, "tokens", "length of the prompt"),
    REGATTA_COLUMN(RequestRecord, output_tokens, "tokens", "produced"),
    REGATTA_COLUMN(RequestRecord, requested_output_tokens, "tokens", "length of the complete answer"),
    REGATTA_COLUMN(RequestRecord, preemptions, "", "how often it lost its KV cache and was computed again"),
    REGATTA_COLUMN(RequestRecord, gateway, "", "index of the gateway it arrived at"),
    REGATTA_COLUMN(RequestRecord, replica, "",
                   "index of the replica, over the whole fleet; 4294967295: none was chosen"),
    REGATTA_COLUMN(RequestRecord, pool, "", "index of the pool, names in /pools/name; 65535: none was chosen"),
    REGATTA_COLUMN(RequestRecord, stream, "", "index of the stream, names in /streams/name"),
    REGATTA_COLUMN(RequestRecord, state, "",
                   "0: finished, 1: rejected, 2: failed, 3: unfinished when the run ended, 4: timed out"),
    REGATTA_COLUMN(
        RequestRecord, reason, "",
        "why it was rejected, failed or timed out; 0: it was not, 1: too long ever to fit, 2: waited too long, 3: "
        "queue full, 4: rate limited, 5: its client had gone, 6: no replica served its model, 7: its replica was lost"),
    REGATTA_COLUMN(RequestRecord, retries, "", "how often it was sent again because its replica was lost"),
    REGATTA_COLUMN(RequestRecord, preempted_ns, "ns",
                   "without its KV cache after a preemption, until it was part of a batch again or ended; of all its "
                   "preemptions"),
    REGATTA_COLUMN(RequestRecord, preempted_before_token_ns, "ns", "of that, before the first token"),
};

constexpr std::array kEventColumns = {
    REGATTA_COLUMN(FleetEventRecord, start_ns, "ns", "when it began"),
    REGATTA_COLUMN(FleetEventRecord, end_ns, "ns",
                   "when it was over; the start where it takes no time; the end of the run where it went on"),
    REGATTA_COLUMN(FleetEventRecord, amount, "",
                   "of loading: bytes; of lost: requests; of installed, removed: GPUs; of scaling and re-provisioning: "
                   "replicas; of maintenance: nodes"),
    REGATTA_COLUMN(FleetEventRecord, node, "", "index of the node, over the whole fleet; 4294967295: none"),
    REGATTA_COLUMN(FleetEventRecord, replica, "", "index of the replica, over the whole fleet; 4294967295: none"),
    REGATTA_COLUMN(FleetEventRecord, gpu, "", "of the node, from 0; 4294967295: none in particular"),
    REGATTA_COLUMN(FleetEventRecord, pool, "", "index of the pool, names in /pools/name; 65535: none"),
    REGATTA_COLUMN(FleetEventRecord, kind, "",
                   "of a replica 0: loading weights, 1: warming up, 2: serving, 3: draining, 4: lost what it had; of "
                   "hardware 5: GPU down, 6: node down, 7: down with its rack, 8: node being updated, 9: installed, "
                   "10: removed; of the controller 11: more replicas, 12: fewer, 13: a replica makes room for one of "
                   "this pool, 14: rolling update begins"),
    REGATTA_COLUMN(FleetEventRecord, cause, "",
                   "0: as the run began, 1: failure, 2: script, 3: autoscaler, 4: re-provisioning, 5: maintenance"),
};

constexpr std::array kReplicaColumns = {
    REGATTA_COLUMN(ReplicaRecord, replica, "", "index over the whole fleet"),
    REGATTA_COLUMN(ReplicaRecord, node, "", "index of its first node, over the whole fleet"),
    REGATTA_COLUMN(ReplicaRecord, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(ReplicaRecord, gpus, "GPUs", "that it runs on"),
    REGATTA_COLUMN(ReplicaRecord, steps, "steps", "done"),
    REGATTA_COLUMN(ReplicaRecord, busy_ns, "ns", "spent in steps"),
    REGATTA_COLUMN(ReplicaRecord, prefill_tokens, "tokens", "of prompts computed, recomputation included"),
    REGATTA_COLUMN(ReplicaRecord, decode_tokens, "tokens", "produced by decode steps"),
    REGATTA_COLUMN(ReplicaRecord, finished, "requests", "finished"),
    REGATTA_COLUMN(ReplicaRecord, preemptions, "", "requests that lost their KV cache for others"),
    REGATTA_COLUMN(ReplicaRecord, kv_blocks, "blocks", "capacity of the KV cache"),
    REGATTA_COLUMN(ReplicaRecord, kv_blocks_peak, "blocks", "most in use at any time"),
    REGATTA_COLUMN(ReplicaRecord, sequences, "", "sequences in the batch, summed over the steps"),
    REGATTA_COLUMN(ReplicaRecord, samples, "tokens", "sampled"),
    REGATTA_COLUMN(ReplicaRecord, attended_tokens, "tokens",
                   "of context that each token computed attended to, itself included, in layers that attend to all"),
    REGATTA_COLUMN(ReplicaRecord, window_attended_tokens, "tokens",
                   "likewise in layers with a sliding window; 0: the model has none"),
    REGATTA_COLUMN(ReplicaRecord, moved_kv_tokens, "tokens",
                   "whose keys and values were read or written, in layers that attend to all"),
    REGATTA_COLUMN(ReplicaRecord, window_moved_kv_tokens, "tokens",
                   "likewise in layers with a sliding window; 0: the model has none"),
    REGATTA_COLUMN(ReplicaRecord, experts_read_1024, "1/1024",
                   "routed experts of a layer whose weights were read, as expected, summed over the steps"),
};

constexpr std::array kSeriesColumns = {
    REGATTA_COLUMN(SeriesRow, time_ns, "ns", "instant of the sample: the state before any event at it"),
    REGATTA_COLUMN(SeriesRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(SeriesRow, replicas, "replicas", "that were there"),
    REGATTA_COLUMN(SeriesRow, waiting, "requests", "in the waiting queues"),
    REGATTA_COLUMN(SeriesRow, running, "requests", "running"),
    REGATTA_COLUMN(SeriesRow, kv_blocks_used, "blocks", "of KV cache in use"),
    REGATTA_COLUMN(SeriesRow, busy_replicas, "replicas", "in a step"),
    REGATTA_COLUMN(SeriesRow, kv_tokens, "tokens", "of running requests, whose keys and values are held"),
    REGATTA_LIFE_COLUMN(pending, "requests", "arrived, and at no replica yet; or on their way to another one"),
    REGATTA_LIFE_COLUMN(scheduled, "requests", "at their replica, and in no batch yet"),
    REGATTA_LIFE_COLUMN(prefill, "requests", "in a batch, without a token yet"),
    REGATTA_LIFE_COLUMN(generate, "requests", "with a token, and not ended"),
    REGATTA_LIFE_COLUMN(arrived, "requests", "since the start"),
    REGATTA_LIFE_COLUMN(finished, "requests", "since the start"),
    REGATTA_LIFE_COLUMN(rejected, "requests", "since the start"),
    REGATTA_LIFE_COLUMN(failed, "requests", "since the start"),
    REGATTA_LIFE_COLUMN(timed_out, "requests", "since the start"),
    REGATTA_LIFE_COLUMN(retried, "requests", "ended since the start that were sent again at least once"),
};

constexpr std::array kNodeSeriesColumns = {
    REGATTA_COLUMN(NodeSeriesRow, time_ns, "ns", "instant of the sample: the state before any event at it"),
    REGATTA_COLUMN(NodeSeriesRow, node, "", "index over the whole fleet"),
    REGATTA_COLUMN(NodeSeriesRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(NodeSeriesRow, waiting, "requests", "in the waiting queues of its replicas"),
    REGATTA_COLUMN(NodeSeriesRow, running, "requests", "running"),
    REGATTA_COLUMN(NodeSeriesRow, kv_blocks_used, "blocks", "of KV cache in use"),
    REGATTA_COLUMN(NodeSeriesRow, busy_replicas, "replicas", "in a step"),
    REGATTA_COLUMN(NodeSeriesRow, kv_tokens, "tokens", "of running requests, whose keys and values are held"),
};

constexpr std::array kStepColumns = {
    REGATTA_COLUMN(StepRecord, start_ns, "ns", "start of the step"),
    REGATTA_COLUMN(StepRecord, end_ns, "ns", "end of the step"),
    REGATTA_COLUMN(StepRecord, replica, "", "index of the replica, over the whole fleet"),
    REGATTA_COLUMN(StepRecord, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(StepRecord, decodes, "", "sequences that get one token each"),
    REGATTA_COLUMN(StepRecord, prefills, "", "sequences of which a piece of the prompt is computed"),
    REGATTA_COLUMN(StepRecord, prefill_tokens, "tokens", "of prompts computed"),
    REGATTA_COLUMN(StepRecord, samples, "tokens", "sampled"),
    REGATTA_COLUMN(StepRecord, decode_context_tokens, "tokens",
                   "of context that the decodes attend to, all together, themselves included"),
    REGATTA_COLUMN(StepRecord, kv_blocks_used, "blocks", "of KV cache in use during the step"),
    REGATTA_COLUMN(StepRecord, projections_ns, "ns", "in query, key, value and output projections"),
    REGATTA_COLUMN(StepRecord, mlp_ns, "ns", "in dense MLPs and shared experts"),
    REGATTA_COLUMN(StepRecord, experts_ns, "ns", "in routers and routed experts"),
    REGATTA_COLUMN(StepRecord, attention_prefill_ns, "ns", "in the attention of prompts"),
    REGATTA_COLUMN(StepRecord, attention_decode_ns, "ns", "in the attention of decodes"),
    REGATTA_COLUMN(StepRecord, head_ns, "ns", "in LM head and sampling"),
    REGATTA_COLUMN(StepRecord, collectives_ns, "ns", "in all-reduces and the gathering of logits"),
    REGATTA_COLUMN(StepRecord, other_ns, "ns",
                   "in norms, activations, embedding; all that a step time without operators cannot tell apart"),
    REGATTA_COLUMN(StepRecord, overhead_ns, "ns", "of the step and its layers besides operators"),
};

constexpr std::array kGapColumns = {
    REGATTA_COLUMN(GapRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(GapRow, lower_ns, "ns", "smallest gap that counts here"),
    REGATTA_COLUMN(GapRow, upper_ns, "ns", "smallest gap that counts in the next bucket"),
    REGATTA_COLUMN(GapRow, count, "", "gaps between consecutive tokens of one request"),
};

constexpr std::array kGapTotalColumns = {
    REGATTA_COLUMN(GapTotalRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(GapTotalRow, count, "", "gaps between consecutive tokens of one request"),
    REGATTA_COLUMN(GapTotalRow, sum_s, "s", "whole seconds of the exact sum of all gaps"),
    REGATTA_COLUMN(GapTotalRow, sum_rest_ns, "ns", "what the sum is beyond whole seconds"),
};

constexpr std::array kStepTimeColumns = {
    REGATTA_COLUMN(GapRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(GapRow, lower_ns, "ns", "smallest length that counts here"),
    REGATTA_COLUMN(GapRow, upper_ns, "ns", "smallest length that counts in the next bucket"),
    REGATTA_COLUMN(GapRow, count, "steps", "as long as that; in a pipeline through all stages"),
};

constexpr std::array kStepTimeTotalColumns = {
    REGATTA_COLUMN(GapTotalRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(GapTotalRow, count, "steps", "done"),
    REGATTA_COLUMN(GapTotalRow, sum_s, "s", "whole seconds of the exact sum of their lengths"),
    REGATTA_COLUMN(GapTotalRow, sum_rest_ns, "ns", "what the sum is beyond whole seconds"),
};

constexpr std::array kBatchColumns = {
    REGATTA_COLUMN(BatchRow, pool, "", "index of the pool, names in /pools/name"),
    REGATTA_COLUMN(BatchRow, sequences, "", "sequences in the batch of a step"),
    REGATTA_COLUMN(BatchRow, steps, "steps", "with so many"),
};

constexpr std::array kRunTotalsColumns = {
    REGATTA_COLUMN(RunTotalsRow, requests_arrived, "requests", "arrived at gateways"),
    REGATTA_COLUMN(RunTotalsRow, end_ns, "ns", "end of the run"),
};

constexpr std::array kRankFactsColumns = {
    REGATTA_COLUMN(RankFacts, rank, "", "the process these facts are of"),
    REGATTA_COLUMN(RankFacts, wall_s, "s", "wall time from the program's start to the end of the event loop"),
    REGATTA_COLUMN(RankFacts, loop_s, "s", "wall time in the event loop"),
    REGATTA_COLUMN(RankFacts, waiting_s, "s", "of that, until the messages of other ranks had come"),
    REGATTA_COLUMN(RankFacts, windows, "windows", "run"),
    REGATTA_COLUMN(RankFacts, events, "events", "handled"),
    REGATTA_COLUMN(RankFacts, peak_memory_bytes, "bytes", "largest resident set"),
    REGATTA_COLUMN(RankFacts, busy_s, "s", "of the event loop, in the model: neither waiting, exchanging nor writing"),
    REGATTA_COLUMN(RankFacts, exchanging_s, "s",
                   "of the event loop, preparing and reading messages and agreeing on what is safe; an estimate from "
                   "one short window in 16 and all long ones"),
    REGATTA_COLUMN(RankFacts, writing_s, "s", "sorting rows and writing them, in the event loop and after it"),
    REGATTA_COLUMN(RankFacts, messages_sent, "messages", "to other ranks"),
    REGATTA_COLUMN(RankFacts, bytes_sent, "bytes", "in these messages"),
    REGATTA_COLUMN(RankFacts, least_slack_ns, "ns",
                   "smallest time between the receipt of a message and how far its receivers had gone; -1: none came"),
    REGATTA_COLUMN(RankFacts, reductions, "", "of numbers over all ranks, which are no messages"),
};

constexpr std::array kLinkFactsColumns = {
    REGATTA_COLUMN(LinkFacts, rank, "", "the process these facts are of"),
    REGATTA_COLUMN(LinkFacts, link, "", "index of the link or board, names in /run/link_name"),
    REGATTA_COLUMN(LinkFacts, latency_ns, "ns", "least, from sending to receipt"),
    REGATTA_COLUMN(LinkFacts, windows_ended, "windows", "ended by what might come over it"),
};

#undef REGATTA_LIFE_COLUMN
#undef REGATTA_COLUMN

template <class Row, std::size_t N>
constexpr Table table(std::string_view path, std::uint64_t tag, std::string_view title,
                      const std::array<Column, N>& columns, std::size_t old_row_bytes = sizeof(Row)) {
    return {.path = path,
            .title = title,
            .tag = tag,
            .row_bytes = sizeof(Row),
            .columns = columns,
            .old_row_bytes = old_row_bytes};
}

constexpr Table kRequests =
    table<RequestRecord>("/requests", 1, "one row per request, by end time and request", kRequestColumns,
                         offsetof(RequestRecord, preempted_ns));  // before format 1.4
constexpr Table kReplicas =
    table<ReplicaRecord>("/replicas", 2, "one row per replica: sums over the run", kReplicaColumns);
constexpr Table kSeries = table<SeriesRow>("/series", 3, "sampled state of the pools, time x pool", kSeriesColumns);
constexpr Table kNodeSeries = table<NodeSeriesRow>(
    "/node_series", 8, "sampled state of the nodes, by time and node; where output.node_series asks for it",
    kNodeSeriesColumns);
constexpr Table kSteps = table<StepRecord>(
    "/steps", 9, "steps, by replica and time; of the replicas that output.steps chooses", kStepColumns);
constexpr Table kEvents =
    table<FleetEventRecord>("/events", 10, "changes of the fleet, by time; of fleets that change", kEventColumns);
constexpr Table kGaps =
    table<GapRow>("/histograms/inter_token_gap", 4, "inter-token gaps of each pool, bucket by bucket", kGapColumns);
constexpr Table kGapTotals = table<GapTotalRow>("/histograms/inter_token_gap_totals", 5,
                                                "inter-token gaps of each pool: count and sum", kGapTotalColumns);
constexpr Table kStepTimes =
    table<GapRow>("/histograms/step_time", 11, "lengths of the steps of each pool, bucket by bucket", kStepTimeColumns);
constexpr Table kStepTimeTotals = table<GapTotalRow>(
    "/histograms/step_time_totals", 12, "lengths of the steps of each pool: count and sum", kStepTimeTotalColumns);
constexpr Table kBatches =
    table<BatchRow>("/histograms/batch_size", 7, "steps of each pool by the size of their batch", kBatchColumns);
constexpr Table kRunTotals = table<RunTotalsRow>("/", 6, "numbers of the whole run", kRunTotalsColumns);
constexpr Table kRankFacts = table<RankFacts>("/run/ranks", 0, "how each rank fared", kRankFactsColumns);
constexpr Table kLinkFacts =
    table<LinkFacts>("/run/links", 0, "how often each link ended the windows of each rank", kLinkFactsColumns);

}  // namespace

RequestLives& RequestLives::operator+=(const RequestLives& other) {
    pending += other.pending;
    scheduled += other.scheduled;
    prefill += other.prefill;
    generate += other.generate;
    arrived += other.arrived;
    finished += other.finished;
    rejected += other.rejected;
    failed += other.failed;
    timed_out += other.timed_out;
    retried += other.retried;
    return *this;
}

std::size_t bytes_of(ColumnType type) {
    switch (type) {
        case ColumnType::Int64:
        case ColumnType::UInt64:
        case ColumnType::Float64:
            return 8;
        case ColumnType::UInt32:
            return 4;
        case ColumnType::UInt16:
            return 2;
        case ColumnType::UInt8:
            return 1;
    }
    return 0;
}

const Table& requests_table() {
    return kRequests;
}
const Table& replicas_table() {
    return kReplicas;
}
const Table& series_table() {
    return kSeries;
}
const Table& node_series_table() {
    return kNodeSeries;
}
const Table& events_table() {
    return kEvents;
}
const Table& steps_table() {
    return kSteps;
}
const Table& gaps_table() {
    return kGaps;
}
const Table& gap_totals_table() {
    return kGapTotals;
}
const Table& step_times_table() {
    return kStepTimes;
}
const Table& step_time_totals_table() {
    return kStepTimeTotals;
}
const Table& batches_table() {
    return kBatches;
}
const Table& run_totals_table() {
    return kRunTotals;
}
const Table& rank_facts_table() {
    return kRankFacts;
}
const Table& link_facts_table() {
    return kLinkFacts;
}

std::vector<const Table*> all_tables() {
    return {&kRequests,  &kReplicas,  &kSeries,         &kNodeSeries, &kSteps,     &kEvents,    &kGaps,
            &kGapTotals, &kStepTimes, &kStepTimeTotals, &kBatches,    &kRunTotals, &kRankFacts, &kLinkFacts};
}

}  // namespace regatta::results
