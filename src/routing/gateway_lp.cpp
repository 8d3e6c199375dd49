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

GatewayLp::GatewayLp(Setup setup, std::vector<PoolRoute> routes, std::unique_ptr<workload::RequestSource> source,
                     std::int64_t& arrived)
    : setup_(std::move(setup)), routes_(std::move(routes)), source_(std::move(source)), arrived_(&arrived) {}

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
        // Requests of one instant are routed in one go.
        while (next_ && next_->arrival == context.now()) {
            ++count_;
            dispatch(*next_, context);
            take_next();
        }
    } while (next_ && context.go_on_to(next_->arrival));
    if (next_) context.wake_at(kArrivalSlot, next_->arrival);
}

void GatewayLp::dispatch(const Request& request, engine::Context& context) {
    PoolRoute& route = routes_[setup_.pool_of_stream.at(request.stream.index())];
    const std::uint32_t replica = route.router->choose(request.id, route.view);
    route.view.dispatched(replica, context.now() + route.latency);
    const LpId node(route.first_node.value() + replica / route.replicas_per_node);
    context.send(node, route.latency, serving::kDispatchMessage, request.id.value(),
                 serving::Dispatch::of(request, replica % route.replicas_per_node));
}

void GatewayLp::handle(const engine::Event& event, engine::Context& /*context*/) {
    REGATTA_CHECK(event.event_class() == serving::kCompletionMessage,
                  fmt::format("a gateway gets a message of class {}", event.event_class()));
    const auto completion = event.payload_as<serving::Completion>();
    routes_.at(completion.pool.index()).view.completed(completion.replica);
}

void GatewayLp::board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                              engine::Context& /*context*/) {
    routes_.at(board.index()).view.reported(values, reported_at);  // boards are numbered as the pools are
}

void GatewayLp::finish(SimTime /*end*/, std::span<const engine::Event> /*undelivered*/) {
    *arrived_ += count_;
}

void GatewayLp::save(OutArchive& archive) const {
    const std::uint64_t position = source_->position();
    const bool has_next = next_.has_value();
    archive << position << has_next << count_;
    if (has_next) archive << *next_;
    for (const PoolRoute& route : routes_) {
        const std::uint64_t state = route.router->state();
        archive << state << route.view;
    }
}

void GatewayLp::load(InArchive& archive) {
    std::uint64_t position = 0;
    bool has_next = false;
    archive >> position >> has_next >> count_;
    source_->skip(position);
    next_.reset();
    if (has_next) archive >> next_.emplace();
    for (PoolRoute& route : routes_) {
        std::uint64_t state = 0;
        archive >> state >> route.view;
        route.router->restore(state);
    }
}

}  // namespace regatta::routing
