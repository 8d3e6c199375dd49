#include "control/scratchpad_recorder.hpp"

#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::control {
namespace {

using serving::kNoTime;
using serving::ReplicaSample;
using serving::ScratchpadIteration;
using serving::ScratchpadRequest;

std::int64_t ns_of(double seconds) {
    return SimTime::from_seconds(seconds).ns();
}

std::int64_t ns_or_none(double seconds) {
    return seconds < 0 ? kNoTime : ns_of(seconds);
}

bool is_prefill(const ScratchpadIteration& iteration) {
    return iteration.kind == ScratchpadIteration::Kind::Prefill;
}

/// Tokens that those that take part attend to: of a prompt itself; of decodes the token that is made included.
std::int64_t context_of(const ScratchpadIteration& iteration) {
    std::int64_t sum = 0;
    for (const ScratchpadRequest* request : iteration.participants)
        sum += request->prompt_tokens + request->generated;
    return sum;
}

}  // namespace

ScratchpadRecorder::ScratchpadRecorder(ScratchpadRecording recording, std::vector<std::int64_t> kv_blocks_of_kind,
                                       serving::RecordSink& sink)
    : recording_(std::move(recording)),
      kv_blocks_(std::move(kv_blocks_of_kind)),
      sink_(&sink),
      engines_of_kind_(kv_blocks_.size(), 0) {
    if (recording_.series_every) samples_.emplace(*recording_.series_every, recording_.until);
}

/// Without samples of each node, those of a pool need not be kept apart.
ScratchpadSamples::Group ScratchpadRecorder::group_of(const Engine& engine) const {
    return {PoolId(static_cast<std::uint16_t>(engine.sums.pool)),
            NodeId(recording_.has_node_series ? engine.sums.node : 0)};
}

void ScratchpadRecorder::made(const ScratchpadPlace& place, double at_s) {
    const auto [found, is_new] = engines_.try_emplace(place.replica);
    Engine& engine = found->second;
    if (is_new) {
        engine.sums = {.replica = place.replica,
                       .node = place.node,
                       .pool = place.kind,
                       .gpus = 1,
                       .kv_blocks = kv_blocks_.at(place.kind)};
        engine.is_recorded = engines_of_kind_.at(place.kind)++ < recording_.steps_of;
    }
    engine.since_ns = engine.blocks_from_ns = ns_of(at_s);
}

void ScratchpadRecorder::gone(const ScratchpadPlace& place, double at_s) {
    Engine& engine = engines_.at(place.replica);
    hold(engine, ns_of(at_s), 0, 0);
    if (samples_) samples_->add(group_of(engine), &ReplicaSample::replicas, engine.since_ns, ns_of(at_s), 1);
    engine.since_ns = -1;
}

/// From here on so many blocks are in use.
void ScratchpadRecorder::hold(Engine& engine, std::int64_t from_ns, std::int64_t blocks, std::int64_t tokens) {
    if (samples_) {
        samples_->add(group_of(engine), &ReplicaSample::kv_blocks_used, engine.blocks_from_ns, from_ns, engine.blocks);
        samples_->add(group_of(engine), &ReplicaSample::kv_tokens, engine.blocks_from_ns, from_ns, engine.tokens);
    }
    engine.blocks_from_ns = from_ns;
    engine.blocks = blocks;
    engine.tokens = tokens;
}

void ScratchpadRecorder::iterated(const ScratchpadPlace& place, const ScratchpadIteration& iteration) {
    const std::int64_t start_ns = ns_of(iteration.start_s);
    const std::int64_t end_ns = ns_of(iteration.end_s);
    Engine& engine = engines_.at(place.replica);
    if (start_ns >= recording_.until.ns()) return;
    const std::int64_t context_tokens = context_of(iteration);
    engine.sums.kv_blocks_peak = std::max(engine.sums.kv_blocks_peak, iteration.used_blocks);
    if (samples_) samples_->add(group_of(engine), &ReplicaSample::busy_replicas, start_ns, end_ns, 1);
    // What finishes holds its blocks to the end of the step here, although that simulator sees them free before.
    hold(engine, start_ns, iteration.used_blocks, iteration.cached_tokens);
    hold(engine, end_ns, iteration.blocks_after, iteration.tokens_after);
    if (end_ns < recording_.until.ns()) {
        count(engine, iteration, context_tokens);
        if (!is_prefill(iteration)) tell_gaps(engine, iteration);
        tell_step(engine, iteration, context_tokens);
    }
    for (ScratchpadRequest* request : iteration.participants) {
        request->last_token_s = iteration.end_s;
        if (end_ns < recording_.until.ns() && !is_prefill(iteration)) ++request->produced;
    }
}

void ScratchpadRecorder::changed(const ScratchpadEvent& event) {
    if (SimTime::from_seconds(event.start_s) >= recording_.until) return;
    serving::FleetEventRecord record;
    record.start_ns = ns_of(event.start_s);
    record.end_ns = std::min(ns_of(event.end_s), recording_.until.ns());
    record.amount = event.amount;
    record.node = event.node;
    record.replica = event.replica;
    record.gpu = event.gpu;
    record.pool = event.pool;
    record.kind = event.kind;
    record.cause = event.cause;
    sink_->fleet_changed(record);
}

void ScratchpadRecorder::count(Engine& engine, const ScratchpadIteration& iteration, std::int64_t context_tokens) {
    const auto sequences = static_cast<std::int64_t>(iteration.participants.size());
    serving::ReplicaRecord& sums = engine.sums;
    ++sums.steps;
    sums.busy_ns += ns_of(iteration.end_s) - ns_of(iteration.start_s);
    sums.sequences += sequences;
    sums.moved_kv_tokens += context_tokens;
    sums.finished += static_cast<std::int64_t>(iteration.finished.size());
    if (is_prefill(iteration)) {
        sums.prefill_tokens += context_tokens;
        sums.attended_tokens += context_tokens * (context_tokens + 1) / 2;  // causal
    } else {
        sums.decode_tokens += sequences;
        sums.samples += sequences;
        sums.attended_tokens += context_tokens;
    }
    const PoolId pool(static_cast<std::uint16_t>(sums.pool));
    const SimTime length = SimTime::from_ns(ns_of(iteration.end_s) - ns_of(iteration.start_s));
    sink_->step_times({.pool = pool, .length = length, .count = 1, .total = length});
    sink_->batches(pool, sequences, 1);
}

/// Sequences of a batch mostly had their last token at the same time.
void ScratchpadRecorder::tell_gaps(const Engine& engine, const ScratchpadIteration& iteration) {
    const PoolId pool(static_cast<std::uint16_t>(engine.sums.pool));
    const std::int64_t end_ns = ns_of(iteration.end_s);
    const auto gap_of = [&](const ScratchpadRequest* request) { return end_ns - ns_of(request->last_token_s); };
    for (std::size_t i = 0; i < iteration.participants.size();) {
        const std::int64_t gap_ns = gap_of(iteration.participants[i]);
        std::int64_t count = 0;
        for (; i < iteration.participants.size() && gap_of(iteration.participants[i]) == gap_ns; ++i)
            ++count;
        sink_->inter_token_gaps(pool, SimTime::from_ns(gap_ns), count, SimTime::from_ns(gap_ns) * count);
    }
}

void ScratchpadRecorder::tell_step(const Engine& engine, const ScratchpadIteration& iteration,
                                   std::int64_t context_tokens) {
    const SimTime start = SimTime::from_seconds(iteration.start_s);
    if (!engine.is_recorded || start < recording_.steps_from || start >= recording_.steps_to ||
        !recording_.steps_sample.takes(ReplicaId(engine.sums.replica), start))
        return;
    const auto sequences = static_cast<std::uint32_t>(iteration.participants.size());
    serving::StepRecord record{.start_ns = start.ns(),
                               .end_ns = ns_of(iteration.end_s),
                               .replica = engine.sums.replica,
                               .pool = engine.sums.pool,
                               .kv_blocks_used = iteration.used_blocks};
    if (is_prefill(iteration)) {
        record.prefills = 1;
        record.prefill_tokens = static_cast<std::uint32_t>(context_tokens);
    } else {
        record.decodes = record.samples = sequences;
        record.decode_context_tokens = context_tokens;
    }
    const timing::StepParts parts =
        recording_.parts(static_cast<std::uint16_t>(engine.sums.pool), is_prefill(iteration), iteration.priced_tokens,
                         iteration.priced_sequences);
    record.projections_ns = ns_of(parts.projections);
    record.mlp_ns = ns_of(parts.mlp);
    record.attention_prefill_ns = ns_of(parts.attention_prefill);
    record.attention_decode_ns = ns_of(parts.attention_decode);
    record.head_ns = ns_of(parts.head);
    record.other_ns = ns_of(parts.other);
    sink_->step(record);
}

bool ScratchpadRecorder::has_ended(const ScratchpadRequest& request) const {
    return request.end_s >= 0 && ns_of(request.end_s) < recording_.until.ns();
}

void ScratchpadRecorder::tell_ended(std::span<const ScratchpadRequest> requests) {
    for (const ScratchpadRequest& request : requests) {
        if (samples_) tell_samples(request);
        if (!has_ended(request)) continue;
        tell(request, request.is_lost ? serving::EndState::Failed : serving::EndState::Finished,
             SimTime::from_seconds(request.end_s));
    }
    if (!samples_) return;
    const std::int64_t never_ns = SimTime::never().ns();
    for (auto& [replica, engine] : engines_) {
        hold(engine, never_ns, 0, 0);
        if (engine.since_ns >= 0)
            samples_->add(group_of(engine), &ReplicaSample::replicas, engine.since_ns, never_ns, 1);
    }
}

void ScratchpadRecorder::tell_samples(const ScratchpadRequest& request) {
    const auto engine = engines_.find(request.replica);
    if (engine == engines_.end()) return;  // it never came to one
    const ScratchpadSamples::Group group = group_of(engine->second);
    const std::int64_t never_ns = SimTime::never().ns();
    const std::int64_t received_ns = ns_of(request.received_s);
    const std::int64_t end_ns = request.end_s < 0 ? never_ns : ns_of(request.end_s);
    const std::int64_t start_ns = request.start_s < 0 ? end_ns : ns_of(request.start_s);
    samples_->add(group, &ReplicaSample::waiting, received_ns, start_ns, 1);
    if (request.start_s >= 0) samples_->add(group, &ReplicaSample::running, start_ns, end_ns, 1);
}

void ScratchpadRecorder::tell(const ScratchpadRequest& request, serving::EndState state, SimTime end) {
    const auto engine = engines_.find(request.replica);
    const auto before = [&](double seconds) {
        const std::int64_t ns = ns_or_none(seconds);
        return ns < recording_.until.ns() ? ns : kNoTime;
    };
    serving::RequestRecord record;
    record.request_id = request.line;
    record.arrival_ns = ns_of(request.arrival_s);
    record.scheduled_ns = before(request.start_s);
    // An engine that was added late serves what was routed to it as if it had been there before.
    record.received_ns =
        before(request.start_s < 0 ? request.received_s : std::min(request.received_s, request.start_s));
    record.first_token_ns = before(request.prefill_end_s);
    record.end_ns = end.ns();
    record.prompt_tokens = static_cast<std::uint32_t>(request.prompt_tokens);
    record.output_tokens = static_cast<std::uint32_t>(request.produced);
    record.requested_output_tokens = static_cast<std::uint32_t>(request.output_tokens);
    record.replica = request.replica;
    record.pool = engine == engines_.end() ? serving::kNoPool : static_cast<std::uint16_t>(engine->second.sums.pool);
    record.stream = request.stream;
    record.state = state;
    if (request.is_lost)
        record.reason = request.received_s < 0 ? serving::EndReason::NoReplica : serving::EndReason::ReplicaLost;
    sink_->request_ended(record);
}

void ScratchpadRecorder::sample(SimTime at) {
    if (samples_) samples_->tell(at, *sink_);
}

std::int64_t ScratchpadRecorder::finish(std::span<const ScratchpadRequest> requests, SimTime end) {
    std::int64_t arrived = 0;
    for (const ScratchpadRequest& request : requests) {
        // It gives up while there are requests that have not come yet.
        const bool has_arrived = ns_of(request.arrival_s) <= end.ns();
        arrived += has_arrived ? 1 : 0;
        if (has_arrived && !has_ended(request)) tell(request, serving::EndState::Unfinished, end);
    }
    for (const auto& [replica, engine] : engines_)
        sink_->replica_ended(engine.sums);
    return arrived;
}

}  // namespace regatta::control
