#include "routing/gateway_lp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/fleet_messages.hpp"

namespace regatta::routing {

namespace {

constexpr std::uint32_t kArrivalSlot = 0;
constexpr std::uint32_t kDeadlineSlot = 1;

}  // namespace

GatewayLp::GatewayLp(Setup setup, std::vector<PoolRoute> routes, std::vector<Choice> choices,
                     std::vector<std::unique_ptr<Admission>> admissions,
                     std::unique_ptr<workload::RequestSource> source, const Surroundings& surroundings)
    : setup_(std::move(setup)),
      routes_(std::move(routes)),
      admissions_(std::move(admissions)),
      source_(std::move(source)),
      sink_(&surroundings.sink),
      arrived_(&surroundings.arrived) {
    for (const PoolRoute& route : routes_)
        looks_.emplace_back(route.first_node, route.replicas_per_node, route.first_slot);
    for (Choice& choice : choices) {
        std::vector<PoolView*> views;
        std::vector<PoolRoute*> ways;
        for (const std::uint16_t pool : choice.pools) {
            ways.push_back(&routes_.at(pool));
            views.push_back(&ways.back()->view);
        }
        choosers_.push_back(
            {.routers = std::move(choice.routers), .candidates = Candidates(views), .routes = std::move(ways)});
    }
    if (setup_.terms.empty()) {
        GatewayTerms& always = setup_.terms.emplace_back();
        for (std::uint32_t admission = 0; admission < admissions_.size(); ++admission)
            always.admissions.push_back(admission);
    }
    use_terms(0);
}

void GatewayLp::use_terms(std::size_t number) {
    const GatewayTerms& terms = setup_.terms.at(number);
    for (Chooser& chooser : choosers_)
        chooser.router = chooser.routers.at(terms.router).get();
    rules_.clear();
    for (const std::uint32_t admission : terms.admissions)
        rules_.push_back(admissions_.at(admission).get());
    terms_ = number;
    next_terms_ = number + 1 < setup_.terms.size() ? setup_.terms[number + 1].from : SimTime::never();
}

void GatewayLp::turn_to(SimTime now) {
    while (now >= next_terms_)
        use_terms(terms_ + 1);
}

void GatewayLp::start(engine::Context& context) {
    take_next();
    if (next_) context.wake_at(kArrivalSlot, next_->arrival);
}

void GatewayLp::go_on(engine::Context& context) {
    take_next();
    context.wake_at(kArrivalSlot, next_ ? next_->arrival : SimTime::never());
}

void GatewayLp::take_next() {
    next_ = source_->next();
    while (next_ && is_closed(next_->arrival)) {
        ++taken_;
        next_ = source_->next();
    }
    if (next_ && next_->arrival >= setup_.arrivals_until) next_.reset();
    if (next_) next_->gateway = setup_.id;
}

bool GatewayLp::is_closed(SimTime at) const {
    return std::any_of(setup_.closed.begin(), setup_.closed.end(),
                       [at](const TimeSpan& span) { return span.contains(at); });
}

void GatewayLp::wake(std::uint32_t slot, engine::Context& context) {
    if (slot == kDeadlineSlot) [[unlikely]]
        return expire(context);
    do {
        look(context);
        // Requests of one instant are routed in one go.
        while (next_ && next_->arrival == context.now()) {
            ++count_;
            ++taken_;
            dispatch(*next_, context);
            take_next();
        }
    } while (next_ && context.go_on_to(next_->arrival));
    look_away();
    if (next_) context.wake_at(kArrivalSlot, next_->arrival);
}

void GatewayLp::look(engine::Context& context) {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        InstantPool* pool = routes_[i].view.instant();
        if (pool == nullptr) continue;
        looks_[i].look_through(context);
        pool->looks(context.now(), looks_[i]);
    }
}

void GatewayLp::look_away() {
    for (PoolRoute& route : routes_)
        if (InstantPool* pool = route.view.instant()) pool->looks_away();
}

void GatewayLp::dispatch(const Request& request, engine::Context& context) {
    keep_terms(context.now());
    const bool has_rules = !rules_.empty();
    if (has_rules && is_refused_at_gateway(request, context.now())) return;
    if (!send(request, choosers_[setup_.choice_of_stream.at(request.stream.index())], context)) [[unlikely]]
        hold(request, context);
}

void GatewayLp::let_in(const Request& request, SimTime now) {
    for (Admission* rule : rules_)
        rule->let_in(request, now);
}

bool GatewayLp::send(const Request& request, Chooser& chooser, engine::Context& context, bool was_held) {
    const bool is_whole = !setup_.changes || chooser.candidates.is_whole();
    if (!is_whole && chooser.candidates.available() == 0) return false;
    std::uint32_t candidate = chooser.router->choose(request, chooser.candidates);
    REGATTA_CHECK(candidate < chooser.candidates.replicas(),
                  fmt::format("a router chose replica {} of {}", candidate, chooser.candidates.replicas()));
    if (!is_whole) candidate = chooser.candidates.next_available(candidate);
    // What was let in once is not asked again when it is sent again.
    if (!rules_.empty() && request.attempt == 0) {
        if (is_refused_at_replica(request, chooser, candidate, context.now())) return true;
        if (!was_held) let_in(request, context.now());
    }
    const Candidates::Place place = chooser.candidates.place_of(candidate);
    PoolRoute& route = *chooser.routes[place.pool];
    route.view.dispatched(place.replica, request, context.now() + route.latency);
    const LpId node(route.first_node.value() + place.replica / route.replicas_per_node);
    context.send(node, route.latency, serving::kDispatchMessage, request.id.value(),
                 serving::Dispatch::of(request, route.first_slot + place.replica % route.replicas_per_node));
    return true;
}

bool GatewayLp::is_refused_at_gateway(const Request& request, SimTime now) {
    for (Admission* rule : rules_) {
        const serving::EndReason reason = rule->at_gateway(request, now);
        if (reason == serving::EndReason::None) continue;
        end(request, {.reason = reason, .at = now});
        return true;
    }
    return false;
}

/// The last word: a request that is not refused here is let in, unless it waited inside.
bool GatewayLp::is_refused_at_replica(const Request& request, const Chooser& chooser, std::uint32_t candidate,
                                      SimTime now) {
    for (Admission* rule : rules_) {
        const serving::EndReason reason = rule->at_replica(request, chooser.candidates, candidate);
        if (reason == serving::EndReason::None) continue;
        const Candidates::Place place = chooser.candidates.place_of(candidate);
        end(request, {.reason = reason, .at = now, .route = chooser.routes[place.pool], .replica = place.replica});
        return true;
    }
    return false;
}

void GatewayLp::end(const Request& request, const End& how) {
    serving::RequestRecord record;
    record.request_id = request.id.value();
    record.arrival_ns = request.arrival.ns();
    record.end_ns = how.at.ns();
    record.prompt_tokens = request.prompt_tokens;
    record.requested_output_tokens = request.output_tokens;
    record.gateway = setup_.id.value();
    record.replica = how.route == nullptr ? serving::kNoReplica : how.route->first_replica + how.replica;
    record.pool = how.route == nullptr ? serving::kNoPool : how.route->pool.value();
    record.stream = request.stream.value();
    record.state = how.state;
    record.reason = how.reason;
    record.retries = static_cast<std::uint8_t>(std::min<std::uint16_t>(request.attempt, UINT8_MAX));
    sink_->request_ended(record);
}

/// No replica takes it now.
void GatewayLp::hold(const Request& request, engine::Context& context) {
    if (!setup_.changes->waits) return end(request, {.reason = serving::EndReason::NoReplica, .at = context.now()});
    // It waits inside: what is counted of requests that come in is counted now, not when several go on at once.
    if (request.attempt == 0) let_in(request, context.now());
    const std::size_t choice = setup_.choice_of_stream.at(request.stream.index());
    choosers_[choice].held.push_back({.request = request, .since = context.now()});
    show_demand(choice, context);
    plan_deadline(context);
}

/// Sends what waits wherever somebody takes requests again.
void GatewayLp::release(engine::Context& context) {
    keep_terms(context.now());
    for (std::size_t choice = 0; choice < choosers_.size(); ++choice) {
        Chooser& chooser = choosers_[choice];
        if (chooser.held.empty() || chooser.candidates.available() == 0) continue;
        for (const HeldRequest& held : chooser.held)
            REGATTA_CHECK(send(held.request, chooser, context, true), "a request waits on though there is a replica");
        chooser.held.clear();
        show_demand(choice, context);
    }
    plan_deadline(context);
}

SimTime GatewayLp::deadline(const HeldRequest& held) const {
    return std::min(held.request.arrival + setup_.changes->timeouts.at(held.request.stream.index()),
                    held.since + setup_.changes->max_waiting);
}

void GatewayLp::plan_deadline(engine::Context& context) {
    SimTime next = SimTime::never();
    for (const Chooser& chooser : choosers_)
        for (const HeldRequest& held : chooser.held)
            next = std::min(next, deadline(held));
    context.wake_at(kDeadlineSlot, next.is_never() ? SimTime::never() : std::max(next, context.now()));
}

/// Ends those that have waited long enough.
void GatewayLp::expire(engine::Context& context) {
    const SimTime now = context.now();
    for (std::size_t choice = 0; choice < choosers_.size(); ++choice) {
        std::vector<HeldRequest>& all = choosers_[choice].held;
        const auto rest = std::stable_partition(all.begin(), all.end(),
                                                [&](const HeldRequest& held) { return deadline(held) > now; });
        for (auto held = rest; held != all.end(); ++held) {
            const SimTime given_up = held->request.arrival + setup_.changes->timeouts.at(held->request.stream.index());
            const bool is_client = given_up <= now;
            end(held->request, {.state = is_client ? serving::EndState::TimedOut : serving::EndState::Rejected,
                                .reason = is_client ? serving::EndReason::ClientGone : serving::EndReason::NoReplica,
                                .at = now});
        }
        if (rest == all.end()) continue;
        all.erase(rest, all.end());
        show_demand(choice, context);
    }
    plan_deadline(context);
}

void GatewayLp::show_demand(std::size_t choice, engine::Context& context) const {
    if (!setup_.changes->demand) return;
    context.publish(*setup_.changes->demand, static_cast<std::uint32_t>(setup_.id.index() * choosers_.size() + choice),
                    static_cast<std::uint32_t>(choosers_[choice].held.size()));
}

/// A request that was sent has been lost: to be sent again, if its client still waits.
void GatewayLp::take_back(const engine::Event& event, engine::Context& context) {
    const auto dispatch = event.payload_as<serving::Dispatch>();
    Request request = dispatch.request(RequestId(event.key), setup_.id);
    const auto route = std::find_if(routes_.begin(), routes_.end(), [&](const PoolRoute& way) {
        const std::uint32_t nodes = way.view.replicas() / way.replicas_per_node;
        return event.sender >= way.first_node && event.sender.value() < way.first_node.value() + nodes &&
               dispatch.slot >= way.first_slot && dispatch.slot < way.first_slot + way.replicas_per_node;
    });
    REGATTA_CHECK(route != routes_.end() && setup_.changes, "a gateway gets back what it did not send");
    const std::uint32_t replica = (event.sender.value() - route->first_node.value()) * route->replicas_per_node +
                                  dispatch.slot - route->first_slot;
    route->view.lost({.replica = replica, .pool = route->pool, .prompt_tokens = request.prompt_tokens});
    const End how{.state = serving::EndState::Failed,
                  .reason = serving::EndReason::ReplicaLost,
                  .at = context.now(),
                  .route = &*route,
                  .replica = replica};
    if (request.arrival + setup_.changes->timeouts.at(request.stream.index()) <= context.now()) {
        End given_up = how;
        given_up.state = serving::EndState::TimedOut;
        given_up.reason = serving::EndReason::ClientGone;
        return end(request, given_up);
    }
    if (request.attempt >= setup_.changes->most_retries) return end(request, how);
    ++request.attempt;
    keep_terms(context.now());
    look(context);
    if (!send(request, choosers_[setup_.choice_of_stream.at(request.stream.index())], context)) hold(request, context);
    look_away();
}

void GatewayLp::handle(const engine::Event& event, engine::Context& context) {
    if (event.event_class() == serving::kLostMessage) [[unlikely]]
        return take_back(event, context);
    REGATTA_CHECK(event.event_class() == serving::kCompletionMessage,
                  fmt::format("a gateway gets a message of class {}", event.event_class()));
    const auto completion = event.payload_as<serving::Completion>();
    routes_.at(completion.pool.index()).view.completed(completion);
}

void GatewayLp::board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                              engine::Context& context) {
    const BoardUse& use = setup_.boards.at(board.index());
    if (use.is_phase) {
        routes_.at(use.pool).view.told_phases(values, reported_at);
        look(context);
        release(context);
        return look_away();
    }
    routes_.at(use.pool).view.reported(use.load, values, reported_at);
}

void GatewayLp::finish(SimTime at, std::span<const engine::Event> undelivered) {
    *arrived_ += count_;
    const End unfinished{.state = serving::EndState::Unfinished, .at = at};
    for (const Chooser& chooser : choosers_)
        for (const HeldRequest& held : chooser.held)
            end(held.request, unfinished);
    for (const engine::Event& event : undelivered)
        if (event.event_class() == serving::kLostMessage)
            end(event.payload_as<serving::Dispatch>().request(RequestId(event.key), setup_.id), unfinished);
}

/// Not the next request, which is drawn again: by then it may come at another time. Of later terms than those that hold
/// there is nothing yet, so that what is saved does not depend on whether there will be any.
void GatewayLp::save(OutArchive& archive) const {
    archive << taken_ << count_ << terms_;
    for (const PoolRoute& route : routes_)
        archive << route.view;
    for (const Chooser& chooser : choosers_) {
        const std::uint64_t state = chooser.router->state();
        archive << state << chooser.held;
    }
    for (const Admission* rule : rules_)
        rule->save(archive);
}

void GatewayLp::load(InArchive& archive) {
    std::size_t terms = 0;
    archive >> taken_ >> count_ >> terms;
    REGATTA_CHECK(terms < setup_.terms.size(), fmt::format("terms {} of {}", terms, setup_.terms.size()));
    use_terms(terms);
    source_->skip(taken_);
    next_.reset();
    for (PoolRoute& route : routes_)
        archive >> route.view;
    for (Chooser& chooser : choosers_) {
        std::uint64_t state = 0;
        archive >> state >> chooser.held;
        chooser.router->restore(state);
    }
    for (Admission* rule : rules_)
        rule->load(archive);
}

}  // namespace regatta::routing
