#include "control/scaling.hpp"

#include <algorithm>

namespace regatta::control {

const Scaling::Terms& Scaling::terms_at(SimTime now) const {
    std::size_t number = terms_.size() - 1;
    while (number > 0 && terms_[number].from > now)
        --number;
    return terms_[number];
}

std::uint32_t Scaling::decide(const PoolState& pool) {
    const auto& [from, limits, policy] = terms_at(pool.now);
    // The policy does not count the spares: what it leaves as it is, or changes in part, would grow by them each time.
    PoolState without_spares = pool;
    without_spares.current -= std::min(pool.current, limits.spares);
    const std::uint32_t wish = std::clamp(policy->wanted(without_spares) + limits.spares, limits.least, limits.most);
    history_.push_back({.at = pool.now, .replicas = wish});
    const SimTime longest = std::max(limits.up_window, limits.down_window);
    // The first wish stays that was made before the window: it held when the window began.
    while (history_.size() > 1 && history_[1].at <= pool.now - longest)
        history_.pop_front();
    std::uint32_t up = wish;
    std::uint32_t down = wish;
    for (std::size_t i = history_.size(); i-- > 0;) {
        const SimTime held_until = i + 1 < history_.size() ? history_[i + 1].at : pool.now;
        if (held_until > pool.now - limits.up_window) up = std::min(up, history_[i].replicas);
        if (held_until > pool.now - limits.down_window) down = std::max(down, history_[i].replicas);
    }
    // A window that reaches back before the first wish has not been observed in full.
    const bool is_up_seen = history_.front().at <= pool.now - limits.up_window;
    const bool is_down_seen = history_.front().at <= pool.now - limits.down_window;
    const std::uint32_t least = std::max(pool.current, limits.least);
    if (up > pool.current && is_up_seen) return std::max(std::min(up, pool.current + limits.most_up), limits.least);
    if (down < pool.current && is_down_seen)
        return std::max(down, pool.current - std::min(pool.current, limits.most_down));
    return least;
}

}  // namespace regatta::control
