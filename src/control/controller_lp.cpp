#include "control/controller_lp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/fleet_messages.hpp"

namespace regatta::control {

using serving::FleetCause;
using serving::FleetEvent;
using serving::Order;
using serving::Phase;

namespace {

constexpr std::uint32_t kDecideSlot = 0;
constexpr std::uint32_t kScriptSlot = 1;

}  // namespace

ControllerLp::ControllerLp(Setup setup, FleetWatch watch, std::vector<std::unique_ptr<Scaling>> scalings,
                           std::unique_ptr<Reprovisioner> reprovisioner, serving::RecordSink& sink)
    : setup_(std::move(setup)),
      watch_(std::move(watch)),
      scalings_(std::move(scalings)),
      unmet_(watch_.pools().size(), 0),
      reprovisioner_(std::move(reprovisioner)),
      sink_(&sink) {
    for (const RollingUpdate::Plan& plan : setup_.updates) {
        const ControlledPool& pool = watch_.pools().at(plan.pool);
        const std::uint32_t nodes = (pool.replicas() + pool.replicas_per_node - 1) / pool.replicas_per_node;
        REGATTA_CHECK(plan.nodes == nodes, fmt::format("an update of {} nodes of {}", plan.nodes, nodes));
        updates_.emplace_back(plan);
    }
    has_begun_.assign(updates_.size(), 0);
}

void ControllerLp::start(engine::Context& context) {
    if (!setup_.script.empty()) context.wake_at(kScriptSlot, setup_.script.front().at);
}

void ControllerLp::handle(const engine::Event& event, engine::Context& /*context*/) {
    throw BugError(fmt::format("a controller gets a message of class {}", event.event_class()));
}

void ControllerLp::board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                                 engine::Context& context) {
    const auto& use = setup_.boards.at(board.index());
    REGATTA_CHECK(use.has_value(), "a controller reads a board that is not meant for it");
    if (use->is_demand)
        watch_.told_demand(values);
    else
        watch_.told(use->pool, use->what, values, reported_at);
    // Once all boards of this instant have changed.
    context.wake_at(kDecideSlot, context.now());
}

void ControllerLp::wake(std::uint32_t slot, engine::Context& context) {
    slot == kScriptSlot ? follow_script(context) : decide(context);
}

void ControllerLp::follow_script(engine::Context& context) {
    for (; next_change_ < setup_.script.size() && setup_.script[next_change_].at == context.now(); ++next_change_) {
        const ScriptedChange& change = setup_.script[next_change_];
        for (const std::uint32_t replica : change.replicas) {
            watch_.want(change.pool, replica, change.order == Order::Install || change.order == Order::Provision);
            send(change.pool, replica, {.order = change.order, .cause = FleetCause::Script}, context);
        }
    }
    if (next_change_ < setup_.script.size()) context.wake_at(kScriptSlot, setup_.script[next_change_].at);
}

void ControllerLp::decide(engine::Context& context) {
    update_nodes(context);
    // After the last arrival a fleet that has nothing to do is left alone, so that runs end.
    if (is_closed(context.now()) && !watch_.has_work()) return;
    for (std::size_t pool = 0; pool < scalings_.size(); ++pool)
        if (scalings_[pool]) scale(pool, context);
    if (!reprovisioner_) return;
    for (std::size_t pool = 0; pool < watch_.pools().size(); ++pool)
        reprovision(pool, context);
}

bool ControllerLp::is_closed(SimTime now) const {
    return now >= setup_.until || std::any_of(setup_.closed.begin(), setup_.closed.end(),
                                              [now](const TimeSpan& span) { return span.contains(now); });
}

void ControllerLp::update_nodes(engine::Context& context) {
    for (std::size_t i = 0; i < updates_.size(); ++i) {
        RollingUpdate& update = updates_[i];
        if (context.now() < update.plan().at || update.is_done()) continue;
        std::vector<RollingUpdate::NodeState> nodes(update.plan().nodes);
        for (std::size_t pool = 0; pool < watch_.pools().size(); ++pool) {
            const ControlledPool& facts = watch_.pools()[pool];
            if (facts.host != watch_.pools()[update.plan().pool].host) continue;
            for (std::uint32_t replica = 0; replica < facts.replicas(); ++replica) {
                RollingUpdate::NodeState& node = nodes[facts.node_of(replica)];
                const Phase phase = watch_.phase(pool, replica);
                if (watch_.is_wanted(pool, replica) && phase != Phase::Ready) node.is_available = false;
                if (phase == Phase::Draining || phase == Phase::Updating || serving::is_starting(phase))
                    node.is_at_rest = false;
            }
        }
        if (has_begun_[i] == 0) {
            tell(FleetEvent::Maintenance, FleetCause::Maintenance, update.plan().pool, update.plan().nodes,
                 context.now());
            has_begun_[i] = 1;
        }
        // An order travels, and shows with the report after it.
        const SimTime seen_by = setup_.latency * 2 + setup_.period * 2;
        const ControlledPool& facts = watch_.pools()[update.plan().pool];
        for (const std::uint32_t node : update.next(nodes, context.now(), seen_by))
            send(update.plan().pool, node * facts.replicas_per_node,
                 {.duration_ns = update.plan().duration.ns(), .order = Order::Update, .cause = FleetCause::Maintenance},
                 context);
    }
}

void ControllerLp::scale(std::size_t pool, engine::Context& context) {
    const PoolState state = watch_.state_of(pool, context.now());
    const std::uint32_t wanted = scalings_[pool]->decide(state);
    unmet_[pool] = 0;
    if (wanted > state.current) {
        const std::uint32_t added = add_replicas(pool, wanted - state.current, FleetCause::Autoscaler, context);
        unmet_[pool] = wanted - state.current - added;
        if (added > 0) tell(FleetEvent::ScaleUp, FleetCause::Autoscaler, pool, added, context.now());
    } else if (wanted < state.current) {
        remove_replicas(pool, state.current - wanted, context);
        tell(FleetEvent::ScaleDown, FleetCause::Autoscaler, pool, state.current - wanted, context.now());
    }
}

/// The first that are free. How many there were.
std::uint32_t ControllerLp::add_replicas(std::size_t pool, std::uint32_t count, FleetCause cause,
                                         engine::Context& context) {
    std::uint32_t added = 0;
    for (std::uint32_t replica = 0; replica < watch_.pools()[pool].replicas() && added < count; ++replica) {
        if (!watch_.is_free(pool, replica)) continue;
        watch_.want(pool, replica, true);
        send(pool, replica, {.order = Order::Provision, .cause = cause}, context);
        ++added;
    }
    return added;
}

/// Those that do not serve yet, then those with the fewest requests; the last of equals.
void ControllerLp::remove_replicas(std::size_t pool, std::uint32_t count, engine::Context& context) {
    std::vector<std::uint32_t> replicas;
    for (std::uint32_t replica = 0; replica < watch_.pools()[pool].replicas(); ++replica)
        if (watch_.counts(pool, replica)) replicas.push_back(replica);
    const auto goes_first = [&](std::uint32_t a, std::uint32_t b) {
        const bool serves_a = watch_.phase(pool, a) == Phase::Ready;
        const bool serves_b = watch_.phase(pool, b) == Phase::Ready;
        if (serves_a != serves_b) return !serves_a;
        if (watch_.requests(pool, a) != watch_.requests(pool, b))
            return watch_.requests(pool, a) < watch_.requests(pool, b);
        return a > b;
    };
    std::sort(replicas.begin(), replicas.end(), goes_first);
    replicas.resize(std::min<std::size_t>(replicas.size(), count));
    std::sort(replicas.begin(), replicas.end());
    for (const std::uint32_t replica : replicas) {
        watch_.want(pool, replica, false);
        send(pool, replica, {.order = Order::Retire, .cause = FleetCause::Autoscaler}, context);
    }
}

std::vector<std::uint16_t> ControllerLp::helpers_of(std::size_t pool) const {
    if (pool < setup_.serves_too.size() && !setup_.serves_too[pool].empty()) return setup_.serves_too[pool];
    return {static_cast<std::uint16_t>(pool)};
}

/// As many replicas as those that wait need, not more: what is on its way counts. Free GPUs first, of all the pools
/// that may serve them, in their order; then those of others.
void ControllerLp::reprovision(std::size_t pool, engine::Context& context) {
    const std::vector<std::uint16_t> helpers = helpers_of(pool);
    std::uint32_t starting = 0;
    std::uint32_t serving = 0;
    for (const std::uint16_t helper : helpers) {
        for (std::uint32_t replica = 0; replica < watch_.pools()[helper].replicas(); ++replica) {
            if (!watch_.counts(helper, replica)) continue;
            watch_.phase(helper, replica) == Phase::Ready ? ++serving : ++starting;
        }
    }
    const double waiting = static_cast<double>(watch_.demand(pool));
    auto needed = static_cast<std::uint32_t>(std::ceil(waiting / setup_.requests_per_replica));
    needed = std::max(needed, unmet_[pool]);
    needed -= std::min(needed, starting);
    const bool is_ahead = needed == 0 && starting == 0 && reprovisioner_->is_demand_driven();
    if (is_ahead && watch_.load_of(pool) > setup_.requests_per_replica) needed = 1;
    if (needed == 0) return;
    std::uint32_t added = 0;
    for (const std::uint16_t helper : helpers)
        added += add_replicas(helper, needed - added, FleetCause::Reprovision, context);
    const double load = serving == 0 && waiting > 0 ? INFINITY : watch_.load_of(pool);
    for (const std::uint16_t helper : helpers)
        while (added < needed && make_room(helper, load, context))
            ++added;
}

bool ControllerLp::make_room(std::size_t pool, double load, engine::Context& context) {
    std::vector<Donor> donors;
    std::vector<std::uint32_t> target;
    for (std::uint32_t replica = 0; replica < watch_.pools()[pool].replicas(); ++replica) {
        if (watch_.is_wanted(pool, replica) || watch_.phase(pool, replica) != Phase::Off) continue;
        const std::vector<FleetWatch::Place> places = watch_.in_the_way(pool, replica);
        if (places.empty()) continue;
        Donor donor{.pool = static_cast<std::uint16_t>(places.front().pool),
                    .replica = places.front().replica,
                    .outstanding = 0,
                    .idle_since = SimTime(),
                    .pool_load = 0};
        bool may_go = true;
        for (const FleetWatch::Place& place : places) {
            donor.outstanding += watch_.requests(place.pool, place.replica);
            donor.idle_since = std::max(donor.idle_since, watch_.idle_since(place.pool, place.replica));
            donor.pool_load = std::max(donor.pool_load, watch_.load_of(place.pool));
            may_go &= watch_.phase(place.pool, place.replica) == Phase::Ready && watch_.demand(place.pool) == 0;
        }
        if (!may_go) continue;
        donors.push_back(donor);
        target.push_back(replica);
    }
    const auto chosen = reprovisioner_->choose(donors, load, context.now(), moves_);
    if (!chosen) return false;
    ++moves_;
    const std::uint32_t replica = target[*chosen];
    for (const FleetWatch::Place& place : watch_.in_the_way(pool, replica)) {
        watch_.want(place.pool, place.replica, false);
        send(place.pool, place.replica, {.order = Order::Retire, .cause = FleetCause::Reprovision}, context);
    }
    watch_.want(pool, replica, true);
    send(pool, replica, {.order = Order::Provision, .cause = FleetCause::Reprovision}, context);
    tell(FleetEvent::Reprovision, FleetCause::Reprovision, pool, 1, context.now(),
         watch_.pools()[pool].first_replica + replica);
    return true;
}

void ControllerLp::send(std::size_t pool, std::uint32_t replica, const serving::OrderMessage& order,
                        engine::Context& context) {
    const ControlledPool& facts = watch_.pools()[pool];
    serving::OrderMessage message = order;
    message.slot = facts.first_slot + replica % facts.replicas_per_node;
    context.send(LpId(facts.first_node.value() + facts.node_of(replica)), setup_.latency, serving::kOrderMessage,
                 orders_++, message);
}

void ControllerLp::tell(FleetEvent kind, FleetCause cause, std::size_t pool, std::int64_t amount, SimTime now,
                        std::uint32_t replica) {
    sink_->fleet_changed({.start_ns = now.ns(),
                          .end_ns = now.ns(),
                          .amount = amount,
                          .node = serving::kNoNode,
                          .replica = replica,
                          .gpu = serving::kNoGpu,
                          .pool = watch_.pools()[pool].pool.value(),
                          .kind = kind,
                          .cause = cause});
}

void ControllerLp::save(OutArchive& archive) const {
    archive << watch_ << unmet_ << updates_.size() << has_begun_ << next_change_ << orders_ << moves_;
    for (const auto& scaling : scalings_)
        if (scaling) archive << *scaling;
    for (const RollingUpdate& update : updates_)
        archive << update;
}

void ControllerLp::load(InArchive& archive) {
    std::size_t updates = 0;
    archive >> watch_ >> unmet_ >> updates >> has_begun_ >> next_change_ >> orders_ >> moves_;
    for (const auto& scaling : scalings_)
        if (scaling) archive >> *scaling;
    for (RollingUpdate& update : updates_)
        archive >> update;
}

}  // namespace regatta::control
