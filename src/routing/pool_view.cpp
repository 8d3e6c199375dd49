#include "routing/pool_view.hpp"

#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

using serving::Load;

PoolView::PoolView(const Setup& setup)
    : replicas_(setup.replicas),
      block_tokens_(setup.block_tokens),
      reports_(setup.reports),
      instant_(setup.instant),
      available_(setup.available) {
    REGATTA_CHECK(setup.replicas > 0 && setup.block_tokens > 0, "a pool without replicas or blocks has no view");
    for (const Load load : serving::kAllLoads)
        if (setup.loads.has(load))
            views_[index_of(load)].emplace(load, setup.replicas, setup.reports, setup.shared[index_of(load)],
                                           setup.instant);
    if (available_)
        for (std::optional<LoadView>& view : views_)
            if (view) view->choose_among(*available_);
}

void PoolView::told_phases(std::span<const std::uint32_t> phases, SimTime tick) {
    REGATTA_CHECK(available_ != nullptr, "a gateway was told of replicas that never come or go");
    available_->told(phases, tick);
}

void PoolView::reported(Load load, std::span<const std::uint32_t> loads, SimTime tick) {
    LoadView* view = find(load);
    REGATTA_CHECK(view != nullptr,
                  std::string(name_of(load)) + " were reported to a gateway that does not look at them");
    view->reported(loads, tick);
}

}  // namespace regatta::routing
