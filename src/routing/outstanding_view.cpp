#include "routing/outstanding_view.hpp"

#include <algorithm>
#include <utility>

namespace regatta::routing {

OutstandingView::OutstandingView(std::uint32_t replicas, Reports reports, std::shared_ptr<SharedReport> shared)
    : replicas_(replicas), reports_(reports), report_(std::move(shared)) {
    REGATTA_CHECK(replicas > 0, "a pool without replicas has no view");
    if (reports == Reports::OnCompletion)
        own_counts_.resize(replicas, 0);
    else if (!report_)
        report_ = std::make_shared<SharedReport>(replicas);
}

void OutstandingView::dispatched(std::uint32_t replica, SimTime arrives_at) {
    REGATTA_CHECK(replica < replicas_,
                  "replica " + std::to_string(replica) + " of " + std::to_string(replicas_) + " was dispatched to");
    if (reports_ == Reports::OnCompletion) {
        const std::uint32_t before = own_counts_[replica]++;
        if (index_) index_->move(replica, before, before + 1);
        return;
    }
    REGATTA_CHECK(arrives_at >= tick_, "a request dispatched after the report of " + std::to_string(tick_.ns()) +
                                           " ns arrives before it, at " + std::to_string(arrives_at.ns()) + " ns");
    const Unreported dispatch{.arrives_at = arrives_at, .replica = replica};
    if (unreported_.empty() || unreported_.back().arrives_at <= arrives_at)
        unreported_.push_back(dispatch);
    else
        unreported_.insert(std::upper_bound(unreported_.begin(), unreported_.end(), dispatch, arrives_before),
                           dispatch);
    count_unreported(replica);
}

void OutstandingView::completed(std::uint32_t replica) {
    REGATTA_CHECK(reports_ == Reports::OnCompletion, "a completion was told to a view that lives on periodic reports");
    REGATTA_CHECK(replica < replicas_ && own_counts_[replica] > 0,
                  "replica " + std::to_string(replica) + " completed a request that was not outstanding there");
    const std::uint32_t before = own_counts_[replica]--;
    if (index_) index_->move(replica, before, before - 1);
}

void OutstandingView::reported(std::span<const std::uint32_t> outstanding, SimTime tick) {
    REGATTA_CHECK(reports_ == Reports::Periodic, "a periodic report was told to a view that lives on completions");
    REGATTA_CHECK(tick > tick_, "the report of " + std::to_string(tick.ns()) + " ns came after that of " +
                                    std::to_string(tick_.ns()) + " ns");
    report_->tell(outstanding, tick);
    tick_ = tick;
    // A request that arrives at the tick is not in the report: it tells the state before any event at that time.
    unreported_.erase(unreported_.begin(), std::lower_bound(unreported_.begin(), unreported_.end(),
                                                            Unreported{.arrives_at = tick}, arrives_before));
    is_searching_ = false;
    recount_unreported();
}

std::uint32_t OutstandingView::least(std::uint32_t start) {
    REGATTA_CHECK(start < replicas_,
                  "a search from replica " + std::to_string(start) + " of " + std::to_string(replicas_));
    if (reports_ == Reports::OnCompletion) {
        if (!index_) make_index();
        return index_->lowest_from(start);
    }
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

void OutstandingView::make_index() {
    index_.emplace(replicas_);
    for (std::uint32_t replica = 0; replica < replicas_; ++replica)
        index_->insert(replica, own_counts_[replica]);
}

void OutstandingView::count_unreported(std::uint32_t replica) {
    const std::uint32_t own = ++own_unreported_[replica];
    if (is_searching_) search_.raise(replica, report_->count(replica), own);
}

/// A search that goes on must just have begun: what is counted again is raised again.
void OutstandingView::recount_unreported() {
    own_unreported_.clear();
    for (const Unreported& dispatch : unreported_)
        count_unreported(dispatch.replica);
}

}  // namespace regatta::routing
