#include "scenario/build_fleet.hpp"

#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"
#include "routing/gateway_lp.hpp"
#include "routing/registry.hpp"
#include "scenario/build_workload.hpp"
#include "serving/node_lp.hpp"
#include "serving/replica_scheduler.hpp"

namespace regatta::scenario {

namespace {

/// Expected work of a request at its gateway and at its node, for the partition. Only the ratio counts: a node handles
/// the dispatch and a wake-up or two with their steps, a gateway the arrival and, perhaps, a completion.
constexpr double kGatewayLoad = 1;
constexpr double kNodeLoad = 3;

}  // namespace

Fleet::Fleet(const Scenario& scenario, const Registries& registries, serving::RecordSink& sink)
    : scenario_(scenario), registries_(registries), sink_(sink) {
    workload_ = make_workload(scenario, registries);
    make_stream_terms();
    add_gateways();
    for (std::size_t pool = 0; pool < scenario.pools.size(); ++pool)
        add_pool(pool);
    for (std::size_t pool = 0; pool < scenario.pools.size(); ++pool)
        join_pool(pool);
    if (scenario.series_every) model_.sample_every(*scenario.series_every, nodes_);
}

void Fleet::make_stream_terms() {
    for (const Stream& stream : scenario_.streams) {
        const auto found = std::find(classes_.begin(), classes_.end(), stream.traffic_class);
        stream_terms_.push_back({.priority = stream.priority,
                                 .service_class = static_cast<std::uint16_t>(found - classes_.begin()),
                                 .timeout = stream.timeout});
        if (found == classes_.end()) classes_.push_back(stream.traffic_class);
    }
}

/// The pool's part of all requests, by the streams' rates; a trace counts 1.
double Fleet::traffic_share(std::size_t pool) const {
    double share = 0;
    double total = 0;
    for (const Stream& stream : scenario_.streams) {
        const double rate = stream.rate_per_s > 0 ? stream.rate_per_s : 1;
        total += rate;
        if (stream.pool == pool) share += rate;
    }
    return share / total;
}

void Fleet::add_gateways() {
    gateways_ = model_.add_group({.name = "gateway",
                                  .count = scenario_.gateways.count,
                                  .load = kGatewayLoad / scenario_.gateways.count,
                                  .make = [this](std::uint32_t index, LpId) { return make_gateway(index); }});
}

void Fleet::add_pool(std::size_t index) {
    const Pool& pool = scenario_.pools[index];
    const auto* timing = registries_.timings.find(pool.timing.name);
    REGATTA_CHECK(timing != nullptr, "an unknown policy passed the checks");
    step_times_.push_back(timing->make({.gpu = pool.gpu,
                                        .model = pool.model,
                                        .tensor_parallel = pool.tensor_parallel,
                                        .weight_type = pool.weight_type,
                                        .activation_type = pool.activation_type,
                                        .kv_type = pool.kv_type},
                                       pool.timing.parameters));
    reports_.push_back(scenario_.gateways.report_every ? std::make_shared<routing::SharedReport>(pool.replicas())
                                                       : nullptr);
    const bool is_first = index == 0;
    first_node_.push_back(is_first ? 0 : first_node_.back() + scenario_.pools[index - 1].nodes);
    first_replica_.push_back(is_first ? 0 : first_replica_.back() + scenario_.pools[index - 1].replicas());
    nodes_.push_back(
        model_.add_group({.name = pool.name + " node",
                          .count = pool.nodes,
                          .load = kNodeLoad * traffic_share(index) / pool.nodes,
                          .make = [this, index](std::uint32_t node, LpId) { return make_node(index, node); }}));
}

void Fleet::join_pool(std::size_t index) {
    const Pool& pool = scenario_.pools[index];
    model_.add_link({.from = gateways_,
                     .to = nodes_[index],
                     .latency = pool.gateway_latency,
                     .carries = serving::kDispatchMessage});
    // What a gateway is told changes where its next request goes, and sends none by itself.
    model_.add_reaction(
        {.group = gateways_, .input = engine::kBoardChange, .to = nodes_[index], .least = SimTime::never()});
    model_.add_reaction(
        {.group = gateways_, .input = serving::kCompletionMessage, .to = nodes_[index], .least = SimTime::never()});
    if (!scenario_.gateways.report_every) {
        model_.add_link({.from = nodes_[index],
                         .to = gateways_,
                         .latency = pool.gateway_latency,
                         .carries = serving::kCompletionMessage});
        model_.add_reaction(
            {.group = nodes_[index], .input = serving::kDispatchMessage, .to = gateways_, .least = least_step(index)});
        return;
    }
    // Boards are numbered as the pools are: gateways and nodes count on it.
    const engine::BoardId board = model_.add_board({.from = nodes_[index],
                                                    .to = gateways_,
                                                    .period = *scenario_.gateways.report_every,
                                                    .latency = pool.gateway_latency,
                                                    .entries = pool.replicas(),
                                                    .is_published = true});
    REGATTA_CHECK(board.value() == index, "boards and pools are numbered differently");
}

/// Nothing a replica of the pool gets is answered sooner: one shortest step, in whole nanoseconds. (What is refused or
/// given up before that is told so late.)
SimTime Fleet::least_step(std::size_t pool) const {
    return SimTime::from_ns(step_times_[pool]->least_step_fine() >> timing::kFineBits);
}

std::unique_ptr<engine::LogicalProcess> Fleet::make_gateway(std::uint32_t index) {
    const auto* router = registries_.routers.find(scenario_.gateways.router.name);
    REGATTA_CHECK(router != nullptr, "an unknown policy passed the checks");
    const routing::Reports reports =
        scenario_.gateways.report_every ? routing::Reports::Periodic : routing::Reports::OnCompletion;
    std::vector<routing::PoolRoute> routes;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        const routing::RouterTarget target{.replicas = pool.replicas(),
                                           .gateway = index,
                                           .gateways = scenario_.gateways.count,
                                           .seed = scenario_.seed};
        routes.push_back({.router = router->make(target, scenario_.gateways.router.parameters),
                          .view = routing::OutstandingView(pool.replicas(), reports, reports_[i]),
                          .first_node = model_.id_of(nodes_[i], 0),
                          .replicas_per_node = pool.replicas_per_node(),
                          .latency = pool.gateway_latency});
    }
    routing::GatewayLp::Setup setup{
        .id = GatewayId(index), .pool_of_stream = {}, .arrivals_until = scenario_.duration.value_or(SimTime::never())};
    for (const Stream& stream : scenario_.streams)
        setup.pool_of_stream.push_back(stream.pool);
    return std::make_unique<routing::GatewayLp>(std::move(setup), std::move(routes),
                                                workload_->source_for(GatewayId(index)), arrived_);
}

std::unique_ptr<engine::LogicalProcess> Fleet::make_node(std::size_t pool_index, std::uint32_t index) {
    const Pool& pool = scenario_.pools[pool_index];
    const auto* scheduler = registries_.schedulers.find(pool.scheduler.name);
    REGATTA_CHECK(scheduler != nullptr, "an unknown policy passed the checks");
    const std::uint32_t first = index * pool.replicas_per_node();
    const serving::SchedulerLimits limits{.kv_blocks = pool.replica_kv_blocks,
                                          .block_tokens = pool.block_tokens,
                                          .max_context_tokens = pool.max_context_tokens,
                                          .streams = stream_terms_,
                                          .classes = classes_,
                                          .gateway_latency = pool.gateway_latency};
    std::vector<serving::Replica> replicas;
    replicas.reserve(pool.replicas_per_node());
    for (std::uint32_t slot = 0; slot < pool.replicas_per_node(); ++slot) {
        const serving::ReplicaFacts facts{.id = ReplicaId(first_replica_[pool_index] + first + slot),
                                          .node = NodeId(first_node_[pool_index] + index),
                                          .pool = PoolId(static_cast<std::uint16_t>(pool_index)),
                                          .gpus = pool.tensor_parallel,
                                          .kv_blocks = limits.kv_blocks};
        replicas.emplace_back(
            facts, scheduler->make(limits, pool.scheduler.parameters, scenario_.stepping),
            serving::Replica::Surroundings{.timing = *step_times_[pool_index], .sink = sink_, .outcome = outcome_});
    }
    const serving::NodeLp::Setup setup{.pool = PoolId(static_cast<std::uint16_t>(pool_index)),
                                       .first_in_pool = first,
                                       .tells_completions = !scenario_.gateways.report_every,
                                       .gateway_latency = pool.gateway_latency,
                                       .least_step = least_step(pool_index),
                                       .first_gateway = model_.id_of(gateways_, 0)};
    return std::make_unique<serving::NodeLp>(setup, std::move(replicas), sink_);
}

}  // namespace regatta::scenario
