#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/controller_lp.hpp"
#include "regatta/engine/model.hpp"
#include "regatta/scenario/registries.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "routing/availability.hpp"
#include "routing/gateway_lp.hpp"
#include "scenario/scenario.hpp"
#include "serving/node_lp.hpp"
#include "workload/workload.hpp"

namespace regatta::scenario {

/// A scenario made ready to run: the engine's model, whose processes come into being on the ranks that get them.
class Fleet {
public:
    /// `scenario`, `registries` and `sink` must outlive the fleet, and the fleet the simulation.
    Fleet(const Scenario& scenario, const Registries& registries, serving::RecordSink& sink);
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    [[nodiscard]] const engine::Model& model() const { return model_; }
    /// Requests that reached gateways of this rank; complete after Simulation::finish.
    [[nodiscard]] std::int64_t arrived() const { return arrived_; }

private:
    /// Servers with the pools whose replicas are on them: one pool, or several that share them.
    struct Host {
        engine::GroupId group;
        std::vector<std::size_t> pools;
        std::uint32_t first_node = 0;      ///< NodeId of the first
        std::uint32_t count = 0;           ///< logical processes
        std::uint32_t nodes_together = 1;  ///< servers that are one process
        std::uint32_t gpus = 0;            ///< of one process
    };
    void find_hosts();
    void add_host(std::size_t host);
    void add_scratchpad();
    void add_choices();
    void add_gateway_terms();
    void make_stream_terms();
    void add_gateways();
    void add_pool(std::size_t index);
    void join_pool(std::size_t index);
    void join_host(const Host& host);
    void add_boards(std::size_t pool);
    void use_board(engine::BoardId board, const routing::BoardUse& use);
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_gateway(std::uint32_t index);
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_node(std::size_t host, std::uint32_t index);
    template <class AnyReplica>
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_node_of(const Host& host, std::uint32_t index);
    [[nodiscard]] serving::SchedulerLimits limits_of(const Pool& pool) const;
    [[nodiscard]] std::unique_ptr<serving::ReplicaScheduler> make_scheduler(const Pool& pool) const;
    [[nodiscard]] std::uint32_t first_slot(std::size_t pool) const;
    [[nodiscard]] SimTime least_step(std::size_t pool) const;
    [[nodiscard]] SimTime least_step(const Host& host) const;
    [[nodiscard]] double traffic_share(std::size_t pool) const;

    // build_control.cpp: where things change
    void add_changes();
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_controller();
    [[nodiscard]] control::PoolWatch watch_of(std::size_t pool) const;
    [[nodiscard]] std::unique_ptr<control::Scaling> make_scaling(std::size_t pool) const;
    [[nodiscard]] serving::FailureSeason failure_season() const;
    [[nodiscard]] serving::NodeChanges::Setup changes_of(const Host& host, std::uint32_t index) const;
    void add_failing_parts(const Host& host, std::uint32_t index, std::vector<serving::FailingPart>& parts) const;
    [[nodiscard]] std::vector<serving::StreamTargets> stream_targets() const;
    [[nodiscard]] routing::ComingsAndGoings comings_and_goings() const;
    [[nodiscard]] SimTime told_after(std::size_t pool) const;

    const Scenario& scenario_;
    std::vector<const Scenario*> stages_;  ///< the scenario, and before it what held before
    const Registries& registries_;
    serving::RecordSink& sink_;
    engine::Model model_;
    engine::GroupId gateways_;
    std::vector<Host> hosts_;
    std::vector<std::size_t> host_of_;                 ///< by pool
    std::vector<llm::WorkFacts> work_;                 ///< by pool
    std::vector<std::uint32_t> first_replica_;         ///< by pool: ReplicaId of its first replica
    serving::LoadSet loads_;                           ///< that gateways look at
    std::vector<std::vector<std::uint16_t>> choices_;  ///< different sets of pools that serve a stream
    std::vector<std::uint16_t> choice_of_stream_;
    std::vector<routing::GatewayTerms> gateway_terms_;
    std::vector<const Scenario*> routers_;  ///< whose routers these terms number
    struct Rule {
        const Scenario* scenario;
        const PolicyChoice* policy;
    };
    std::vector<Rule> rules_;                      ///< likewise
    std::vector<routing::BoardUse> board_uses_;    ///< by board
    std::vector<serving::LoadBoards> boards_;      ///< by pool
    std::vector<routing::SharedReports> reports_;  ///< by pool; shared with the views of this rank's gateways
    std::vector<std::shared_ptr<routing::InstantPool>> instants_;    ///< by pool, likewise; null where nodes tell
    std::vector<std::shared_ptr<routing::Availability>> available_;  ///< by pool, likewise; null where all always are
    std::vector<std::optional<engine::BoardId>> phase_boards_;       ///< by pool
    std::vector<serving::WatchBoards> watched_;                      ///< by pool
    std::optional<engine::BoardId> demand_board_;
    std::vector<std::optional<control::ControllerLp::BoardUse>> controller_boards_;  ///< by board
    std::vector<serving::StreamTerms> stream_terms_;                                 ///< by stream
    std::vector<std::string> classes_;  ///< of the streams, without repetition
    std::unique_ptr<workload::Workload> workload_;
    serving::StepOutcome outcome_;  ///< scratch of whichever replica is being woken
    std::int64_t arrived_ = 0;
};

}  // namespace regatta::scenario
