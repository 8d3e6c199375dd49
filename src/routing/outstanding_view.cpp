#include "routing/outstanding_view.hpp"

#include <algorithm>

namespace regatta::routing {

OutstandingView::OutstandingView(std::uint32_t replicas, Reports reports) : replicas_(replicas), reports_(reports) {
    REGATTA_CHECK(replicas > 0, "a pool without replicas has no view");
    if (reports == Reports::OnCompletion) own_counts_.resize(replicas, 0);
}

void OutstandingView::dispatched(std::uint32_t replica, SimTime arrives_at) {
    REGATTA_CHECK(replica < replicas_,
                  "replica " + std::to_string(replica) + " of " + std::to_string(replicas_) + " was dispatched to");
    const std::uint32_t before = count(replica);
    if (reports_ == Reports::OnCompletion) {
        ++own_counts_[replica];
    } else {
        REGATTA_CHECK(arrives_at >= tick_, "a request dispatched after the report of " + std::to_string(tick_.ns()) +
                                               " ns arrives before it, at " + std::to_string(arrives_at.ns()) + " ns");
        const Unreported dispatch{.arrives_at = arrives_at, .replica = replica};
        if (unreported_.empty() || unreported_.back().arrives_at <= arrives_at)
            unreported_.push_back(dispatch);
        else
            unreported_.insert(std::upper_bound(unreported_.begin(), unreported_.end(), dispatch, arrives_before),
                               dispatch);
        ++own_unreported_[replica];
    }
    change(replica, before, before + 1);
}

void OutstandingView::completed(std::uint32_t replica) {
    REGATTA_CHECK(reports_ == Reports::OnCompletion, "a completion was told to a view that lives on periodic reports");
    REGATTA_CHECK(replica < replicas_ && own_counts_[replica] > 0,
                  "replica " + std::to_string(replica) + " completed a request that was not outstanding there");
    const std::uint32_t before = own_counts_[replica]--;
    change(replica, before, before - 1);
}

void OutstandingView::reported(std::span<const std::uint32_t> outstanding, SimTime tick) {
    REGATTA_CHECK(reports_ == Reports::Periodic, "a periodic report was told to a view that lives on completions");
    REGATTA_CHECK(outstanding.size() == replicas_, "a report on " + std::to_string(outstanding.size()) +
                                                       " replicas for a pool of " + std::to_string(replicas_));
    REGATTA_CHECK(report_.empty() || tick > tick_, "the report of " + std::to_string(tick.ns()) +
                                                       " ns came after that of " + std::to_string(tick_.ns()) + " ns");
    report_ = outstanding;
    loaded_report_ = {};
    tick_ = tick;
    // A request that arrives at the tick is not in the report: it tells the state before any event at that time.
    unreported_.erase(unreported_.begin(), std::lower_bound(unreported_.begin(), unreported_.end(),
                                                            Unreported{.arrives_at = tick}, arrives_before));
    recount_own_unreported();
    index_is_current_ = false;
}

std::uint32_t OutstandingView::least(std::uint32_t start) {
    REGATTA_CHECK(start < replicas_,
                  "a search from replica " + std::to_string(start) + " of " + std::to_string(replicas_));
    if (!index_is_current_) rebuild_index();
    return index_->lowest_from(start);
}

void OutstandingView::change(std::uint32_t replica, std::uint32_t before, std::uint32_t after) {
    if (index_is_current_) index_->move(replica, before, after);
}

void OutstandingView::rebuild_index() {
    if (index_)
        index_->clear();
    else
        index_.emplace(replicas_);
    for (std::uint32_t replica = 0; replica < replicas_; ++replica)
        index_->insert(replica, count(replica));
    index_is_current_ = true;
}

void OutstandingView::recount_own_unreported() {
    own_unreported_.clear();
    for (const Unreported& dispatch : unreported_)
        ++own_unreported_[dispatch.replica];
}

}  // namespace regatta::routing
