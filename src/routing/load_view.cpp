#include "routing/load_view.hpp"

#include <utility>

namespace regatta::routing {

LoadView::LoadView(serving::Load load, std::uint32_t replicas, Reports reports, std::shared_ptr<SharedReport> shared,
                   std::shared_ptr<InstantPool> instant)
    : replicas_(replicas), known_(known_at_first(load, replicas, reports, std::move(shared), std::move(instant))) {}

LoadView::Known LoadView::known_at_first(serving::Load load, std::uint32_t replicas, Reports reports,
                                         std::shared_ptr<SharedReport> shared, std::shared_ptr<InstantPool> instant) {
    REGATTA_CHECK(replicas > 0, "a pool without replicas has no view");
    if (reports == Reports::Instant) return InstantLoads(load, replicas, std::move(instant));
    REGATTA_CHECK(load != serving::Load::Waiting, "nobody tells gateways how many requests wait");
    if (reports == Reports::Periodic) return ReportedLoads(replicas, std::move(shared));
    switch (load) {
        case serving::Load::Requests:
            break;
        case serving::Load::Tokens:
            return OwnTokens(replicas);
        case serving::Load::KvBlocks:
            return ToldBlocks(replicas);
        case serving::Load::Waiting:
            break;
    }
    return OwnRequests(replicas);
}

void LoadView::told(std::uint32_t replica, std::uint32_t blocks, SimTime at) {
    auto* told = std::get_if<ToldBlocks>(&known_);
    REGATTA_CHECK(told != nullptr && replica < replicas_,
                  "blocks in use at replica " + std::to_string(replica) + " were told to a view of something else");
    told->told(replica, blocks, at);
    if (available_) rank(replica);
}

void LoadView::reported(std::span<const std::uint32_t> loads, SimTime tick) {
    auto* reported = std::get_if<ReportedLoads>(&known_);
    REGATTA_CHECK(reported != nullptr, "a periodic report was told to a view that lives on completions");
    reported->reported(loads, tick);
    ranked_.reset();
}

std::uint32_t LoadView::least(std::uint32_t start) {
    REGATTA_CHECK(start < replicas_,
                  "a search from replica " + std::to_string(start) + " of " + std::to_string(replicas_));
    if (available_ && !available_->is_whole()) return least_available(start);
    return std::visit([start](auto& known) { return known.least(start); }, known_);
}

std::uint32_t LoadView::least_available(std::uint32_t start) {
    // What is seen of an instant changes with it, without a word.
    const bool is_fleeting = std::holds_alternative<InstantLoads>(known_);
    if (is_fleeting || !ranked_ || ranked_version_ != available_->version()) {
        std::vector<std::uint64_t> loads(replicas_);
        for (std::uint32_t replica = 0; replica < replicas_; ++replica)
            loads[replica] = available_->has(replica) ? load(replica) : UINT64_MAX;
        ranked_.emplace(loads);
        ranked_version_ = available_->version();
    }
    return ranked_->least_from(start);
}

/// The replica's load has changed.
void LoadView::rank(std::uint32_t replica) {
    if (!ranked_) return;
    if (ranked_version_ != available_->version() || std::holds_alternative<InstantLoads>(known_))
        return ranked_.reset();
    if (available_->has(replica)) ranked_->set(replica, load(replica));
}

}  // namespace regatta::routing
