#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"
#include "routing/level_index.hpp"
#include "routing/stamped_counts.hpp"

namespace regatta::routing {

/// How a gateway learns what replicas are doing.
enum class Reports : std::uint8_t {
    OnCompletion,  ///< each completion is told to the gateway that dispatched the request
    Periodic,      ///< all replicas' counts at a tick, told to all gateways
};

/// What one gateway knows of one pool: how many requests are outstanding at each replica, as far as it has been told.
///
/// OnCompletion: its own dispatches less the completions told to it; what other gateways dispatch it does not see.
/// Periodic: the counts of the newest report, which cover all gateways, and on top of them its own dispatches that the
/// report cannot hold yet. What other gateways dispatched since the tick, and completions since, it does not see.
class OutstandingView {
public:
    /// `replicas` > 0.
    OutstandingView(std::uint32_t replicas, Reports reports);
    OutstandingView(const OutstandingView&) = delete;  // a copy would borrow the report that the original owns
    OutstandingView& operator=(const OutstandingView&) = delete;
    OutstandingView(OutstandingView&&) noexcept = default;
    OutstandingView& operator=(OutstandingView&&) noexcept = default;
    ~OutstandingView() = default;

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }

    /// A request was sent to `replica` and reaches its node at `arrives_at`.
    void dispatched(std::uint32_t replica, SimTime arrives_at);
    /// OnCompletion only: a request that this gateway dispatched to `replica` has ended.
    void completed(std::uint32_t replica);
    /// Periodic only: all replicas' counts in the state before any event at `tick`. Ticks must rise. The memory behind
    /// `outstanding` is borrowed and must stay as it is until the next call: gateways share one report.
    void reported(std::span<const std::uint32_t> outstanding, SimTime tick);

    /// Looks at two numbers, both nearly always in cache lines of their own: in the report and in the own dispatches.
    [[nodiscard]] std::uint32_t count(std::uint32_t replica) const {
        if (reports_ == Reports::OnCompletion) return own_counts_[replica];
        return (report_.empty() ? 0 : report_[replica]) + own_unreported_.of(replica);
    }
    /// The replica with the fewest outstanding requests; of several, the first at or after `start`, wrapping round.
    /// Logarithmic in the number of replicas; the first call, and with Periodic the first after a report, is linear.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    /// Into a view made with the same arguments. A loaded view owns a copy of the newest report until the next one.
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/);

private:
    /// A request on its way, or arrived too late for the newest report.
    struct Unreported {
        SimTime arrives_at;
        std::uint32_t replica = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& arrives_at& replica;
        }
    };

    [[nodiscard]] static bool arrives_before(const Unreported& a, const Unreported& b) {
        return a.arrives_at < b.arrives_at;
    }
    void change(std::uint32_t replica, std::uint32_t before, std::uint32_t after);
    void rebuild_index();
    void recount_own_unreported();

    std::uint32_t replicas_;
    Reports reports_;
    std::vector<std::uint32_t> own_counts_;  ///< OnCompletion; else empty

    // Periodic; else empty. Memory follows what is under way: no table of gateways times replicas.
    std::span<const std::uint32_t> report_;  ///< empty before the first report, which counts as nothing outstanding
    std::vector<std::uint32_t> loaded_report_;
    SimTime tick_;
    std::vector<Unreported> unreported_;  ///< by arrival
    StampedCounts own_unreported_;        ///< `unreported_` by replica

    std::optional<LevelIndex> index_;  ///< made by the first least(): most routers never ask
    bool index_is_current_ = false;
};

template <class Archive>
void OutstandingView::serialize(Archive& archive, unsigned /*version*/) {
    std::uint32_t replicas = replicas_;
    auto reports = static_cast<std::uint8_t>(reports_);
    archive& replicas& reports;
    REGATTA_CHECK(replicas == replicas_ && reports == static_cast<std::uint8_t>(reports_),
                  "state of a view of " + std::to_string(replicas) + " replicas was loaded into one of " +
                      std::to_string(replicas_) + " replicas, or one with other reports");
    std::vector<std::uint32_t> report(report_.begin(), report_.end());
    archive& own_counts_& report& tick_& unreported_;
    if constexpr (Archive::is_loading::value) {
        loaded_report_ = std::move(report);
        report_ = loaded_report_;
        recount_own_unreported();
        index_is_current_ = false;
    }
}

}  // namespace regatta::routing
