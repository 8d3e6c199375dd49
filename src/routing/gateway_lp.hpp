#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "regatta/base/time_span.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/routing/admission.hpp"
#include "regatta/routing/candidates.hpp"
#include "regatta/routing/router.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/workload/request.hpp"
#include "routing/node_look.hpp"
#include "routing/pool_view.hpp"
#include "workload/request_source.hpp"

namespace regatta::routing {

/// One gateway's way to one pool, and what it knows of it.
struct PoolRoute {
    PoolView view;
    LpId first_node;
    std::uint32_t replicas_per_node = 1;
    std::uint32_t first_slot = 0;  ///< of the pool's replicas on a node
    SimTime latency;               ///< to the pool's nodes
    PoolId pool = PoolId(0);
    std::uint32_t first_replica = 0;  ///< ReplicaId of the pool's first
};

/// Who chooses among the replicas of these pools, in this order. Streams that go to the same pools have one in common.
struct Choice {
    std::vector<std::uint16_t> pools;
    std::vector<std::unique_ptr<Router>> routers;  ///< see GatewayTerms::router
};

/// By what a gateway works, from an instant on.
struct GatewayTerms {
    SimTime from;
    std::uint32_t router = 0;                    ///< of each choice's
    std::vector<std::uint32_t> admissions = {};  ///< of the gateway's: the rules that must all let a request in
};

/// What a board shows.
struct BoardUse {
    std::uint16_t pool = 0;
    serving::Load load = serving::Load::Requests;
    bool is_phase = false;  ///< where replicas are in their lives, and no load
};

/// What a gateway does where replicas come and go.
struct ComingsAndGoings {
    bool waits = true;                           ///< a request that no replica takes; else it is rejected
    SimTime max_waiting = SimTime::never();      ///< for a replica; then it is rejected
    std::uint32_t most_retries = 0;              ///< of a request that was lost
    std::vector<SimTime> timeouts = {};          ///< of clients, by stream
    std::optional<engine::BoardId> demand = {};  ///< shows a controller how many requests wait, by gateway and choice
};

/// A front door bound to the engine: draws its arrivals one after the other, has each routed, sends it off, and keeps
/// its view by what it is told.
class GatewayLp final : public engine::LogicalProcess {
public:
    struct Setup {
        GatewayId id;
        std::vector<std::uint16_t> choice_of_stream;
        std::vector<BoardUse> boards = {};          ///< by number
        SimTime arrivals_until = SimTime::never();  ///< requests from here on do not arrive
        std::vector<TimeSpan> closed = {};          ///< nor those in between, by time
        /// By time; each holds to the next. None: the first router of each choice and all rules, always.
        std::vector<GatewayTerms> terms = {};
        std::optional<ComingsAndGoings> changes = {};
    };
    /// What happens here is told to others: how many requests arrived, when it finishes, and the records of those that
    /// it turned away. Both must outlive it.
    struct Surroundings {
        serving::RecordSink& sink;
        std::int64_t& arrived;
    };
    /// Route i leads to PoolId(i). A router or rule that is named by several terms in turn keeps its state.
    GatewayLp(Setup setup, std::vector<PoolRoute> routes, std::vector<Choice> choices,
              std::vector<std::unique_ptr<Admission>> admissions, std::unique_ptr<workload::RequestSource> source,
              const Surroundings& surroundings);

    /// Arrivals, and where replicas come and go those that wait for one.
    [[nodiscard]] std::uint32_t wake_up_slots() const override { return setup_.changes ? 2 : 1; }
    void start(engine::Context& context) override;
    void handle(const engine::Event& event, engine::Context& context) override;
    void wake(std::uint32_t slot, engine::Context& context) override;
    void board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                       engine::Context& context) override;
    void finish(SimTime end, std::span<const engine::Event> undelivered) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;
    void go_on(engine::Context& context) override;

private:
    /// Waits for a replica.
    struct HeldRequest {
        Request request;
        SimTime since;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& request& since;
        }
    };
    struct Chooser {
        std::vector<std::unique_ptr<Router>> routers;
        Router* router = nullptr;  ///< that the terms name
        Candidates candidates;
        std::vector<PoolRoute*> routes;      ///< to the candidates' pools
        std::vector<HeldRequest> held = {};  ///< in the order in which they came
    };
    void take_next();
    [[nodiscard]] bool is_closed(SimTime at) const;
    /// Works by the terms of this instant from here on.
    void keep_terms(SimTime now) {
        if (now >= next_terms_) [[unlikely]]
            turn_to(now);
    }
    void turn_to(SimTime now);
    void use_terms(std::size_t number);
    void look(engine::Context& context);
    void look_away();
    void dispatch(const Request& request, engine::Context& context);
    /// To one of the replicas that are available; false: there is none.
    [[nodiscard]] bool send(const Request& request, Chooser& chooser, engine::Context& context, bool was_held = false);
    void let_in(const Request& request, SimTime now);
    void hold(const Request& request, engine::Context& context);
    void release(engine::Context& context);
    void expire(engine::Context& context);
    [[nodiscard]] SimTime deadline(const HeldRequest& held) const;
    void plan_deadline(engine::Context& context);
    void show_demand(std::size_t choice, engine::Context& context) const;
    void take_back(const engine::Event& event, engine::Context& context);
    [[nodiscard]] bool is_refused_at_gateway(const Request& request, SimTime now);
    [[nodiscard]] bool is_refused_at_replica(const Request& request, const Chooser& chooser, std::uint32_t candidate,
                                             SimTime now);
    struct End {
        serving::EndState state = serving::EndState::Rejected;
        serving::EndReason reason = serving::EndReason::None;
        SimTime at;
        const PoolRoute* route = nullptr;  ///< null where no replica was chosen
        std::uint32_t replica = 0;
    };
    void end(const Request& request, const End& how);

    Setup setup_;
    std::vector<PoolRoute> routes_;  ///< by pool; never grows, for choosers point into it
    std::vector<NodeLook> looks_;    ///< by pool; used where the route's view is one of the instant
    std::vector<Chooser> choosers_;
    std::vector<std::unique_ptr<Admission>> admissions_;
    std::vector<Admission*> rules_;  ///< of them, those that the terms name
    std::size_t terms_ = 0;          ///< number of those that hold
    SimTime next_terms_ = SimTime::never();
    std::unique_ptr<workload::RequestSource> source_;
    std::optional<Request> next_;  ///< drawn, not yet arrived
    std::int64_t count_ = 0;       ///< requests arrived
    std::uint64_t taken_ = 0;      ///< requests of the source that have arrived, or never will
    serving::RecordSink* sink_;
    std::int64_t* arrived_;
};

}  // namespace regatta::routing
