#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"
#include "routing/least_over_report.hpp"
#include "routing/level_index.hpp"
#include "routing/shared_report.hpp"
#include "routing/stamped_table.hpp"

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
    /// `replicas` > 0. A Periodic view without a shared report has one of its own. The shared report belongs to the
    /// views of a pool on a rank and to who made them, in common: it goes with the last of them.
    OutstandingView(std::uint32_t replicas, Reports reports, std::shared_ptr<SharedReport> shared = nullptr);
    OutstandingView(const OutstandingView&) = delete;  // two gateways never have dispatched the same
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

    /// Looks at two numbers at most, the report's and the own one.
    [[nodiscard]] std::uint32_t count(std::uint32_t replica) const {
        if (reports_ == Reports::OnCompletion) return own_counts_[replica];
        return report_->count(replica) + own_unreported_.of(replica);
    }
    /// The replica with the fewest outstanding requests; of several, the first at or after `start`, wrapping round.
    /// Logarithmic in the number of replicas. Linear is only the first call, and with Periodic the first after a report
    /// of any of the views that share it.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    /// Into a view made with the same arguments.
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
    void make_index();
    void count_unreported(std::uint32_t replica);
    void recount_unreported();

    std::uint32_t replicas_;
    Reports reports_;

    // OnCompletion; else empty.
    std::vector<std::uint32_t> own_counts_;
    std::optional<LevelIndex> index_;  ///< made by the first least(): most routers never ask

    // Periodic; else empty. Memory follows what is under way: no table of gateways times replicas.
    std::shared_ptr<SharedReport> report_;
    SimTime tick_ = kBeforeAnyReport;     ///< of the newest report that this view was told
    std::vector<Unreported> unreported_;  ///< by arrival
    StampedTable own_unreported_;         ///< how many of `unreported_`, by replica
    LeastOverReport search_;
    bool is_searching_ = false;  ///< from the first least() after a report until the next report
};

template <class Archive>
void OutstandingView::serialize(Archive& archive, unsigned /*version*/) {
    std::uint32_t replicas = replicas_;
    auto reports = static_cast<std::uint8_t>(reports_);
    archive& replicas& reports;
    REGATTA_CHECK(replicas == replicas_ && reports == static_cast<std::uint8_t>(reports_),
                  "state of a view of " + std::to_string(replicas) + " replicas was loaded into one of " +
                      std::to_string(replicas_) + " replicas, or one with other reports");
    std::vector<std::uint32_t> report;
    if (report_) report.assign(report_->outstanding().begin(), report_->outstanding().end());
    archive& own_counts_& report& tick_& unreported_;
    if constexpr (Archive::is_loading::value) {
        if (report_) report_->restore(std::move(report), tick_);
        is_searching_ = false;
        recount_unreported();
        index_.reset();
    }
}

}  // namespace regatta::routing
