#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "regatta/serving/load.hpp"
#include "regatta/workload/request.hpp"
#include "routing/availability.hpp"
#include "routing/load_view.hpp"
#include "serving/fleet_messages.hpp"

namespace regatta::routing {

/// The newest reports on a pool's loads, as all gateways of a rank know them; none of a load that is not reported.
using SharedReports = std::array<std::shared_ptr<SharedReport>, serving::kLoads>;

/// What one gateway knows of one pool: of each load that its policies look at, a view.
class PoolView {
public:
    struct Setup {
        std::uint32_t replicas = 1;
        std::int64_t block_tokens = 16;
        serving::LoadSet loads = {};  ///< that are looked at
        Reports reports = Reports::OnCompletion;
        SharedReports shared = {};                     ///< with Periodic
        std::shared_ptr<InstantPool> instant = {};     ///< with Instant: in common with the views of other gateways
        std::shared_ptr<Availability> available = {};  ///< where replicas come and go: likewise; null: all are there
    };
    explicit PoolView(const Setup& setup);

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }
    /// What it looks at; null where it is told.
    [[nodiscard]] InstantPool* instant() { return instant_.get(); }
    /// Null where all are, always.
    [[nodiscard]] Availability* available() { return available_.get(); }
    /// Null for a load that is not among those looked at.
    [[nodiscard]] LoadView* find(serving::Load load) {
        std::optional<LoadView>& view = views_[serving::index_of(load)];
        return view ? &*view : nullptr;
    }

    /// A request was sent to `replica` and reaches its node at `arrives_at`.
    void dispatched(std::uint32_t replica, const Request& request, SimTime arrives_at) {
        using serving::Load;
        if (auto& requests = views_[index_of(Load::Requests)]) requests->dispatched(replica, 1, arrives_at);
        if (auto& tokens = views_[index_of(Load::Tokens)])
            tokens->dispatched(replica, request.prompt_tokens, arrives_at);
        if (auto& blocks = views_[index_of(Load::KvBlocks)]) {
            const std::int64_t of_prompt = (request.prompt_tokens + block_tokens_ - 1) / block_tokens_;
            blocks->dispatched(replica, static_cast<std::uint32_t>(of_prompt), arrives_at);
        }
        if (auto& waiting = views_[index_of(Load::Waiting)]) waiting->dispatched(replica, 1, arrives_at);
    }
    /// With reports on completion: a request that this gateway dispatched has ended.
    void completed(const serving::Completion& completion) {
        using serving::Load;
        if (auto& requests = views_[index_of(Load::Requests)]) requests->completed(completion.replica, 1);
        if (auto& tokens = views_[index_of(Load::Tokens)])
            tokens->completed(completion.replica, completion.prompt_tokens);
        auto& blocks = views_[index_of(Load::KvBlocks)];
        if (blocks && completion.kv_blocks != serving::kNotTold)
            blocks->told(completion.replica, completion.kv_blocks, SimTime::from_ns(completion.at_ns));
    }
    /// A request that this gateway dispatched has been lost. Periodic reports tell that by themselves.
    void lost(const serving::Completion& completion) {
        if (reports_ == Reports::OnCompletion) completed(completion);
    }
    /// Where replicas come and go: what the board of phases shows now. For all views that share the availability.
    void told_phases(std::span<const std::uint32_t> phases, SimTime tick);
    /// With periodic reports: see LoadView.
    void reported(serving::Load load, std::span<const std::uint32_t> loads, SimTime tick);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        for (std::optional<LoadView>& view : views_)
            if (view) archive&* view;
        if (!available_) return;
        for (std::uint32_t replica = 0; replica < replicas_; ++replica) {
            bool takes_requests = available_->has(replica);
            archive& takes_requests;
            available_->set(replica, takes_requests);
        }
    }

private:
    std::uint32_t replicas_;
    std::int64_t block_tokens_;
    Reports reports_;
    std::array<std::optional<LoadView>, serving::kLoads> views_;
    std::shared_ptr<InstantPool> instant_;
    std::shared_ptr<Availability> available_;
};

}  // namespace regatta::routing
