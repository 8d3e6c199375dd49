#include "serving/node_lp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "regatta/base/archive.hpp"
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

bool shows(const NodeSetup& setup, std::optional<engine::BoardId> WatchBoards::*board) {
    return std::any_of(setup.parts.begin(), setup.parts.end(),
                       [board](const NodePart& part) { return (part.watched.*board).has_value(); });
}

}  // namespace

template <class AnyReplica>
BasicNodeLp<AnyReplica>::BasicNodeLp(Setup setup, std::vector<AnyReplica> replicas, RecordSink& sink)
    : replicas_(std::move(replicas)),
      sink_(&sink),
      watched_(shows(setup, &WatchBoards::ended) ? replicas_.size() : 0),
      shows_requests_(setup.parts.front().boards[index_of(Load::Requests)].has_value() ||
                      shows(setup, &WatchBoards::requests)),
      shows_tokens_(setup.parts.front().boards[index_of(Load::Tokens)].has_value()),
      counts_tokens_(shows_tokens_ || setup.looked_at.has(Load::Tokens)),
      needs_samples_(setup.looked_at.has(Load::KvBlocks) || setup.looked_at.has(Load::Waiting)),
      tokens_(counts_tokens_ ? replicas_.size() : 0, 0),
      setup_(std::move(setup)),
      seen_(needs_samples_ ? replicas_.size() : 0) {
    if (setup_.changes) changes_ = std::make_unique<NodeChanges>(std::move(*setup_.changes));
    setup_.changes.reset();
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::start(engine::Context& context) {
    if (changes_) context.wake_at(static_cast<std::uint32_t>(replicas_.size()), changes_->wake_at());
}

template <class AnyReplica>
Request BasicNodeLp<AnyReplica>::request_of(const engine::Event& event, const Dispatch& dispatch) const {
    return dispatch.request(RequestId(event.key), GatewayId(event.sender.value() - setup_.first_gateway.value()));
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::handle(const engine::Event& event, engine::Context& context) {
    if (event.event_class() == kOrderMessage && changes_) [[unlikely]]
        return change(context, [&] { changes_->order(event.payload_as<OrderMessage>(), context.now(), *this); });
    REGATTA_CHECK(event.event_class() == kDispatchMessage,
                  fmt::format("a node gets a message of class {}", event.event_class()));
    const auto dispatch = event.payload_as<Dispatch>();
    const Request request = request_of(event, dispatch);
    if (changes_ && !changes_->takes(dispatch.slot)) [[unlikely]]
        return send_back(request, dispatch.slot, context);
    AnyReplica& replica = replicas_.at(dispatch.slot);
    const EndReason refusal = replica.receive(request, context.now());
    if (refusal != EndReason::None) {
        const ServedRequest refused{.request = request, .received = context.now()};
        record(refused, replica, {.state = EndState::Rejected, .reason = refusal, .at = context.now()});
        // The blocks in use are not told: the replica is not brought up to date for what it refuses.
        if (setup_.tells_completions) tell_completion(refused, dispatch.slot, kNotTold, context);
        return;
    }
    if (replica.plan_wake_up()) context.wake_at(dispatch.slot, replica.planned_wake_up());
    if (shows_requests_) show_requests(dispatch.slot, context);
    if (counts_tokens_) count_tokens(dispatch.slot, request.prompt_tokens, context);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::wake(std::uint32_t slot, engine::Context& context) {
    if (slot == replicas_.size()) [[unlikely]]
        return change(context, [&] { changes_->wake(context.now(), *this); });
    AnyReplica& replica = replicas_[slot];
    const std::span<const ServedRequest> finished = replica.wake(context.now());
    const bool has_time_outs = !replica.timed_out().empty();
    const bool has_ended = !finished.empty() || has_time_outs;
    const std::uint32_t kv_blocks =
        setup_.tells_blocks && has_ended ? load_value(replica.kv_blocks_used(context.now())) : kNotTold;
    for (const ServedRequest& served : finished) {
        record(served, replica, {.at = context.now()});
        left(served, slot, kv_blocks, context);
        if (!watched_.empty()) watch_end(served, slot, context);
    }
    if (has_time_outs) [[unlikely]]
        end_timed_out(slot, kv_blocks, context);
    if (shows_requests_ && has_ended) show_requests(slot, context);
    if (replica.plan_wake_up()) context.wake_at(slot, replica.planned_wake_up());
    if (changes_ && has_ended && changes_->phase(slot) == Phase::Draining && replica.outstanding() == 0) [[unlikely]]
        change(context, [&] { changes_->emptied(slot, context.now(), *this); });
}

/// Whatever it leads to, the next change is planned.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::change(engine::Context& context, const std::function<void()>& what) {
    context_ = &context;
    what();
    context_ = nullptr;
    context.wake_at(static_cast<std::uint32_t>(replicas_.size()), changes_->wake_at());
}

template <class AnyReplica>
std::int64_t BasicNodeLp<AnyReplica>::lose(std::uint32_t slot, SimTime now) {
    std::vector<Request> lost;
    replicas_[slot].restart(now, setup_.fresh_scheduler(slot),
                            [&lost](const ServedRequest& served) { lost.push_back(served.request); });
    // The order in which the scheduler had them is its own affair.
    std::sort(lost.begin(), lost.end(), [](const Request& a, const Request& b) { return a.id < b.id; });
    for (const Request& request : lost)
        send_back(request, slot, *context_);
    if (replicas_[slot].plan_wake_up()) context_->wake_at(slot, replicas_[slot].planned_wake_up());
    if (shows_requests_) show_requests(slot, *context_);
    if (counts_tokens_) count_tokens(slot, -tokens_[slot], *context_);
    seen_at_ = SimTime::never();
    return std::ssize(lost);
}

/// To its gateway, which may try elsewhere.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::send_back(const Request& request, std::uint32_t slot, engine::Context& context) {
    context.send(LpId(setup_.first_gateway.value() + request.gateway.value()), setup_.lost_after, kLostMessage,
                 request.id.value(), Dispatch::of(request, slot));
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::phase_changed(std::uint32_t slot, Phase phase) {
    const NodePart& part = part_of(slot);
    const std::uint32_t number = number_in_pool(part, slot);
    if (part.phase_board) context_->publish(*part.phase_board, number, board_value(phase));
    if (part.watched.phase) context_->publish(*part.watched.phase, number, board_value(phase));
}

/// Counts what a controller holds a pool to.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::watch_end(const ServedRequest& served, std::uint32_t slot, engine::Context& context) {
    const NodePart& part = part_of(slot);
    if (!part.watched.ended) return;
    const StreamTargets& targets = setup_.targets.at(served.request.stream.index());
    const SimTime decoding = context.now() - served.first_token;
    const bool is_met =
        served.first_token - served.request.arrival <= targets.ttft &&
        (targets.tpot.is_never() ||
         decoding.ns() <= targets.tpot.ns() * std::max<std::int64_t>(std::int64_t{served.generated} - 1, 0));
    Watched& watched = watched_[slot];
    ++watched.ended;
    watched.met += is_met ? 1 : 0;
    context.publish(*part.watched.ended, number_in_pool(part, slot), watched.ended);
    if (part.watched.met) context.publish(*part.watched.met, number_in_pool(part, slot), watched.met);
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
    const NodePart& part = part_of(slot);
    const auto requests = static_cast<std::uint32_t>(replicas_[slot].outstanding());
    const std::uint32_t number = number_in_pool(part, slot);
    if (const auto& board = part.boards[index_of(Load::Requests)]) context.publish(*board, number, requests);
    if (part.watched.requests) [[unlikely]]
        context.publish(*part.watched.requests, number, requests);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::count_tokens(std::uint32_t slot, std::int64_t added, engine::Context& context) {
    tokens_[slot] += added;
    if (!shows_tokens_) return;
    const NodePart& part = part_of(slot);
    context.publish(*part.boards[index_of(Load::Tokens)], number_in_pool(part, slot), load_value(tokens_[slot]));
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
    const auto shows_blocks = [board](const NodePart& part) {
        return part.boards[index_of(Load::KvBlocks)] == board || part.watched.kv_blocks == board;
    };
    const auto part = std::find_if(setup_.parts.begin(), setup_.parts.end(), shows_blocks);
    REGATTA_CHECK(part != setup_.parts.end(),
                  fmt::format("a node is asked for board {}, which shows no KV blocks of its pools", board.value()));
    const std::size_t end = part + 1 == setup_.parts.end() ? replicas_.size() : (part + 1)->first_slot;
    for (std::uint32_t slot = part->first_slot; slot < end; ++slot)
        writer.put(number_in_pool(*part, slot), load_value(replicas_[slot].sample(at).kv_blocks_used));
}

/// Nodes promise to answer a dispatch no sooner than a shortest step after it: what ends sooner, because it is refused
/// or given up, is told so much later. Then it does not tell the blocks: newer news might overtake it.
template <class AnyReplica>
void BasicNodeLp<AnyReplica>::tell_completion(const ServedRequest& served, std::uint32_t slot, std::uint32_t kv_blocks,
                                              engine::Context& context) {
    const SimTime held_back = std::max(served.received + setup_.least_step - context.now(), SimTime());
    const NodePart& part = part_of(slot);
    context.send(LpId(setup_.first_gateway.value() + served.request.gateway.value()), part.gateway_latency + held_back,
                 kCompletionMessage, served.request.id.value(),
                 Completion{.replica = number_in_pool(part, slot),
                            .pool = part.pool,
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
    record.output_tokens = served.generated;
    record.requested_output_tokens = request.output_tokens;
    record.preemptions = served.preemptions;
    record.preempted_ns = served.preempted_ns(how.at);
    record.preempted_before_token_ns = served.preempted_before_token_ns(how.at);
    record.gateway = request.gateway.value();
    record.replica = replica.facts().id.value();
    record.pool = replica.facts().pool.value();
    record.stream = request.stream.value();
    record.state = how.state;
    record.reason = how.reason;
    record.retries = static_cast<std::uint8_t>(std::min<std::uint16_t>(request.attempt, UINT8_MAX));
    sink_->request_ended(record);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::sample(SimTime at) {
    std::uint32_t slot = 0;
    for (const NodePart& part : setup_.parts) {
        const bool is_last = &part == &setup_.parts.back();
        const std::size_t end = is_last ? replicas_.size() : (&part + 1)->first_slot;
        ReplicaSample sum;
        for (; slot < end; ++slot)
            if (!changes_ || changes_->takes(slot)) sum += replicas_[slot].sample(at);
        sink_->sample(part.pool, replicas_.front().facts().node, at, sum);
    }
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::prefetch(unsigned stage) const {
    if (stage == 0) {
        __builtin_prefetch(setup_.parts.data());
        __builtin_prefetch(&setup_.parts.data()->boards);
    }
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
    if (changes_) changes_->finish(end, *this);
    for (const engine::Event& event : undelivered) {
        if (event.event_class() != kDispatchMessage) continue;
        const auto dispatch = event.payload_as<Dispatch>();
        record(ServedRequest{.request = request_of(event, dispatch), .received = SimTime::never()},
               replicas_.at(dispatch.slot), {.state = EndState::Unfinished, .at = end});
    }
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::save(OutArchive& archive) const {
    for (const AnyReplica& replica : replicas_)
        replica.save(archive);
    archive << tokens_ << watched_;
    if (changes_) changes_->save(archive);
}

template <class AnyReplica>
void BasicNodeLp<AnyReplica>::load(InArchive& archive) {
    for (AnyReplica& replica : replicas_)
        replica.load(archive);
    archive >> tokens_ >> watched_;
    if (changes_) changes_->load(archive);
}

template class BasicNodeLp<Replica>;
template class BasicNodeLp<PipelineReplica>;

}  // namespace regatta::serving
