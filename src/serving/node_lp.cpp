#include "serving/node_lp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/vector.hpp>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

namespace {

std::int64_t ns_or_none(SimTime time) {
    return time.is_never() ? kNoTime : time.ns();
}

/// What does not fit the 32 bits of a board counts as the largest number that does, see routing::load_sum.
std::uint32_t load_value(std::int64_t load) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(load, UINT32_MAX));
}

}  // namespace

template <class AnyReplica>
BasicNodeLp<AnyReplica>::BasicNodeLp(const Setup& setup, std::vector<AnyReplica> replicas, RecordSink& sink)
    : setup_(setup),
      replicas_(std::move(replicas)),
      shows_requests_(setup.boards[index_of(Load::Requests)].has_value()),
      shows_tokens_(setup.boards[index_of(Load::Tokens)].has_value()),
      counts_tokens_(shows_tokens_ || setup_.looked_at.has(Load::Tokens)),
      needs_samples_(setup_.looked_at.has(Load::KvBlocks) || setup_.looked_at.has(Load::Waiting)),
      tokens_(counts_tokens_ ? replicas_.size() : 0, 0),
      seen_(needs_samples_ ? replicas_.size() : 0),
      sink_(&sink) {}

template <class AnyReplica>
Request BasicNodeLp<AnyReplica>::request_of(const engine::Event& event, const Dispatch& dispatch) const {
    return dispatch.request(RequestId(event.key), GatewayId(event.sender.value() - setup_.first_gateway.value()));
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::handle(const engine::Event& event, engine::Context& context) {
    REGATTA_CHECK(event.event_class() == kDispatchMessage,
                  fmt::format("a node gets a message of class {}", event.event_class()));
    const auto dispatch = event.payload_as<Dispatch>();
    const Request request = request_of(event, dispatch);
    AnyReplica& replica = replicas_.at(dispatch.slot);
    const EndReason refusal = replica.receive(request, context.now());
    if (refusal != EndReason::None) {
        const ServedRequest refused{.request = request, .received = context.now()};
        record(refused, replica, {.state = EndState::Rejected, .reason = refusal, .at = context.now()});
        // The blocks in use are not told: the replica is not brought up to date for what it refuses.
        if (setup_.tells_completions) tell_completion(refused, dispatch.slot, kNotTold, context);
        return;
    }
    if (const auto at = replica.new_wake_up()) context.wake_at(dispatch.slot, *at);
    if (shows_requests_) show_requests(dispatch.slot, context);
    if (counts_tokens_) count_tokens(dispatch.slot, request.prompt_tokens, context);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::wake(std::uint32_t slot, engine::Context& context) {
    AnyReplica& replica = replicas_[slot];
    const std::span<const ServedRequest> finished = replica.wake(context.now());
    const bool has_time_outs = !replica.timed_out().empty();
    const bool has_ended = !finished.empty() || has_time_outs;
    const std::uint32_t kv_blocks =
        setup_.tells_blocks && has_ended ? load_value(replica.kv_blocks_used(context.now())) : kNotTold;
    for (const ServedRequest& served : finished) {
        record(served, replica, {.at = context.now()});
        left(served, slot, kv_blocks, context);
    }
    if (has_time_outs) [[unlikely]]
        end_timed_out(slot, kv_blocks, context);
    if (shows_requests_ && has_ended) show_requests(slot, context);
    if (const auto at = replica.new_wake_up()) context.wake_at(slot, *at);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::end_timed_out(std::uint32_t slot, std::uint32_t kv_blocks, engine::Context& context) {
    for (const TimedOutRequest& given_up : replicas_[slot].timed_out()) {
        record(given_up.served, replicas_[slot],
               {.state = EndState::TimedOut, .reason = given_up.reason, .at = context.now()});
        left(given_up.served, slot, kv_blocks, context);
    }
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::left(const ServedRequest& served, std::uint32_t slot, std::uint32_t kv_blocks,
                                   engine::Context& context) {
    if (counts_tokens_) count_tokens(slot, -std::int64_t{served.request.prompt_tokens}, context);
    if (setup_.tells_completions) tell_completion(served, slot, kv_blocks, context);
}

/// What is outstanding changes with dispatches, completions and time-outs only.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::show_requests(std::uint32_t slot, engine::Context& context) {
    context.publish(*setup_.boards[index_of(Load::Requests)], setup_.first_in_pool + slot,
                    static_cast<std::uint32_t>(replicas_[slot].outstanding()));
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::count_tokens(std::uint32_t slot, std::int64_t added, engine::Context& context) {
    tokens_[slot] += added;
    if (!shows_tokens_) return;
    context.publish(*setup_.boards[index_of(Load::Tokens)], setup_.first_in_pool + slot, load_value(tokens_[slot]));
}

/// Once per instant: nobody looks at a node after something has reached it at that instant, for arrivals come before.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::bring_up(SimTime now) {
    if (!needs_samples_ || seen_at_ == now) return;
    for (std::size_t slot = 0; slot < replicas_.size(); ++slot)
        seen_[slot] = replicas_[slot].sample(now);
    seen_at_ = now;
}

template <class AnyReplica>
std::int64_t BasicNodeLp<AnyReplica>::load_of(Load load, std::uint32_t slot) const {
    REGATTA_CHECK(setup_.looked_at.has(load),
                  fmt::format("{} of a node are looked at, which was not said beforehand", name_of(load)));
    switch (load) {
        case Load::Requests:
            break;
        case Load::Tokens:
            return tokens_.at(slot);
        case Load::KvBlocks:
            return seen_.at(slot).kv_blocks_used;
        case Load::Waiting:
            return seen_.at(slot).waiting;
    }
    return replicas_.at(slot).outstanding();
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::report(engine::BoardId board, SimTime at, engine::BoardWriter& writer) {
    REGATTA_CHECK(board == setup_.boards[index_of(Load::KvBlocks)],
                  fmt::format("a node is asked for board {}, which shows no KV blocks of its pool", board.value()));
    for (std::uint32_t slot = 0; slot < replicas_.size(); ++slot)
        writer.put(setup_.first_in_pool + slot, load_value(replicas_[slot].sample(at).kv_blocks_used));
}

/// Nodes promise to answer a dispatch no sooner than a shortest step after it: what ends sooner, because it is refused
/// or given up, is told so much later. Then it does not tell the blocks: newer news might overtake it.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::tell_completion(const ServedRequest& served, std::uint32_t slot, std::uint32_t kv_blocks,
                                              engine::Context& context) {
    const SimTime held_back = std::max(served.received + setup_.least_step - context.now(), SimTime());
    context.send(LpId(setup_.first_gateway.value() + served.request.gateway.value()),
                 setup_.gateway_latency + held_back, kCompletionMessage, served.request.id.value(),
                 Completion{.replica = setup_.first_in_pool + slot,
                            .pool = setup_.pool,
                            .prompt_tokens = served.request.prompt_tokens,
                            .kv_blocks = held_back == SimTime() ? kv_blocks : kNotTold,
                            .at_ns = context.now().ns()});
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::record(const ServedRequest& served, const AnyReplica& replica, const End& how) {
    const Request& request = served.request;
    RequestRecord record;
    record.request_id = request.id.value();
    record.arrival_ns = request.arrival.ns();
    record.received_ns = ns_or_none(served.received);
    record.scheduled_ns = ns_or_none(served.scheduled);
    record.first_token_ns = ns_or_none(served.first_token);
    record.end_ns = how.at.ns();
    record.prompt_tokens = request.prompt_tokens;
    record.output_tokens = static_cast<std::uint32_t>(served.generated);
    record.requested_output_tokens = request.output_tokens;
    record.preemptions = served.preemptions;
    record.gateway = request.gateway.value();
    record.replica = replica.facts().id.value();
    record.pool = setup_.pool.value();
    record.stream = request.stream.value();
    record.state = how.state;
    record.reason = how.reason;
    sink_->request_ended(record);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::sample(SimTime at) {
    ReplicaSample sum;
    for (AnyReplica& replica : replicas_)
        sum += replica.sample(at);
    sink_->sample(setup_.pool, replicas_.front().facts().node, at, sum);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::prefetch(unsigned stage) const {
    // Which of several replicas will be touched is not known.
    if (replicas_.size() == 1) replicas_.front().prefetch(stage);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::finish(SimTime end, std::span<const engine::Event> undelivered) {
    for (AnyReplica& replica : replicas_) {
        replica.finish(end, [&](const ServedRequest& served) {
            record(served, replica, {.state = EndState::Unfinished, .at = end});
        });
    }
    for (const engine::Event& event : undelivered) {
        const auto dispatch = event.payload_as<Dispatch>();
        record(ServedRequest{.request = request_of(event, dispatch), .received = SimTime::never()},
               replicas_.at(dispatch.slot), {.state = EndState::Unfinished, .at = end});
    }
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::save(OutArchive& archive) const {
    for (const AnyReplica& replica : replicas_)
        replica.save(archive);
    archive << tokens_;
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::load(InArchive& archive) {
    for (AnyReplica& replica : replicas_)
        replica.load(archive);
    archive >> tokens_;
}

template class BasicNodeLp<Replica>;
template class BasicNodeLp<PipelineReplica>;

}  // namespace regatta::serving
