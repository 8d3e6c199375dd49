#include "routing/gateway_lp.hpp"

#include <fmt/format.h>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/vector.hpp>
#include <utility>

#include "regatta/base/errors.hpp"
#include "serving/fleet_messages.hpp"

namespace regatta::routing {

namespace {

constexpr std::uint32_t kArrivalSlot = 0;

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
        looks_.emplace_back(route.first_node, route.replicas_per_node);
    for (Choice& choice : choices) {
        std::vector<PoolView*> views;
        std::vector<PoolRoute*> ways;
        for (const std::uint16_t pool : choice.pools) {
            ways.push_back(&routes_.at(pool));
            views.push_back(&ways.back()->view);
        }
        choosers_.push_back(
            {.router = std::move(choice.router), .candidates = Candidates(views), .routes = std::move(ways)});
    }
}

void GatewayLp::start(engine::Context& context) {
    take_next();
    if (next_) context.wake_at(kArrivalSlot, next_->arrival);
}

void GatewayLp::take_next() {
    next_ = source_->next();
    if (next_ && next_->arrival >= setup_.arrivals_until) next_.reset();
    if (next_) next_->gateway = setup_.id;
}

void GatewayLp::wake(std::uint32_t /*slot*/, engine::Context& context) {
    do {
        look(context);
        // Requests of one instant are routed in one go.
        while (next_ && next_->arrival == context.now()) {
            ++count_;
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
    const bool has_rules = !admissions_.empty();
    if (has_rules && is_refused_at_gateway(request, context.now())) return;
    Chooser& chooser = choosers_[setup_.choice_of_stream.at(request.stream.index())];
    const std::uint32_t candidate = chooser.router->choose(request, chooser.candidates);
    REGATTA_CHECK(candidate < chooser.candidates.replicas(),
                  fmt::format("a router chose replica {} of {}", candidate, chooser.candidates.replicas()));
    if (has_rules && is_refused_at_replica(request, chooser, candidate, context.now())) return;
    const Candidates::Place place = chooser.candidates.place_of(candidate);
    PoolRoute& route = *chooser.routes[place.pool];
    route.view.dispatched(place.replica, request, context.now() + route.latency);
    const LpId node(route.first_node.value() + place.replica / route.replicas_per_node);
    context.send(node, route.latency, serving::kDispatchMessage, request.id.value(),
                 serving::Dispatch::of(request, place.replica % route.replicas_per_node));
}

bool GatewayLp::is_refused_at_gateway(const Request& request, SimTime now) {
    for (const std::unique_ptr<Admission>& admission : admissions_) {
        const serving::EndReason reason = admission->at_gateway(request, now);
        if (reason == serving::EndReason::None) continue;
        turn_away(request, reason, now, nullptr, 0);
        return true;
    }
    return false;
}

/// The last word: a request that is not refused here is let in.
bool GatewayLp::is_refused_at_replica(const Request& request, const Chooser& chooser, std::uint32_t candidate,
                                      SimTime now) {
    for (const std::unique_ptr<Admission>& admission : admissions_) {
        const serving::EndReason reason = admission->at_replica(request, chooser.candidates, candidate);
        if (reason == serving::EndReason::None) continue;
        const Candidates::Place place = chooser.candidates.place_of(candidate);
        turn_away(request, reason, now, chooser.routes[place.pool], place.replica);
        return true;
    }
    for (const std::unique_ptr<Admission>& admission : admissions_)
        admission->let_in(request, now);
    return false;
}

/// `route` is null where no replica was chosen.
void GatewayLp::turn_away(const Request& request, serving::EndReason reason, SimTime now, const PoolRoute* route,
                          std::uint32_t replica) {
    serving::RequestRecord record;
    record.request_id = request.id.value();
    record.arrival_ns = request.arrival.ns();
    record.end_ns = now.ns();
    record.prompt_tokens = request.prompt_tokens;
    record.requested_output_tokens = request.output_tokens;
    record.gateway = setup_.id.value();
    record.replica = route == nullptr ? serving::kNoReplica : route->first_replica + replica;
    record.pool = route == nullptr ? serving::kNoPool : route->pool.value();
    record.stream = request.stream.value();
    record.state = serving::EndState::Rejected;
    record.reason = reason;
    sink_->request_ended(record);
}

void GatewayLp::handle(const engine::Event& event, engine::Context& /*context*/) {
    REGATTA_CHECK(event.event_class() == serving::kCompletionMessage,
                  fmt::format("a gateway gets a message of class {}", event.event_class()));
    const auto completion = event.payload_as<serving::Completion>();
    routes_.at(completion.pool.index()).view.completed(completion);
}

void GatewayLp::board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                              engine::Context& /*context*/) {
    const BoardUse& use = setup_.boards.at(board.index());
    routes_.at(use.pool).view.reported(use.load, values, reported_at);
}

void GatewayLp::finish(SimTime /*end*/, std::span<const engine::Event> /*undelivered*/) {
    *arrived_ += count_;
}

void GatewayLp::save(OutArchive& archive) const {
    const std::uint64_t position = source_->position();
    const bool has_next = next_.has_value();
    archive << position << has_next << count_;
    if (has_next) archive << *next_;
    for (const PoolRoute& route : routes_)
        archive << route.view;
    for (const Chooser& chooser : choosers_) {
        const std::uint64_t state = chooser.router->state();
        archive << state;
    }
    for (const std::unique_ptr<Admission>& admission : admissions_)
        admission->save(archive);
}

void GatewayLp::load(InArchive& archive) {
    std::uint64_t position = 0;
    bool has_next = false;
    archive >> position >> has_next >> count_;
    source_->skip(position);
    next_.reset();
    if (has_next) archive >> next_.emplace();
    for (PoolRoute& route : routes_)
        archive >> route.view;
    for (Chooser& chooser : choosers_) {
        std::uint64_t state = 0;
        archive >> state;
        chooser.router->restore(state);
    }
    for (const std::unique_ptr<Admission>& admission : admissions_)
        admission->load(archive);
}

}  // namespace regatta::routing
