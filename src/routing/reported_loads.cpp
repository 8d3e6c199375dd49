#include "routing/reported_loads.hpp"

#include <algorithm>
#include <utility>

namespace regatta::routing {

ReportedLoads::ReportedLoads(std::uint32_t replicas, std::shared_ptr<SharedReport> shared)
    : replicas_(replicas), report_(shared ? std::move(shared) : std::make_shared<SharedReport>(replicas)) {}

void ReportedLoads::dispatched(std::uint32_t replica, std::uint32_t amount, SimTime arrives_at) {
    REGATTA_CHECK(arrives_at >= tick_, "a request dispatched after the report of " + std::to_string(tick_.ns()) +
                                           " ns arrives before it, at " + std::to_string(arrives_at.ns()) + " ns");
    const Unreported dispatch{.arrives_at = arrives_at, .replica = replica, .amount = amount};
    if (unreported_.empty() || unreported_.back().arrives_at <= arrives_at)
        unreported_.push_back(dispatch);
    else
        unreported_.insert(std::upper_bound(unreported_.begin(), unreported_.end(), dispatch, arrives_before),
                           dispatch);
    count_unreported(dispatch);
}

void ReportedLoads::reported(std::span<const std::uint32_t> loads, SimTime tick) {
    REGATTA_CHECK(tick > tick_, "the report of " + std::to_string(tick.ns()) + " ns came after that of " +
                                    std::to_string(tick_.ns()) + " ns");
    report_->tell(loads, tick);
    tick_ = tick;
    // A request that arrives at the tick is not in the report: it tells the state before any event at that time.
    unreported_.erase(unreported_.begin(), std::lower_bound(unreported_.begin(), unreported_.end(),
                                                            Unreported{.arrives_at = tick}, arrives_before));
    is_searching_ = false;
    recount_unreported();
}

std::uint32_t ReportedLoads::least(std::uint32_t start) {
    REGATTA_CHECK(report_->tick() == tick_, "a gateway that knows the report of " + std::to_string(tick_.ns()) +
                                                " ns was asked when others knew that of " +
                                                std::to_string(report_->tick().ns()) + " ns");
    if (!is_searching_) {
        search_.begin(report_->index());
        is_searching_ = true;
        recount_unreported();
    }
    return search_.least(start);
}

void ReportedLoads::count_unreported(const Unreported& dispatch) {
    std::uint32_t& own = own_unreported_[dispatch.replica];
    const std::uint32_t own_before = own;
    own = load_sum(own, dispatch.amount);
    if (is_searching_)
        search_.raise(dispatch.replica,
                      {.reported = report_->load(dispatch.replica), .own_before = own_before, .own = own});
}

/// A search that goes on must just have begun: what is counted again is raised again.
void ReportedLoads::recount_unreported() {
    own_unreported_.clear();
    for (const Unreported& dispatch : unreported_)
        count_unreported(dispatch);
}

}  // namespace regatta::routing
