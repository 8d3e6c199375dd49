#include "scenario/build_fleet.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "control/scratchpad_lp.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "scenario/build_workload.hpp"
#include "scenario/gateway_policies.hpp"
#include "scenario/scratchpad_scenario.hpp"

namespace regatta::scenario {

namespace {

/// Expected work of a request at its gateway and at its node, for the partition. Only the ratio counts: a node handles
/// the dispatch and a wake-up or two with their steps, a gateway the arrival and, perhaps, a completion.
constexpr double kGatewayLoad = 1;
constexpr double kNodeLoad = 3;

}  // namespace

Fleet::Fleet(const Scenario& scenario, const Registries& registries, serving::RecordSink& sink)
    : scenario_(scenario), stages_(stages_of(scenario)), registries_(registries), sink_(sink) {
    if (scenario.scratchpad != nullptr) {
        add_scratchpad();
        return;
    }
    workload_ = make_workload(scenario, registries);
    add_choices();
    add_gateway_terms();
    make_stream_terms();
    add_gateways();
    find_hosts();
    for (std::size_t pool = 0; pool < scenario.pools.size(); ++pool)
        add_pool(pool);
    for (std::size_t host = 0; host < hosts_.size(); ++host)
        add_host(host);
    for (std::size_t pool = 0; pool < scenario.pools.size(); ++pool)
        join_pool(pool);
    for (const Host& host : hosts_)
        join_host(host);
    if (scenario.changes.is_any) add_changes();
    std::vector<engine::GroupId> sampled;
    for (const Host& host : hosts_)
        sampled.push_back(host.group);
    if (scenario.series_every) model_.sample_every(*scenario.series_every, std::move(sampled));
}

void Fleet::find_hosts() {
    std::map<std::uint32_t, std::size_t> shared;  // by servers
    std::uint32_t next_node = 0;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        const auto known = pool.servers ? shared.find(*pool.servers) : shared.end();
        host_of_.push_back(known == shared.end() ? hosts_.size() : known->second);
        if (known != shared.end()) {
            hosts_[known->second].pools.push_back(i);
            continue;
        }
        if (pool.servers) shared[*pool.servers] = hosts_.size();
        hosts_.push_back({.group = engine::GroupId(),
                          .pools = {i},
                          .first_node = next_node,
                          .count = pool.node_groups(),
                          .nodes_together = pool.nodes_together(),
                          .gpus = pool.servers ? scenario_.servers[*pool.servers].gpus_each()
                                               : pool.gpus_per_node * pool.nodes_together()});
        next_node += pool.nodes;
    }
}

void Fleet::add_host(std::size_t index) {
    Host& host = hosts_[index];
    double share = 0;
    for (const std::size_t pool : host.pools)
        share += traffic_share(pool);
    const Pool& first = scenario_.pools[host.pools.front()];
    host.group =
        model_.add_group({.name = (first.servers ? scenario_.servers[*first.servers].name : first.name) + " node",
                          .count = host.count,
                          .load = kNodeLoad * share / host.count,
                          .make = [this, index](std::uint32_t node, LpId) { return make_node(index, node); }});
}

/// One process, for all that happens there happens without latency.
void Fleet::add_scratchpad() {
    const ScratchpadScenario& scratchpad = *scenario_.scratchpad;
    const engine::GroupId group = model_.add_group(
        {.name = "scratchpad fleet", .count = 1, .load = 1, .make = [this, &scratchpad](std::uint32_t, LpId) {
             control::ScratchpadRecording recording{
                 .until = scenario_.ends_at_duration ? scenario_.duration.value() : SimTime::never(),
                 .series_every = scenario_.series_every,
                 .has_node_series = scenario_.has_node_series,
                 .steps_of = scenario_.steps.replicas,
                 .steps_from = scenario_.steps.from,
                 .steps_to = scenario_.steps.to,
                 .steps_sample = serving::StepSample(scenario_.steps.sample),
                 .parts = [this](std::uint16_t kind, bool is_prefill, std::int64_t tokens, std::int64_t sequences) {
                     const timing::PrefillChunk prompt{.tokens = tokens};
                     const std::span<const timing::PrefillChunk> prompts(&prompt, is_prefill ? 1 : 0);
                     return scenario_.pools[kind].step_time->parts(
                         {.decodes = is_prefill ? 0 : sequences,
                          .decode_context_tokens = is_prefill ? 0 : tokens * sequences,
                          .prefills = prompts});
                 }};
             control::ScratchpadLp::Setup setup{scratchpad.fleet, scratchpad.requests, scratchpad.draws,
                                                std::move(recording)};
             return std::make_unique<control::ScratchpadLp>(std::move(setup), sink_, arrived_);
         }});
    if (scenario_.series_every) model_.sample_every(*scenario_.series_every, {group});
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
        share += rate * share_of(scenario_, stream, pool);
    }
    return share / total;
}

void Fleet::add_choices() {
    for (const Stream& stream : scenario_.streams) {
        const auto known = std::find(choices_.begin(), choices_.end(), stream.pools);
        choice_of_stream_.push_back(static_cast<std::uint16_t>(known - choices_.begin()));
        if (known == choices_.end()) choices_.push_back(stream.pools);
    }
    // What later policies look at is among it.
    loads_ = loads_looked_at(*stages_.front(), registries_);
}

/// Each router and each rule once, and again where it comes back after others. A rule that stays keeps what it knows.
void Fleet::add_gateway_terms() {
    for (const Scenario* stage : stages_) {
        const Gateways& gateways = stage->gateways;
        routing::GatewayTerms terms{.from = stage->from};
        if (routers_.empty() || routers_.back()->gateways.router != gateways.router) routers_.push_back(stage);
        terms.router = static_cast<std::uint32_t>(routers_.size() - 1);
        std::vector<std::uint32_t> before;
        if (!gateway_terms_.empty()) before = gateway_terms_.back().admissions;
        for (const PolicyChoice& policy : gateways.admissions) {
            const auto stays = std::find_if(before.begin(), before.end(),
                                            [&](std::uint32_t rule) { return *rules_[rule].policy == policy; });
            if (stays == before.end()) {
                terms.admissions.push_back(static_cast<std::uint32_t>(rules_.size()));
                rules_.push_back({.scenario = stage, .policy = &policy});
                continue;
            }
            terms.admissions.push_back(*stays);
            before.erase(stays);
        }
        const bool is_new = gateway_terms_.empty() || gateway_terms_.back().router != terms.router ||
                            gateway_terms_.back().admissions != terms.admissions;
        if (is_new) gateway_terms_.push_back(std::move(terms));
    }
}

void Fleet::add_gateways() {
    gateways_ = model_.add_group({.name = "gateway",
                                  .count = scenario_.gateways.count,
                                  .load = kGatewayLoad / scenario_.gateways.count,
                                  .make = [this](std::uint32_t index, LpId) { return make_gateway(index); }});
}

void Fleet::add_pool(std::size_t index) {
    const Pool& pool = scenario_.pools[index];
    REGATTA_CHECK(pool.step_time != nullptr, "a pool without step times passed the checks");
    work_.push_back(pool.work());
    boards_.emplace_back();
    reports_.emplace_back();
    instants_.push_back(scenario_.gateways.see_instant ? std::make_shared<routing::InstantPool>() : nullptr);
    const bool is_first = index == 0;
    first_replica_.push_back(is_first ? 0 : first_replica_.back() + scenario_.pools[index - 1].replicas());
    phase_boards_.emplace_back();
    watched_.emplace_back();
    std::vector<bool> takes_requests;
    for (const serving::Phase phase : pool.at_start)
        takes_requests.push_back(phase == serving::Phase::Ready);
    available_.push_back(scenario_.changes.is_any ? std::make_shared<routing::Availability>(takes_requests) : nullptr);
}

void Fleet::join_pool(std::size_t index) {
    const Pool& pool = scenario_.pools[index];
    const engine::GroupId nodes = hosts_[host_of_[index]].group;
    model_.add_link(
        {.from = gateways_, .to = nodes, .latency = pool.gateway_latency, .carries = serving::kDispatchMessage});
    if (scenario_.gateways.see_instant) return;
    if (scenario_.gateways.report_every)
        add_boards(index);
    else
        model_.add_link(
            {.from = nodes, .to = gateways_, .latency = pool.gateway_latency, .carries = serving::kCompletionMessage});
}

void Fleet::join_host(const Host& host) {
    // What a gateway is told of loads changes where its next request goes, and sends none by itself; where replicas
    // come and go it may send those that waited for one.
    if (!scenario_.changes.is_any)
        model_.add_reaction(
            {.group = gateways_, .input = engine::kBoardChange, .to = host.group, .least = SimTime::never()});
    model_.add_reaction(
        {.group = gateways_, .input = serving::kCompletionMessage, .to = host.group, .least = SimTime::never()});
    if (!scenario_.gateways.see_instant && !scenario_.gateways.report_every)
        model_.add_reaction(
            {.group = host.group, .input = serving::kDispatchMessage, .to = gateways_, .least = least_step(host)});
}

/// One for each load that gateways look at.
void Fleet::add_boards(std::size_t pool) {
    for (const serving::Load load : serving::kToldLoads) {
        if (!loads_.has(load)) continue;
        const std::uint32_t replicas = scenario_.pools[pool].replicas();
        const engine::BoardId board = model_.add_board({.from = hosts_[host_of_[pool]].group,
                                                        .to = gateways_,
                                                        .period = *scenario_.gateways.report_every,
                                                        .latency = scenario_.pools[pool].gateway_latency,
                                                        .entries = replicas,
                                                        .is_published = load != serving::Load::KvBlocks});
        boards_[pool][index_of(load)] = board;
        use_board(board, {.pool = static_cast<std::uint16_t>(pool), .load = load});
        reports_[pool][index_of(load)] = std::make_shared<routing::SharedReport>(replicas);
    }
}

void Fleet::use_board(engine::BoardId board, const routing::BoardUse& use) {
    board_uses_.resize(std::max(board_uses_.size(), board.index() + 1));
    board_uses_[board.index()] = use;
}

SimTime Fleet::least_step(const Host& host) const {
    SimTime least = SimTime::never();
    for (const std::size_t pool : host.pools)
        least = std::min(least, least_step(pool));
    return least;
}

/// Nothing a replica of the pool gets is answered sooner: one shortest step, in whole nanoseconds. (What is refused or
/// given up before that is told so late.)
SimTime Fleet::least_step(std::size_t pool) const {
    return SimTime::from_ns(scenario_.pools[pool].step_time->least_step_fine() >> timing::kFineBits);
}

std::unique_ptr<engine::LogicalProcess> Fleet::make_gateway(std::uint32_t index) {
    routing::Reports reports = routing::Reports::OnCompletion;
    if (scenario_.gateways.report_every) reports = routing::Reports::Periodic;
    if (scenario_.gateways.see_instant) reports = routing::Reports::Instant;
    std::vector<routing::PoolRoute> routes;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        routes.push_back({.view = routing::PoolView({.replicas = pool.replicas(),
                                                     .block_tokens = pool.block_tokens,
                                                     .loads = loads_,
                                                     .reports = reports,
                                                     .shared = reports_[i],
                                                     .instant = instants_[i],
                                                     .available = available_[i]}),
                          .first_node = model_.id_of(hosts_[host_of_[i]].group, 0),
                          .replicas_per_node = pool.replicas_per_group(),
                          .first_slot = first_slot(i),
                          .latency = pool.gateway_latency,
                          .pool = PoolId(static_cast<std::uint16_t>(i)),
                          .first_replica = first_replica_[i]});
    }
    std::vector<routing::Choice> choices;
    for (const std::vector<std::uint16_t>& pools : choices_) {
        routing::Choice& choice = choices.emplace_back(routing::Choice{.pools = pools, .routers = {}});
        for (const Scenario* stage : routers_)
            choice.routers.push_back(make_router(*stage, registries_, pools, index));
    }
    std::vector<std::unique_ptr<routing::Admission>> rules;
    for (const Rule& rule : rules_)
        rules.push_back(make_admission(*rule.scenario, registries_, *rule.policy));
    routing::GatewayLp::Setup setup{.id = GatewayId(index),
                                    .choice_of_stream = choice_of_stream_,
                                    .boards = board_uses_,
                                    .arrivals_until = scenario_.duration.value_or(SimTime::never()),
                                    .closed = closed_spans(scenario_),
                                    .terms = gateway_terms_};
    if (scenario_.changes.is_any) setup.changes = comings_and_goings();
    return std::make_unique<routing::GatewayLp>(std::move(setup), std::move(routes), std::move(choices),
                                                std::move(rules), workload_->source_for(GatewayId(index)),
                                                routing::GatewayLp::Surroundings{.sink = sink_, .arrived = arrived_});
}

/// The number of the pool's first replica on each of its nodes.
std::uint32_t Fleet::first_slot(std::size_t pool) const {
    std::uint32_t slot = 0;
    for (const std::size_t other : hosts_[host_of_[pool]].pools) {
        if (other == pool) break;
        slot += scenario_.pools[other].replicas_per_group();
    }
    return slot;
}

std::unique_ptr<engine::LogicalProcess> Fleet::make_node(std::size_t index, std::uint32_t node) {
    const Host& host = hosts_[index];
    if (scenario_.pools[host.pools.front()].pipeline_parallel > 1)
        return make_node_of<serving::PipelineReplica>(host, node);
    return make_node_of<serving::Replica>(host, node);
}

serving::SchedulerLimits Fleet::limits_of(const Pool& pool) const {
    return {.kv_blocks = pool.replica_kv_blocks,
            .block_tokens = pool.block_tokens,
            .max_context_tokens = pool.max_context_tokens,
            .streams = stream_terms_,
            .classes = classes_,
            .gateway_latency = pool.gateway_latency,
            .pipeline_stages = pool.pipeline_parallel,
            .planned_sequences = pool.planned_sequences,
            .speculation = pool.proposals(),
            .is_like_vidur = scenario_.compat == Compat::Vidur};
}

std::unique_ptr<serving::ReplicaScheduler> Fleet::make_scheduler(const Pool& pool) const {
    const auto* scheduler = registries_.schedulers.find(pool.scheduler.name);
    REGATTA_CHECK(scheduler != nullptr, "an unknown policy passed the checks");
    return scheduler->make(limits_of(pool), pool.scheduler.parameters, scenario_.stepping);
}

template <class AnyReplica>
std::unique_ptr<engine::LogicalProcess> Fleet::make_node_of(const Host& host, std::uint32_t index) {
    std::vector<AnyReplica> replicas;
    serving::NodeSetup setup{.parts = {},
                             .tells_completions = !scenario_.gateways.report_every && !scenario_.gateways.see_instant,
                             .tells_blocks = loads_.has(serving::Load::KvBlocks),
                             .looked_at = scenario_.gateways.see_instant ? loads_ : serving::LoadSet(),
                             .least_step = least_step(host),
                             .first_gateway = model_.id_of(gateways_, 0)};
    std::vector<const Pool*> pool_of_slot;
    for (const std::size_t pool_index : host.pools) {
        const Pool& pool = scenario_.pools[pool_index];
        const std::uint32_t first = index * pool.replicas_per_group();
        setup.parts.push_back({.pool = PoolId(static_cast<std::uint16_t>(pool_index)),
                               .first_slot = first_slot(pool_index),
                               .first_in_pool = first,
                               .boards = boards_[pool_index],
                               .phase_board = phase_boards_[pool_index],
                               .watched = watched_[pool_index],
                               .gateway_latency = pool.gateway_latency});
        replicas.reserve(replicas.size() + pool.replicas_per_group());
        for (std::uint32_t slot = 0; slot < pool.replicas_per_group(); ++slot) {
            const bool is_recorded = first + slot < scenario_.steps.replicas;
            const serving::ReplicaFacts facts{.id = ReplicaId(first_replica_[pool_index] + first + slot),
                                              .node = NodeId(host.first_node + index * host.nodes_together),
                                              .pool = PoolId(static_cast<std::uint16_t>(pool_index)),
                                              .gpus = pool.gpus_per_replica(),
                                              .kv_blocks = pool.replica_kv_blocks,
                                              .stages = pool.pipeline_parallel,
                                              .max_queue = pool.max_queue.value_or(INT64_MAX),
                                              .record_from = is_recorded ? scenario_.steps.from : SimTime::never(),
                                              .record_to = scenario_.steps.to,
                                              .record_sample = serving::StepSample(scenario_.steps.sample)};
            pool_of_slot.push_back(&pool);
            replicas.emplace_back(
                facts, make_scheduler(pool),
                serving::Replica::Surroundings{
                    .timing = *pool.step_time, .sink = sink_, .outcome = outcome_, .work = work_[pool_index]});
        }
    }
    if (scenario_.changes.is_any) {
        setup.changes = changes_of(host, index);
        setup.fresh_scheduler = [this, pool_of_slot](std::uint32_t slot) {
            return make_scheduler(*pool_of_slot[slot]);
        };
        // Nodes promise not to answer sooner than a shortest step.
        setup.lost_after = scenario_.gateways.retry_after + setup.least_step;
        setup.targets = stream_targets();
    }
    return std::make_unique<serving::BasicNodeLp<AnyReplica>>(std::move(setup), std::move(replicas), sink_);
}

}  // namespace regatta::scenario
