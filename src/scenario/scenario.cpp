#include "scenario/scenario.hpp"

namespace regatta::scenario {

double share_of(const Scenario& scenario, const Stream& stream, std::size_t pool) {
    double share = 0;
    double total = 0;
    for (const std::uint16_t index : stream.pools) {
        const Pool& one = scenario.pools[index];
        const double part = one.weight * one.replicas();
        total += part;
        if (index == pool) share = part;
    }
    return share == total ? 1 : share / total;
}

}  // namespace regatta::scenario
