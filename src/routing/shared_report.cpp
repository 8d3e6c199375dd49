#include "routing/shared_report.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

void SharedReport::tell(std::span<const std::uint32_t> loads, SimTime tick) {
    REGATTA_CHECK(loads.size() == replicas_, "a report on " + std::to_string(loads.size()) +
                                                 " replicas for a pool of " + std::to_string(replicas_));
    if (tick == tick_) return;
    REGATTA_CHECK(tick > tick_, "the report of " + std::to_string(tick.ns()) + " ns came after that of " +
                                    std::to_string(tick_.ns()) + " ns");
    loads_ = loads;
    restored_ = {};
    tick_ = tick;
    is_indexed_ = false;
}

void SharedReport::restore(std::vector<std::uint32_t> loads, SimTime tick) {
    REGATTA_CHECK(loads.empty() || loads.size() == replicas_,
                  "the state of a view holds a report on " + std::to_string(loads.size()) + " replicas for a pool of " +
                      std::to_string(replicas_));
    if (tick == tick_ && std::ranges::equal(loads, loads_)) return;
    restored_ = std::move(loads);
    loads_ = restored_;
    tick_ = tick;
    is_indexed_ = false;
}

const ReportIndex& SharedReport::index() {
    if (is_indexed_) return index_;
    if (loads_.empty())
        index_.build(std::vector<std::uint32_t>(replicas_, 0));
    else
        index_.build(loads_);
    is_indexed_ = true;
    ++times_indexed_;
    return index_;
}

}  // namespace regatta::routing
