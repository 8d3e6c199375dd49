#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/engine/model.hpp"
#include "regatta/scenario/registries.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "regatta/timing/step_time_model.hpp"
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
    void add_scratchpad();
    void add_choices();
    [[nodiscard]] std::vector<std::unique_ptr<routing::Admission>> make_admissions() const;
    void make_stream_terms();
    void add_gateways();
    void add_pool(std::size_t index);
    void join_pool(std::size_t index);
    void add_boards(std::size_t pool);
    [[nodiscard]] std::unique_ptr<routing::Router> make_router(std::size_t choice, std::uint32_t gateway) const;
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_gateway(std::uint32_t index);
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_node(std::size_t pool, std::uint32_t index);
    template <class AnyReplica>
    [[nodiscard]] std::unique_ptr<engine::LogicalProcess> make_node_of(std::size_t pool, std::uint32_t index);
    [[nodiscard]] SimTime least_step(std::size_t pool) const;
    [[nodiscard]] double traffic_share(std::size_t pool) const;

    const Scenario& scenario_;
    const Registries& registries_;
    serving::RecordSink& sink_;
    engine::Model model_;
    engine::GroupId gateways_;
    std::vector<engine::GroupId> nodes_;               ///< by pool
    std::vector<llm::WorkFacts> work_;                 ///< by pool
    std::vector<std::uint32_t> first_node_;            ///< by pool: NodeId of its first node
    std::vector<std::uint32_t> first_replica_;         ///< by pool: ReplicaId of its first replica
    serving::LoadSet loads_;                           ///< that gateways look at
    std::vector<std::vector<std::uint16_t>> choices_;  ///< different sets of pools that serve a stream
    std::vector<std::uint16_t> choice_of_stream_;
    std::vector<routing::BoardUse> board_uses_;    ///< by board
    std::vector<serving::LoadBoards> boards_;      ///< by pool
    std::vector<routing::SharedReports> reports_;  ///< by pool; shared with the views of this rank's gateways
    std::vector<std::shared_ptr<routing::InstantPool>> instants_;  ///< by pool, likewise; null where nodes tell
    std::vector<serving::StreamTerms> stream_terms_;               ///< by stream
    std::vector<std::string> classes_;                             ///< of the streams, without repetition
    std::unique_ptr<workload::Workload> workload_;
    serving::StepOutcome outcome_;  ///< scratch of whichever replica is being woken
    std::int64_t arrived_ = 0;
};

}  // namespace regatta::scenario
