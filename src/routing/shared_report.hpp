#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "regatta/base/time.hpp"
#include "routing/report_index.hpp"

namespace regatta::routing {

/// Stands for the tick of a report where none has come yet.
inline constexpr SimTime kBeforeAnyReport = SimTime::from_ns(std::numeric_limits<std::int64_t>::min());

/// The newest report on one load of the replicas of one pool, as all gateways of a rank know it: kept once, and put in
/// order once, when the first of them looks for the least loaded replica. What a gateway adds of its own lies in its
/// view. All views are told a report at the same instant, one after the other, before any of them is asked again.
class SharedReport {
public:
    /// `replicas` > 0. Before the first report there is no load anywhere.
    explicit SharedReport(std::uint32_t replicas) : replicas_(replicas) {}
    SharedReport(const SharedReport&) = delete;  // a copy would borrow what the original owns
    SharedReport& operator=(const SharedReport&) = delete;
    SharedReport(SharedReport&&) = delete;
    SharedReport& operator=(SharedReport&&) = delete;
    ~SharedReport() = default;

    [[nodiscard]] SimTime tick() const { return tick_; }
    /// By replica; empty before the first report.
    [[nodiscard]] std::span<const std::uint32_t> loads() const { return loads_; }
    [[nodiscard]] std::uint32_t load(std::uint32_t replica) const { return loads_.empty() ? 0 : loads_[replica]; }

    /// A new report, or one that another view was told just before. The memory is borrowed until the next tick.
    void tell(std::span<const std::uint32_t> loads, SimTime tick);
    /// The report that a view had when it was saved, or none (empty). Views of one pool bring the same.
    void restore(std::vector<std::uint32_t> loads, SimTime tick);

    /// Of the newest report; the first call after each is linear in the number of replicas.
    [[nodiscard]] const ReportIndex& index();
    /// How often a report was put in order.
    [[nodiscard]] std::int64_t times_indexed() const { return times_indexed_; }

private:
    std::uint32_t replicas_;
    SimTime tick_ = kBeforeAnyReport;
    std::span<const std::uint32_t> loads_;
    std::vector<std::uint32_t> restored_;  ///< empty but after restore(), until the next report
    ReportIndex index_;
    bool is_indexed_ = false;
    std::int64_t times_indexed_ = 0;
};

}  // namespace regatta::routing
