#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"
#include "regatta/control/registry.hpp"
#include "scenario/build_fleet.hpp"
#include "serving/fleet_messages.hpp"

namespace regatta::scenario {

using control::Watched;

namespace {

/// Expected work of a controller next to a gateway's, for the partition.
constexpr double kControllerLoad = 0.01;
/// Boards take some time, also where gateways and nodes are one.
constexpr SimTime kLeastLatency = SimTime::from_us(1);

// Whose random numbers a part draws; see RandomPurpose::UpTime.
constexpr std::uint64_t kGpusPerNode = 1024;
constexpr std::uint64_t kNodeEntity = std::uint64_t{1} << 48;
constexpr std::uint64_t kRackEntity = std::uint64_t{2} << 48;

std::unique_ptr<control::Autoscaler> autoscaler_of(const Scenario& scenario, std::size_t pool,
                                                   const Registries& registries) {
    const PolicyChoice& policy = scenario.pools[pool].autoscale->policy;
    const auto* entry = registries.autoscalers.find(policy.name);
    REGATTA_CHECK(entry != nullptr, "an unknown policy passed the checks");
    return entry->make({.seed = scenario.seed}, policy.parameters);
}

/// Those that follow the first, where they differ. A kind of part that does not fail never does.
std::vector<serving::LaterLaw> later_laws(const std::vector<const Scenario*>& stages,
                                          std::optional<serving::FailureLaw> Failures::*law) {
    std::vector<serving::LaterLaw> later;
    std::optional<serving::FailureLaw> last = stages.front()->changes.failures.*law;
    for (const Scenario* stage : stages) {
        const std::optional<serving::FailureLaw>& own = stage->changes.failures.*law;
        if (own == last) continue;
        later.push_back({.from = stage->from, .law = own.value()});
        last = own;
    }
    return later;
}

}  // namespace

SimTime Fleet::told_after(std::size_t pool) const {
    return std::max(scenario_.pools[pool].gateway_latency, kLeastLatency);
}

void Fleet::add_changes() {
    const FleetChanges& changes = scenario_.changes;
    for (std::size_t pool = 0; pool < scenario_.pools.size(); ++pool) {
        phase_boards_[pool] = model_.add_board({.from = hosts_[host_of_[pool]].group,
                                                .to = gateways_,
                                                .period = changes.health_every,
                                                .latency = told_after(pool),
                                                .entries = scenario_.pools[pool].replicas(),
                                                .is_published = true});
        use_board(*phase_boards_[pool], {.pool = static_cast<std::uint16_t>(pool), .is_phase = true});
    }
    for (const Host& host : hosts_)
        model_.add_link({.from = host.group,
                         .to = gateways_,
                         .latency = scenario_.gateways.retry_after,
                         .carries = serving::kLostMessage});
    if (!changes.needs_controller()) return;
    const engine::GroupId controller = model_.add_group(
        {.name = "controller", .count = 1, .load = kControllerLoad, .make = [this](std::uint32_t, LpId) {
             return make_controller();
         }});
    for (const Host& host : hosts_)
        model_.add_link(
            {.from = controller, .to = host.group, .latency = changes.latency, .carries = serving::kOrderMessage});
    const auto add_board = [&](engine::GroupId from, std::uint32_t entries, bool is_published,
                               const control::ControllerLp::BoardUse& use) {
        const engine::BoardId board = model_.add_board({.from = from,
                                                        .to = controller,
                                                        .period = changes.period,
                                                        .latency = changes.latency,
                                                        .entries = entries,
                                                        .is_published = is_published});
        controller_boards_.resize(board.index() + 1);
        controller_boards_[board.index()] = use;
        return board;
    };
    for (std::size_t pool = 0; pool < scenario_.pools.size(); ++pool) {
        const control::PoolWatch watch = watch_of(pool);
        const auto add = [&](Watched what, bool is_asked_for, std::optional<engine::BoardId>& board) {
            if (!is_asked_for) return;
            board = add_board(hosts_[host_of_[pool]].group, scenario_.pools[pool].replicas(), what != Watched::KvBlocks,
                              {.pool = static_cast<std::uint16_t>(pool), .what = what});
        };
        add(Watched::Phase, true, watched_[pool].phase);
        add(Watched::Requests, watch.requests, watched_[pool].requests);
        add(Watched::KvBlocks, watch.kv_blocks, watched_[pool].kv_blocks);
        add(Watched::Ended, watch.attainment, watched_[pool].ended);
        add(Watched::Met, watch.attainment, watched_[pool].met);
    }
    if (scenario_.gateways.tell_demand)
        demand_board_ = add_board(gateways_, scenario_.gateways.count * static_cast<std::uint32_t>(choices_.size()),
                                  true, {.is_demand = true});
}

/// What the pool's policy looks at; who scales or moves replicas looks at their requests, too, to choose among them.
control::PoolWatch Fleet::watch_of(std::size_t pool) const {
    control::PoolWatch watch;
    // What later policies look at is among what the first one does.
    if (scenario_.pools[pool].autoscale) watch = autoscaler_of(*stages_.front(), pool, registries_)->looks_at();
    if (scenario_.changes.has_scaling) watch.requests = true;
    return watch;
}

std::unique_ptr<control::Scaling> Fleet::make_scaling(std::size_t pool) const {
    if (!scenario_.pools[pool].autoscale) return nullptr;
    const Autoscale* last = &*stages_.front()->pools[pool].autoscale;
    auto scaling = std::make_unique<control::Scaling>(last->limits, autoscaler_of(*stages_.front(), pool, registries_));
    for (const Scenario* stage : stages_) {
        const Autoscale& autoscale = *stage->pools[pool].autoscale;
        if (autoscale == *last) continue;
        scaling->change(stage->from, autoscale.limits, autoscaler_of(*stage, pool, registries_));
        last = &autoscale;
    }
    return scaling;
}

serving::FailureSeason Fleet::failure_season() const {
    return {.until = scenario_.duration.value_or(SimTime()), .closed = closed_spans(scenario_)};
}

std::unique_ptr<engine::LogicalProcess> Fleet::make_controller() {
    const FleetChanges& changes = scenario_.changes;
    std::vector<control::ControlledPool> pools;
    std::vector<std::unique_ptr<control::Scaling>> scalings;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        pools.push_back({.pool = PoolId(static_cast<std::uint16_t>(i)),
                         .host = static_cast<std::uint32_t>(host_of_[i]),
                         .first_node = model_.id_of(hosts_[host_of_[i]].group, 0),
                         .first_slot = first_slot(i),
                         .replicas_per_node = pool.replicas_per_group(),
                         .first_gpu = pool.first_gpu,
                         .gpus_per_replica = pool.gpus_per_replica(),
                         .first_replica = first_replica_[i],
                         .kv_blocks = static_cast<std::uint64_t>(pool.replica_kv_blocks),
                         .at_start = pool.at_start});
        scalings.push_back(make_scaling(i));
    }
    std::vector<std::uint16_t> pool_of_choice;
    std::vector<std::vector<std::uint16_t>> serves_too(scenario_.pools.size());
    for (const std::vector<std::uint16_t>& choice : choices_) {
        pool_of_choice.push_back(choice.front());
        // Two choices that begin with the same pool: one by its name, one by its model. Either may take what waits.
        if (choice.size() > serves_too[choice.front()].size()) serves_too[choice.front()] = choice;
    }
    std::unique_ptr<control::Reprovisioner> reprovisioner;
    if (changes.reprovision)
        reprovisioner = registries_.reprovisioners.find(changes.reprovision->name)
                            ->make({.seed = scenario_.seed}, changes.reprovision->parameters);
    control::ControllerLp::Setup setup{.boards = controller_boards_,
                                       .script = changes.timeline,
                                       .updates = changes.updates,
                                       .latency = changes.latency,
                                       .period = changes.period,
                                       .requests_per_replica = changes.requests_per_replica,
                                       .serves_too = std::move(serves_too),
                                       .until = scenario_.duration.value_or(SimTime::never()),
                                       .closed = closed_spans(scenario_)};
    return std::make_unique<control::ControllerLp>(std::move(setup),
                                                   control::FleetWatch(std::move(pools), std::move(pool_of_choice)),
                                                   std::move(scalings), std::move(reprovisioner), sink_);
}

serving::NodeChanges::Setup Fleet::changes_of(const Host& host, std::uint32_t index) const {
    const FleetChanges& changes = scenario_.changes;
    const Pool& first = scenario_.pools[host.pools.front()];
    SimTime told;
    serving::NodeChanges::Setup setup{.slots = {},
                                      .parts = {},
                                      .rates = first.server.rates,
                                      .host_memory_bytes = first.server.host_memory_bytes,
                                      .gpus = host.gpus,
                                      .first_node = NodeId(host.first_node + index * host.nodes_together),
                                      .seed = scenario_.seed,
                                      .failures = failure_season(),
                                      .drain_grace = {},
                                      .drain_limit = changes.drain_limit};
    for (const std::size_t pool_index : host.pools) {
        const Pool& pool = scenario_.pools[pool_index];
        told = std::max(told, told_after(pool_index));
        for (std::uint32_t slot = 0; slot < pool.replicas_per_group(); ++slot) {
            const std::uint32_t replica = index * pool.replicas_per_group() + slot;
            setup.slots.push_back({.pool = PoolId(static_cast<std::uint16_t>(pool_index)),
                                   .replica = ReplicaId(first_replica_[pool_index] + replica),
                                   .first_gpu = pool.first_gpu + slot * pool.gpus_per_replica(),
                                   .gpus = pool.gpus_per_replica(),
                                   .weight_bytes = pool.weight_bytes,
                                   .warm_up = pool.loading.warm_up,
                                   .source = pool.loading.source,
                                   .at_start = pool.at_start[replica]});
        }
    }
    // A gateway hears of it with the next report, and what it sent until then takes its way.
    setup.drain_grace = changes.health_every + told * 2 + SimTime::from_ns(1);
    add_failing_parts(host, index, setup.parts);
    return setup;
}

void Fleet::add_failing_parts(const Host& host, std::uint32_t index, std::vector<serving::FailingPart>& parts) const {
    const Failures& failures = scenario_.changes.failures;
    const Failures& first = stages_.front()->changes.failures;
    const std::vector<serving::LaterLaw> later_gpu = later_laws(stages_, &Failures::gpu);
    const std::uint32_t gpus = host.gpus / host.nodes_together;
    for (std::uint32_t member = 0; member < host.nodes_together; ++member) {
        const std::uint32_t node = index * host.nodes_together + member;  // of the host
        const std::uint64_t id = host.first_node + node;
        const serving::FailingPart whole{.kind = serving::FleetEvent::NodeDown,
                                         .first_gpu = member * gpus,
                                         .end_gpu = (member + 1) * gpus,
                                         .member = member,
                                         .entity = kNodeEntity | id,
                                         .law = first.node,
                                         .later = later_laws(stages_, &Failures::node)};
        const auto single = [&](std::uint32_t gpu) {
            serving::FailingPart part = whole;
            part.kind = serving::FleetEvent::GpuDown;
            part.first_gpu = member * gpus + gpu;
            part.end_gpu = part.first_gpu + 1;
            part.entity = id * kGpusPerNode + gpu;
            part.law = first.gpu;
            part.later = later_gpu;
            return part;
        };
        for (std::uint32_t gpu = 0; gpu < gpus && failures.gpu; ++gpu)
            parts.push_back(single(gpu));
        if (failures.node) parts.push_back(whole);
        if (failures.rack) {
            serving::FailingPart rack = whole;
            rack.kind = serving::FleetEvent::RackDown;
            rack.entity = kRackEntity | std::uint64_t{host.pools.front()} << 32 | node / failures.nodes_per_rack;
            rack.law = first.rack;
            rack.later = later_laws(stages_, &Failures::rack);
            parts.push_back(rack);
        }
        for (const Failures::Scripted& scripted : failures.script) {
            if (&hosts_[host_of_[scripted.pool]] != &host || scripted.node != node) continue;
            serving::FailingPart part = scripted.gpu ? single(*scripted.gpu) : whole;
            part.law.reset();
            part.later.clear();
            part.script = {scripted.outage};
            parts.push_back(std::move(part));
        }
    }
}

std::vector<serving::StreamTargets> Fleet::stream_targets() const {
    std::vector<serving::StreamTargets> targets;
    for (const Stream& stream : scenario_.streams)
        targets.push_back({.ttft = stream.targets.ttft.value_or(SimTime::never()),
                           .tpot = stream.targets.tpot.value_or(SimTime::never())});
    return targets;
}

routing::ComingsAndGoings Fleet::comings_and_goings() const {
    routing::ComingsAndGoings changes{.waits = scenario_.gateways.hold_unserved,
                                      .max_waiting = scenario_.gateways.max_waiting,
                                      .most_retries = scenario_.gateways.most_retries,
                                      .timeouts = {},
                                      .demand = demand_board_};
    for (const Stream& stream : scenario_.streams)
        changes.timeouts.push_back(stream.timeout);
    return changes;
}

}  // namespace regatta::scenario
