#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "control/fleet_watch.hpp"
#include "control/rolling_update.hpp"
#include "control/scaling.hpp"
#include "regatta/base/time_span.hpp"
#include "regatta/control/reprovisioner.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/serving/records.hpp"
#include "serving/node_changes.hpp"

namespace regatta::control {

/// What the user's script does to replicas.
struct ScriptedChange {
    SimTime at;
    std::uint16_t pool = 0;
    std::vector<std::uint32_t> replicas;  ///< of the pool
    serving::Order order = serving::Order::Install;
};

/// The control plane: scripted changes, rolling updates, autoscaling and re-provisioning. It sees the fleet through
/// boards, which nodes and gateways report to every so often, decides when they have changed, and sends orders that
/// take their time to the nodes. What replicas do about them is the nodes' business (serving/node_changes.hpp).
class ControllerLp final : public engine::LogicalProcess {
public:
    struct BoardUse {
        std::uint16_t pool = 0;
        Watched what = Watched::Phase;
        bool is_demand = false;  ///< of the gateways
    };
    struct Setup {
        std::vector<std::optional<BoardUse>> boards;  ///< by number
        std::vector<ScriptedChange> script;           ///< by time
        std::vector<RollingUpdate::Plan> updates;
        SimTime latency;                  ///< to nodes
        SimTime period;                   ///< of boards
        double requests_per_replica = 1;  ///< waiting ones that a re-provisioned replica is expected to take
        /// By pool, where its demand is that of several: those that may serve it, rising. Empty or none: it alone.
        std::vector<std::vector<std::uint16_t>> serves_too = {};
        SimTime until;                      ///< requests arrive before; later it only acts on work that is left
        std::vector<TimeSpan> closed = {};  ///< likewise in between
    };
    /// `scalings` by pool, null where the number of replicas is not its business; no `reprovisioner`: replicas never
    /// move. `sink` must outlive the process.
    ControllerLp(Setup setup, FleetWatch watch, std::vector<std::unique_ptr<Scaling>> scalings,
                 std::unique_ptr<Reprovisioner> reprovisioner, serving::RecordSink& sink);

    /// Decisions, and the script.
    [[nodiscard]] std::uint32_t wake_up_slots() const override { return 2; }
    void start(engine::Context& context) override;
    void handle(const engine::Event& event, engine::Context& context) override;
    void wake(std::uint32_t slot, engine::Context& context) override;
    void board_changed(engine::BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                       engine::Context& context) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    [[nodiscard]] bool is_closed(SimTime now) const;
    void follow_script(engine::Context& context);
    void decide(engine::Context& context);
    void update_nodes(engine::Context& context);
    void scale(std::size_t pool, engine::Context& context);
    std::uint32_t add_replicas(std::size_t pool, std::uint32_t count, serving::FleetCause cause,
                               engine::Context& context);
    void remove_replicas(std::size_t pool, std::uint32_t count, engine::Context& context);
    void reprovision(std::size_t pool, engine::Context& context);
    /// Who may serve what waits for the pool.
    [[nodiscard]] std::vector<std::uint16_t> helpers_of(std::size_t pool) const;
    [[nodiscard]] bool make_room(std::size_t pool, double load, engine::Context& context);
    void send(std::size_t pool, std::uint32_t replica, const serving::OrderMessage& order, engine::Context& context);
    void tell(serving::FleetEvent kind, serving::FleetCause cause, std::size_t pool, std::int64_t amount, SimTime now,
              std::uint32_t replica = serving::kNoReplica);

    Setup setup_;
    FleetWatch watch_;
    std::vector<std::unique_ptr<Scaling>> scalings_;
    std::vector<std::uint32_t> unmet_;  ///< by pool: replicas that scaling wants and has no room for
    std::unique_ptr<Reprovisioner> reprovisioner_;
    std::vector<RollingUpdate> updates_;
    std::vector<std::uint8_t> has_begun_;  ///< by update
    std::size_t next_change_ = 0;          ///< of the script
    std::uint64_t orders_ = 0;             ///< sent so far
    std::uint64_t moves_ = 0;              ///< of re-provisioning
    serving::RecordSink* sink_;
};

}  // namespace regatta::control
