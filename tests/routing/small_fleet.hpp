// Gateways and nodes on the engine, one rank, without files.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/controller_lp.hpp"
#include "known_fleet.hpp"
#include "recording_sink.hpp"
#include "regatta/engine/model.hpp"
#include "regatta/routing/admission_registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "routing/gateway_lp.hpp"
#include "serving/node_lp.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"
#include "workload/request_source.hpp"

namespace regatta::routing {

using serving::EndState;
using serving::request;

inline SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

/// Requests as typed.
class ListedRequests final : public workload::RequestSource {
public:
    explicit ListedRequests(std::vector<Request> requests) : requests_(std::move(requests)) {}
    [[nodiscard]] std::optional<Request> next() override {
        return position_ < requests_.size() ? std::optional(requests_[position_++]) : std::nullopt;
    }
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    void skip(std::uint64_t position) override { position_ = position; }

private:
    std::vector<Request> requests_;
    std::uint64_t position_ = 0;
};

/// What a gateway knew when it had to choose.
struct Seen {
    std::uint32_t gateway = 0;
    std::uint64_t request = 0;
    std::vector<std::uint32_t> counts;
    friend bool operator==(const Seen&, const Seen&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    out << "gateway " << seen.gateway << ", request " << seen.request << ":";
    for (const std::uint32_t count : seen.counts)
        out << ' ' << count;
    return out;
}

/// Sends request i to replica i mod 10, and notes the view.
class NotingRouter final : public Router {
public:
    NotingRouter(std::uint32_t gateway, serving::Load load, std::vector<Seen>& seen)
        : gateway_(gateway), load_(load), seen_(&seen) {}
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override {
        Seen seen{.gateway = gateway_, .request = request.id.value(), .counts = {}};
        for (std::uint32_t replica = 0; replica < candidates.replicas(); ++replica)
            seen.counts.push_back(static_cast<std::uint32_t>(candidates.load(load_, replica)));
        seen_->push_back(std::move(seen));
        return static_cast<std::uint32_t>(request.id.value() % 10);
    }
    [[nodiscard]] serving::LoadSet looks_at() const override { return {load_}; }

private:
    std::uint32_t gateway_;
    serving::Load load_;
    std::vector<Seen>* seen_;
};

/// What comes and goes in a small fleet. Gateways hear who takes requests every 1000 ns, 500 ns late; of what was lost
/// 700 ns later. Weights take 300 ns from the disk and 100 ns from the host, warming up 200 ns. A controller, 600 ns
/// away, looks every 2000 ns.
struct Changes {
    std::vector<bool> at_start = {true, true, true, true};                  ///< by replica, over both pools
    std::map<std::uint32_t, std::vector<serving::FailingPart>> parts = {};  ///< by node; a replica has one GPU
    bool waits = true;
    SimTime max_waiting = SimTime::never();
    SimTime timeout = SimTime::never();  ///< of clients
    std::uint32_t most_retries = 3;
    SimTime drain_limit = SimTime::never();
    std::vector<control::ScriptedChange> script = {};
    std::vector<control::RollingUpdate::Plan> updates = {};
    std::function<std::unique_ptr<control::Scaling>(std::uint32_t pool)> scaling = {};
};

/// Two nodes with two replicas each, 500 ns away; steps take 100 ns whatever they compute. One pool, or two of which
/// the second is 800 ns away and counts half. With `is_near` nodes and gateways are one island: nothing takes time
/// between them, and gateways look at replicas themselves.
struct FleetSetup {
    std::vector<std::vector<Request>> requests;  ///< by gateway
    std::optional<RouterCase> router = {};       ///< none: NotingRouter
    serving::Load noted = serving::Load::Requests;
    std::uint32_t pools = 1;
    std::optional<SimTime> report_every = {};
    bool is_near = false;
    SimTime until = SimTime::never();
    std::optional<SimTime> arrivals_until = {};
    std::optional<SimTime> move_at = {};  ///< the state leaves the simulation here and goes on in another
    std::int64_t kv_blocks = 100;
    std::int64_t max_queue = INT64_MAX;
    std::vector<std::pair<std::string, Parameters>> admissions = {};
    serving::Stepping stepping = serving::Stepping::Lazy;
    std::optional<Changes> changes = {};
};

class SmallFleet {
public:
    explicit SmallFleet(const FleetSetup& setup) : setup_(setup) {
        if (setup.changes) terms_ = {{.timeout = setup.changes->timeout}};
        const auto gateways = static_cast<std::uint32_t>(setup.requests.size());
        gateways_ = model_.add_group({.name = "gateway", .count = gateways, .make = [this](std::uint32_t index, LpId) {
                                          return make_gateway(index);
                                      }});
        for (std::uint32_t pool = 0; pool < setup.pools; ++pool)
            nodes_.push_back(model_.add_group(
                {.name = "node", .count = 2 / setup.pools, .make = [this, pool](std::uint32_t index, LpId) {
                     return make_node(pool, index);
                 }}));
        loads_ = make_router_for(0)->looks_at();
        for (const auto& admission : make_admissions())
            loads_ |= admission->looks_at();
        for (std::uint32_t pool = 0; pool < setup.pools; ++pool)
            join(pool);
        if (setup.changes) add_changes();
        run();
    }

    serving::RecordingSink sink;
    std::vector<Seen> seen;
    std::int64_t arrived = 0;

private:
    void run();

    [[nodiscard]] SimTime latency_to(std::uint32_t pool) const {
        return setup_.is_near ? SimTime() : ns(500 + 300 * std::int64_t{pool});
    }
    [[nodiscard]] Reports reports() const {
        if (setup_.is_near) return Reports::Instant;
        return setup_.report_every ? Reports::Periodic : Reports::OnCompletion;
    }
    [[nodiscard]] std::uint32_t replicas_of_a_pool() const { return 4 / setup_.pools; }

    void join(std::uint32_t pool) {
        model_.add_link({gateways_, nodes_[pool], latency_to(pool)});
        boards_.emplace_back();
        instants_.push_back(std::make_shared<InstantPool>());
        if (reports() == Reports::OnCompletion) model_.add_link({nodes_[pool], gateways_, latency_to(pool)});
        for (const serving::Load load : serving::kToldLoads) {
            if (!setup_.report_every || !loads_.has(load)) continue;
            boards_[pool][index_of(load)] =
                model_.add_board({nodes_[pool], gateways_, *setup_.report_every, latency_to(pool), replicas_of_a_pool(),
                                  load != serving::Load::KvBlocks});
            board_uses_.push_back({.pool = static_cast<std::uint16_t>(pool), .load = load});
        }
    }

    void add_changes() {
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool) {
            phase_boards_.push_back(
                model_.add_board({nodes_[pool], gateways_, ns(1000), ns(500), replicas_of_a_pool(), true}));
            use_board(phase_boards_[pool], {.pool = static_cast<std::uint16_t>(pool), .is_phase = true});
            model_.add_link({nodes_[pool], gateways_, ns(700), serving::kLostMessage});
            std::vector<bool> takes_requests;
            for (std::uint32_t replica = 0; replica < replicas_of_a_pool(); ++replica)
                takes_requests.push_back(setup_.changes->at_start[pool * replicas_of_a_pool() + replica]);
            available_.push_back(std::make_shared<Availability>(takes_requests));
        }
        watched_.resize(setup_.pools);
        if (!has_controller()) return;
        const engine::GroupId controller = model_.add_group(
            {.name = "controller", .count = 1, .make = [this](std::uint32_t, LpId) { return make_controller(); }});
        const auto watch = [&](std::uint32_t pool, control::Watched what) {
            const engine::BoardId board =
                model_.add_board({nodes_[pool], controller, ns(2000), ns(600), replicas_of_a_pool(), true});
            controller_boards_.resize(board.index() + 1);
            controller_boards_[board.index()] = {.pool = static_cast<std::uint16_t>(pool), .what = what};
            return board;
        };
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool) {
            model_.add_link({controller, nodes_[pool], ns(600), serving::kOrderMessage});
            watched_[pool].phase = watch(pool, control::Watched::Phase);
            watched_[pool].requests = watch(pool, control::Watched::Requests);
        }
        demand_board_ = model_.add_board(
            {gateways_, controller, ns(2000), ns(600), static_cast<std::uint32_t>(setup_.requests.size()), true});
        controller_boards_.resize(demand_board_->index() + 1);
        controller_boards_[demand_board_->index()] = {.is_demand = true};
    }

    [[nodiscard]] bool has_controller() const {
        const Changes& changes = *setup_.changes;
        return !changes.script.empty() || !changes.updates.empty() || changes.scaling;
    }

    void use_board(engine::BoardId board, const BoardUse& use) {
        board_uses_.resize(std::max<std::size_t>(board_uses_.size(), board.index() + 1));
        board_uses_[board.index()] = use;
    }

    [[nodiscard]] serving::Phase at_start(std::uint32_t replica) const {
        return setup_.changes->at_start[replica] ? serving::Phase::Ready : serving::Phase::Off;
    }

    std::unique_ptr<engine::LogicalProcess> make_controller() {
        std::vector<control::ControlledPool> pools;
        std::vector<std::unique_ptr<control::Scaling>> scalings;
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool) {
            control::ControlledPool& facts = pools.emplace_back();
            facts.pool = PoolId(static_cast<std::uint16_t>(pool));
            facts.host = pool;
            facts.first_node = model_.id_of(nodes_[pool], 0);
            facts.replicas_per_node = 2;
            facts.first_replica = 2 * pool;
            facts.kv_blocks = static_cast<std::uint64_t>(setup_.kv_blocks);
            for (std::uint32_t replica = 0; replica < replicas_of_a_pool(); ++replica)
                facts.at_start.push_back(at_start(pool * replicas_of_a_pool() + replica));
            scalings.push_back(setup_.changes->scaling ? setup_.changes->scaling(pool) : nullptr);
        }
        control::ControllerLp::Setup setup{.boards = controller_boards_,
                                           .script = setup_.changes->script,
                                           .updates = setup_.changes->updates,
                                           .latency = ns(600),
                                           .period = ns(2000),
                                           .until = setup_.arrivals_until.value_or(SimTime())};
        return std::make_unique<control::ControllerLp>(std::move(setup), control::FleetWatch(std::move(pools), {0}),
                                                       std::move(scalings), nullptr, sink);
    }

    [[nodiscard]] serving::NodeChanges::Setup changes_of(std::uint32_t node) const {
        const Changes& changes = *setup_.changes;
        serving::NodeChanges::Setup setup{
            .slots = {},
            .parts = {},
            .rates = {.disk_bytes_per_s = 1e9, .network_bytes_per_s = 1e9, .host_link_bytes_per_s = 3e9},
            .host_memory_bytes = 1000,
            .gpus = 2,
            .first_node = NodeId(node),
            .seed = 3,
            .failures = {.until = ns(50'000)},
            .drain_grace = ns(1000 + 2 * 800 + 1),
            .drain_limit = changes.drain_limit};
        for (std::uint32_t slot = 0; slot < 2; ++slot)
            setup.slots.push_back({.pool = PoolId(static_cast<std::uint16_t>(setup_.pools == 2 ? node : 0)),
                                   .replica = ReplicaId(2 * node + slot),
                                   .first_gpu = slot,
                                   .gpus = 1,
                                   .weight_bytes = 300,
                                   .warm_up = ns(200),
                                   .at_start = at_start(2 * node + slot)});
        const auto parts = changes.parts.find(node);
        if (parts != changes.parts.end()) setup.parts = parts->second;
        return setup;
    }

    [[nodiscard]] std::unique_ptr<Router> make_router_for(std::uint32_t gateway) {
        if (!setup_.router) return std::make_unique<NotingRouter>(gateway, setup_.noted, seen);
        RouterTarget target{
            .pools = {}, .gateway = gateway, .gateways = static_cast<std::uint32_t>(setup_.requests.size()), .seed = 3};
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool)
            target.pools.push_back({.replicas = replicas_of_a_pool(),
                                    .weight = pool == 0 ? 1'000'000U : 500'000U,
                                    .kv_blocks = static_cast<std::uint64_t>(setup_.kv_blocks)});
        return make_router(*setup_.router, target);
    }

    [[nodiscard]] std::vector<std::unique_ptr<Admission>> make_admissions() const {
        const AdmissionRegistry registry = built_in_admissions();
        std::vector<std::unique_ptr<Admission>> result;
        for (const auto& [name, parameters] : setup_.admissions)
            result.push_back(registry.find(name)->make(
                {.class_of_stream = {"chat"}, .gateways = static_cast<std::uint32_t>(setup_.requests.size())},
                parameters));
        return result;
    }

    std::unique_ptr<engine::LogicalProcess> make_gateway(std::uint32_t index) {
        std::vector<PoolRoute> routes;
        std::vector<Choice> choices(1);
        for (std::uint32_t pool = 0; pool < setup_.pools; ++pool) {
            routes.push_back({.view = PoolView({.replicas = replicas_of_a_pool(),
                                                .block_tokens = 4,
                                                .loads = loads_,
                                                .reports = reports(),
                                                .instant = instants_[pool],
                                                .available = setup_.changes ? available_[pool] : nullptr}),
                              .first_node = model_.id_of(nodes_[pool], 0),
                              .replicas_per_node = 2,
                              .latency = latency_to(pool),
                              .pool = PoolId(static_cast<std::uint16_t>(pool)),
                              .first_replica = 2 * pool});
            choices[0].pools.push_back(static_cast<std::uint16_t>(pool));
        }
        choices[0].routers.push_back(make_router_for(index));
        std::optional<ComingsAndGoings> changes;
        if (setup_.changes)
            changes = {.waits = setup_.changes->waits,
                       .max_waiting = setup_.changes->max_waiting,
                       .most_retries = setup_.changes->most_retries,
                       .timeouts = {setup_.changes->timeout},
                       .demand = demand_board_};
        return std::make_unique<GatewayLp>(
            GatewayLp::Setup{.id = GatewayId(index),
                             .choice_of_stream = {0},
                             .boards = board_uses_,
                             .arrivals_until = setup_.arrivals_until.value_or(SimTime::never()),
                             .changes = changes},
            std::move(routes), std::move(choices), make_admissions(),
            std::make_unique<ListedRequests>(setup_.requests[index]),
            GatewayLp::Surroundings{.sink = sink, .arrived = arrived});
    }

    std::unique_ptr<engine::LogicalProcess> make_node(std::uint32_t pool, std::uint32_t index) {
        const std::uint32_t node = pool + index;
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{16});
        parameters.set("max_running", std::int64_t{4});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        const auto make_scheduler = [this, parameters] {
            const serving::SchedulerLimits limits{
                .kv_blocks = setup_.kv_blocks, .block_tokens = 4, .max_context_tokens = 200, .streams = terms_};
            return make_vllm_v1(limits, parameters, setup_.stepping);
        };
        std::vector<serving::Replica> replicas;
        for (std::uint32_t slot = 0; slot < 2; ++slot) {
            const serving::ReplicaFacts facts{.id = ReplicaId(2 * node + slot),
                                              .node = NodeId(node),
                                              .pool = PoolId(static_cast<std::uint16_t>(pool)),
                                              .kv_blocks = setup_.kv_blocks,
                                              .max_queue = setup_.max_queue};
            replicas.emplace_back(facts, make_scheduler(), serving::Replica::Surroundings{timing_, sink, outcome_});
        }
        serving::NodeLp::Setup setup{.parts = {{.pool = PoolId(static_cast<std::uint16_t>(pool)),
                                                .first_in_pool = 2 * index,
                                                .boards = boards_[pool],
                                                .gateway_latency = latency_to(pool)}},
                                     .tells_completions = reports() == Reports::OnCompletion,
                                     .tells_blocks = loads_.has(serving::Load::KvBlocks),
                                     .looked_at = setup_.is_near ? loads_ : serving::LoadSet(),
                                     .first_gateway = model_.id_of(gateways_, 0)};
        if (setup_.changes) {
            setup.parts[0].phase_board = phase_boards_[pool];
            setup.parts[0].watched = watched_[pool];
            setup.changes = changes_of(node);
            setup.fresh_scheduler = [make_scheduler](std::uint32_t) { return make_scheduler(); };
            setup.lost_after = ns(700);
        }
        return std::make_unique<serving::NodeLp>(std::move(setup), std::move(replicas), sink);
    }

    FleetSetup setup_;
    std::vector<serving::StreamTerms> terms_;
    timing::LinearStepTime timing_{{.step_ns = 100}};
    serving::StepOutcome outcome_;
    engine::Model model_;
    engine::GroupId gateways_;
    std::vector<engine::GroupId> nodes_;  ///< by pool
    serving::LoadSet loads_;
    std::vector<serving::LoadBoards> boards_;  ///< by pool
    std::vector<BoardUse> board_uses_;
    std::vector<std::shared_ptr<InstantPool>> instants_;  ///< by pool
    // Where there are changes.
    std::vector<engine::BoardId> phase_boards_;             ///< by pool
    std::vector<std::shared_ptr<Availability>> available_;  ///< by pool
    std::vector<serving::WatchBoards> watched_;             ///< by pool
    std::vector<std::optional<control::ControllerLp::BoardUse>> controller_boards_;
    std::optional<engine::BoardId> demand_board_;
};

inline Parameters parameters(const std::vector<std::pair<std::string, Parameters::Value>>& given) {
    Parameters result;
    for (const auto& [key, value] : given)
        result.set(key, value);
    return result;
}

}  // namespace regatta::routing
