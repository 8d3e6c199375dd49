#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"
#include "routing/least_over_report.hpp"
#include "routing/shared_report.hpp"
#include "routing/stamped_table.hpp"

namespace regatta::routing {

/// One load of a pool's replicas as periodic reports tell it, and on top one gateway's own dispatches that the newest
/// report cannot hold yet. Memory follows what is under way: no table of gateways times replicas.
class ReportedLoads {
public:
    /// The shared report belongs to the views of a pool on a rank and to who made them, in common: it goes with the
    /// last of them. Without one it has one of its own.
    ReportedLoads(std::uint32_t replicas, std::shared_ptr<SharedReport> shared);

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }
    /// Looks at two numbers at most, the report's and the own one.
    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const {
        return load_sum(report_->load(replica), own_unreported_.of(replica));
    }
    /// `amount` > 0 is added to `replica` at `arrives_at`.
    void dispatched(std::uint32_t replica, std::uint32_t amount, SimTime arrives_at);
    /// All replicas' loads in the state before any event at `tick`. Ticks must rise. The memory behind `loads` is
    /// borrowed and must stay as it is until the next call: gateways share one report.
    void reported(std::span<const std::uint32_t> loads, SimTime tick);
    /// Linear only in the first call after a report of any of the views that share it.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        std::vector<std::uint32_t> report(report_->loads().begin(), report_->loads().end());
        archive& report& tick_& unreported_;
        if constexpr (Archive::is_loading::value) {
            report_->restore(std::move(report), tick_);
            is_searching_ = false;
            recount_unreported();
        }
    }

private:
    /// A request on its way, or arrived too late for the newest report.
    struct Unreported {
        SimTime arrives_at;
        std::uint32_t replica = 0;
        std::uint32_t amount = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& arrives_at& replica& amount;
        }
    };

    [[nodiscard]] static bool arrives_before(const Unreported& a, const Unreported& b) {
        return a.arrives_at < b.arrives_at;
    }
    void count_unreported(const Unreported& dispatch);
    void recount_unreported();

    std::uint32_t replicas_;
    std::shared_ptr<SharedReport> report_;
    SimTime tick_ = kBeforeAnyReport;     ///< of the newest report that this view was told
    std::vector<Unreported> unreported_;  ///< by arrival
    StampedTable own_unreported_;         ///< sum of `unreported_`, by replica
    LeastOverReport search_;
    bool is_searching_ = false;  ///< from the first least() after a report until the next report
};

}  // namespace regatta::routing
