#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/serving/load.hpp"
#include "regatta/serving/records.hpp"
#include "serving/fleet_messages.hpp"
#include "serving/node_changes.hpp"
#include "serving/node_state.hpp"
#include "serving/pipeline_replica.hpp"
#include "serving/replica.hpp"

namespace regatta::serving {

/// The boards on which a pool's replicas show their loads, an entry each; none: the load is not looked at. Requests and
/// tokens are published, for they change with what a node handles; of KV blocks, which change from step to step, nodes
/// are asked.
using LoadBoards = std::array<std::optional<engine::BoardId>, kLoads>;

/// What a controller looks at, of one pool; none: it does not.
struct WatchBoards {
    std::optional<engine::BoardId> phase;
    std::optional<engine::BoardId> requests;
    std::optional<engine::BoardId> kv_blocks;
    std::optional<engine::BoardId> ended;  ///< requests finished since the start, modulo 2^32
    std::optional<engine::BoardId> met;    ///< of them, within their stream's targets
};

/// The replicas of one pool on a node.
struct NodePart {
    PoolId pool;
    std::uint32_t first_slot = 0;                     ///< of the node: parts follow one another
    std::uint32_t first_in_pool = 0;                  ///< number of its first replica within the pool
    LoadBoards boards = {};                           ///< without completions: where loads are reported
    std::optional<engine::BoardId> phase_board = {};  ///< that gateways look at, where replicas come and go
    WatchBoards watched = {};
    SimTime gateway_latency;
};

/// What users are promised; never: nothing.
struct StreamTargets {
    SimTime ttft = SimTime::never();
    SimTime tpot = SimTime::never();
};

/// What a node is made with.
struct NodeSetup {
    std::vector<NodePart> parts;    ///< at least one
    bool tells_completions = true;  ///< to the gateway that dispatched
    bool tells_blocks = false;      ///< with a completion, how many KV blocks are in use
    LoadSet looked_at = {};         ///< without either: what gateways of the island look at
    SimTime least_step = {};        ///< nodes promise to answer a dispatch no sooner
    LpId first_gateway;             ///< gateways are numbered one after the other
    // Where things change.
    std::optional<NodeChanges::Setup> changes = {};
    std::function<std::unique_ptr<ReplicaScheduler>(std::uint32_t slot)> fresh_scheduler = {};
    SimTime lost_after = {};                  ///< so long after it was lost gateways notice
    std::vector<StreamTargets> targets = {};  ///< by stream, where a controller looks at them
};

/// A server with its replicas, bound to the engine: turns dispatches into Replica::receive, wake-ups into
/// Replica::wake, and what has ended into records and, where gateways are told, completions.
template <class AnyReplica>
class BasicNodeLp final : public NodeState, private NodeChanges::Host {
public:
    using Setup = NodeSetup;
    /// `sink` must outlive the process.
    BasicNodeLp(Setup setup, std::vector<AnyReplica> replicas, RecordSink& sink);

    /// One for each replica, and one for what changes.
    [[nodiscard]] std::uint32_t wake_up_slots() const override {
        return static_cast<std::uint32_t>(replicas_.size() + (changes_ ? 1 : 0));
    }
    void start(engine::Context& context) override;
    void handle(const engine::Event& event, engine::Context& context) override;
    void wake(std::uint32_t slot, engine::Context& context) override;
    void bring_up(SimTime now) override;
    [[nodiscard]] std::int64_t load_of(Load load, std::uint32_t slot) const override;
    void sample(SimTime at) override;
    void report(engine::BoardId board, SimTime at, engine::BoardWriter& writer) override;
    void prefetch(unsigned stage) const override;
    void finish(SimTime end, std::span<const engine::Event> undelivered) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;
    /// Failures may come at other times than those that were planned.
    void go_on(engine::Context& context) override { start(context); }

private:
    [[nodiscard]] Request request_of(const engine::Event& event, const Dispatch& dispatch) const;
    void show_requests(std::uint32_t slot, engine::Context& context);
    void end_timed_out(std::uint32_t slot, std::uint32_t kv_blocks, engine::Context& context);
    struct End {
        EndState state = EndState::Finished;
        EndReason reason = EndReason::None;
        SimTime at;
    };
    void record(const ServedRequest& served, const AnyReplica& replica, const End& how);
    void count_tokens(std::uint32_t slot, std::int64_t added, engine::Context& context);
    /// One that was outstanding at a replica is no longer; `kv_blocks` are in use there now.
    void left(const ServedRequest& served, std::uint32_t slot, std::uint32_t kv_blocks, engine::Context& context);
    void tell_completion(const ServedRequest& served, std::uint32_t slot, std::uint32_t kv_blocks,
                         engine::Context& context);
    [[nodiscard]] const NodePart& part_of(std::uint32_t slot) const {
        const NodePart* part = setup_.parts.data();
        if (setup_.parts.size() > 1) [[unlikely]]
            while (part != &setup_.parts.back() && (part + 1)->first_slot <= slot)
                ++part;
        return *part;
    }
    [[nodiscard]] static std::uint32_t number_in_pool(const NodePart& part, std::uint32_t slot) {
        return part.first_in_pool + slot - part.first_slot;
    }
    // Where things change.
    void change(engine::Context& context, const std::function<void()>& what);
    void watch_end(const ServedRequest& served, std::uint32_t slot, engine::Context& context);
    void send_back(const Request& request, std::uint32_t slot, engine::Context& context);
    std::int64_t lose(std::uint32_t slot, SimTime now) override;
    [[nodiscard]] std::int64_t outstanding(std::uint32_t slot) const override { return replicas_[slot].outstanding(); }
    void phase_changed(std::uint32_t slot, Phase phase) override;
    void tell(const FleetEventRecord& record) override { sink_->fleet_changed(record); }

    struct Watched {
        std::uint32_t ended = 0;
        std::uint32_t met = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& ended& met;
        }
    };

    // What each visit touches comes first: the engine calls for the first two cache lines of a process.
    std::vector<AnyReplica> replicas_;
    RecordSink* sink_;
    std::unique_ptr<NodeChanges> changes_;  ///< null where nothing does
    std::vector<Watched> watched_;          ///< by replica, where a controller looks at it
    bool shows_requests_;                   ///< on boards
    bool shows_tokens_;                     ///< on a board
    bool counts_tokens_;                    ///< because a board shows them, or gateways look at them
    bool needs_samples_;                    ///< gateways look at what changes from step to step
    std::vector<std::int64_t> tokens_;      ///< outstanding, by replica; empty where nobody counts them
    Setup setup_;
    std::vector<ReplicaSample> seen_;  ///< by replica, at `seen_at_`; a cache, no state
    SimTime seen_at_ = SimTime::never();
    engine::Context* context_ = nullptr;  ///< while something changes
};

using NodeLp = BasicNodeLp<Replica>;
using PipelineNodeLp = BasicNodeLp<PipelineReplica>;

}  // namespace regatta::serving
