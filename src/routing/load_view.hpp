#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/load.hpp"
#include "routing/availability.hpp"
#include "routing/instant_loads.hpp"
#include "routing/least_tree.hpp"
#include "routing/own_requests.hpp"
#include "routing/own_tokens.hpp"
#include "routing/reported_loads.hpp"
#include "routing/told_blocks.hpp"

namespace regatta::routing {

/// How a gateway learns what replicas are doing.
enum class Reports : std::uint8_t {
    OnCompletion,  ///< each completion is told to the gateway that dispatched the request
    Periodic,      ///< all replicas' loads at a tick, told to all gateways
    Instant,       ///< nobody tells: gateways of the same island look at the replicas
};

/// What one gateway knows of one load of one pool's replicas, as far as it has been told.
///
/// OnCompletion: its own dispatches less the completions told to it; of KV blocks, what its last completion at a
/// replica told, and its own dispatches since. What other gateways dispatch it does not see. Periodic: the newest
/// report, which covers all gateways, and on top of it its own dispatches that the report cannot hold yet. What other
/// gateways dispatched since the tick, and completions since, it does not see. Instant: the replicas themselves, before
/// anything that happens at the instant, and on top of that what gateways have dispatched within it.
class LoadView {
public:
    /// `replicas` > 0. A shared report is for Periodic views; one without has one of its own. Instant views need the
    /// pool that they look at, and are the only ones that can know how many requests wait.
    LoadView(serving::Load load, std::uint32_t replicas, Reports reports,
             std::shared_ptr<SharedReport> shared = nullptr, std::shared_ptr<InstantPool> instant = nullptr);
    LoadView(const LoadView&) = delete;  // two gateways never have dispatched the same
    LoadView& operator=(const LoadView&) = delete;
    LoadView(LoadView&&) noexcept = default;
    LoadView& operator=(LoadView&&) noexcept = default;
    ~LoadView() = default;

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }

    /// A request that adds `amount` > 0 of the load was sent to `replica` < replicas() and reaches its node at
    /// `arrives_at`.
    void dispatched(std::uint32_t replica, std::uint32_t amount, SimTime arrives_at) {
        add(replica, amount, arrives_at);
        if (available_) [[unlikely]]
            rank(replica);
    }
    /// OnCompletion, of requests and tokens: a request that had added `amount` at `replica` has ended.
    void completed(std::uint32_t replica, std::uint32_t amount) {
        REGATTA_CHECK(replica < replicas_, "replica " + std::to_string(replica) + " of " + std::to_string(replicas_) +
                                               " completed a request");
        subtract(replica, amount);
        if (available_) [[unlikely]]
            rank(replica);
    }
    /// OnCompletion, of KV blocks: so many were in use at `at`, before anything that arrived then.
    void told(std::uint32_t replica, std::uint32_t blocks, SimTime at);
    /// Periodic only: see ReportedLoads.
    void reported(std::span<const std::uint32_t> loads, SimTime tick);

    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const {
        if (const auto* reported = std::get_if<ReportedLoads>(&known_)) return reported->load(replica);
        if (const auto* requests = std::get_if<OwnRequests>(&known_)) return requests->load(replica);
        if (const auto* tokens = std::get_if<OwnTokens>(&known_)) return tokens->load(replica);
        if (const auto* instant = std::get_if<InstantLoads>(&known_)) return instant->load(replica);
        return std::get<ToldBlocks>(known_).load(replica);
    }
    /// From now on least() chooses among the available replicas only, of which there must be one. Those that share it
    /// must not outlive it.
    void choose_among(const Availability& available) { available_ = &available; }
    /// The replica with the least load; of several, the first at or after `start`, wrapping round. Logarithmic in the
    /// number of replicas. Linear is, while some are not available, the first call after that has changed or a report.
    /// Otherwise linear is only the first call, and with Periodic the first after a report of any of the views that
    /// share it.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    /// Into a view made with the same arguments.
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        std::uint32_t replicas = replicas_;
        auto kind = static_cast<std::uint32_t>(known_.index());
        archive& replicas& kind;
        REGATTA_CHECK(replicas == replicas_ && kind == known_.index(),
                      "state of a view of " + std::to_string(replicas) + " replicas was loaded into one of " +
                          std::to_string(replicas_) + " replicas, or one with other reports");
        std::visit([&archive](auto& known) { archive& known; }, known_);
        if constexpr (Archive::is_loading::value) ranked_.reset();
    }

private:
    using Known = std::variant<OwnRequests, OwnTokens, ToldBlocks, ReportedLoads, InstantLoads>;
    [[nodiscard]] static Known known_at_first(serving::Load load, std::uint32_t replicas, Reports reports,
                                              std::shared_ptr<SharedReport> shared,
                                              std::shared_ptr<InstantPool> instant);

    void add(std::uint32_t replica, std::uint32_t amount, SimTime arrives_at) {
        // Written out for speed: this is called for every request, and mostly for one of the first two.
        if (auto* reported = std::get_if<ReportedLoads>(&known_))
            return reported->dispatched(replica, amount, arrives_at);
        if (auto* requests = std::get_if<OwnRequests>(&known_)) return requests->dispatched(replica);
        if (auto* tokens = std::get_if<OwnTokens>(&known_)) return tokens->dispatched(replica, amount);
        if (auto* instant = std::get_if<InstantLoads>(&known_)) return instant->dispatched(replica, amount);
        std::get<ToldBlocks>(known_).dispatched(replica, amount, arrives_at);
    }
    void subtract(std::uint32_t replica, std::uint32_t amount) {
        if (auto* requests = std::get_if<OwnRequests>(&known_)) return requests->completed(replica);
        auto* tokens = std::get_if<OwnTokens>(&known_);
        REGATTA_CHECK(tokens != nullptr, "a completion was told to a view that does not live on completions");
        tokens->completed(replica, amount);
    }
    [[nodiscard]] std::uint32_t least_available(std::uint32_t start);
    void rank(std::uint32_t replica);

    std::uint32_t replicas_;
    Known known_;
    const Availability* available_ = nullptr;  ///< null: all are, always
    std::optional<LeastTree> ranked_;          ///< of available replicas, made when it is needed
    std::uint64_t ranked_version_ = 0;         ///< of `available_` then
};

}  // namespace regatta::routing
