#include "regatta/routing/candidates.hpp"

#include <algorithm>
#include <string>

#include "regatta/base/errors.hpp"
#include "routing/availability.hpp"
#include "routing/pool_view.hpp"

namespace regatta::routing {

Candidates::Candidates(std::span<PoolView* const> pools) {
    REGATTA_CHECK(!pools.empty(), "nothing to choose among");
    std::uint32_t begin = 0;
    for (PoolView* view : pools) {
        Pool& pool = pools_.emplace_back();
        pool.begin = begin;
        pool.end = begin + view->replicas();
        pool.available = view->available();
        for (const serving::Load load : serving::kAllLoads)
            pool.views[index_of(load)] = view->find(load);
        begin = pool.end;
    }
}

bool Candidates::is_whole() const {
    return std::all_of(pools_.begin(), pools_.end(),
                       [](const Pool& pool) { return pool.available == nullptr || pool.available->is_whole(); });
}

std::uint32_t Candidates::available() const {
    std::uint32_t sum = 0;
    for (std::size_t pool = 0; pool < pools_.size(); ++pool)
        sum += available_in(pool);
    return sum;
}

std::uint32_t Candidates::available_in(std::size_t pool) const {
    const Pool& counted = pools_[pool];
    return counted.available == nullptr ? counted.end - counted.begin : counted.available->count();
}

bool Candidates::is_available(std::uint32_t candidate) const {
    const Pool* pool = pool_of(candidate);
    return pool->available == nullptr || pool->available->has(candidate - pool->begin);
}

std::uint32_t Candidates::nth_available_in(std::size_t pool, std::uint32_t n) const {
    const Pool& chosen = pools_[pool];
    return chosen.begin + (chosen.available == nullptr ? n : chosen.available->nth(n));
}

std::uint32_t Candidates::nth_available(std::uint32_t n) const {
    std::size_t pool = 0;
    for (; n >= available_in(pool); ++pool)
        n -= available_in(pool);
    return nth_available_in(pool, n);
}

std::uint32_t Candidates::next_available(std::uint32_t candidate) const {
    const Pool* pool = pool_of(candidate);
    if (pool->available == nullptr) return candidate;
    if (pool->available->count() > 0) {
        const std::uint32_t next = pool->begin + pool->available->next(candidate - pool->begin);
        if (next >= candidate) return next;
    }
    // None from here to the pool's end: the first of the pools that follow, this one last.
    std::size_t index = static_cast<std::size_t>(pool - pools_.data());
    do
        index = (index + 1) % pools_.size();
    while (available_in(index) == 0);
    return nth_available_in(index, 0);
}

std::uint64_t Candidates::load(serving::Load load, std::uint32_t candidate) const {
    const Pool* pool = pool_of(candidate);
    return pool->known(load).load(candidate - pool->begin);
}

std::uint32_t Candidates::least(serving::Load load, std::uint32_t start, std::span<const std::uint64_t> sizes) const {
    if (pools_.size() == 1) return pools_.front().known(load).least(start);
    REGATTA_CHECK(start < replicas() && sizes.size() == pools_.size(),
                  "a search from replica " + std::to_string(start) + " of " + std::to_string(replicas()) + " with " +
                      std::to_string(sizes.size()) + " sizes for " + std::to_string(pools_.size()) + " pools");
    const auto way_to = [&](std::uint32_t candidate) {
        return candidate >= start ? candidate - start : replicas() - start + candidate;
    };
    std::uint32_t least = replicas();
    Share least_share;
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        const Pool& pool = pools_[i];
        if (available_in(i) == 0) continue;
        LoadView& view = pool.known(load);
        // A pool's first on the way round is its first from the start, or from its own beginning.
        const bool holds_start = start >= pool.begin && start < pool.end;
        const std::uint32_t replica = view.least(holds_start ? start - pool.begin : 0);
        const std::uint32_t candidate = pool.begin + replica;
        const Share share{.load = view.load(replica), .size = sizes[i]};
        const bool is_less = share < least_share;
        const bool is_equal = !is_less && !(least_share < share);
        if (least < replicas() && !is_less && !(is_equal && way_to(candidate) < way_to(least))) continue;
        least = candidate;
        least_share = share;
    }
    return least;
}

void Candidates::fail_unknown(serving::Load load) {
    throw BugError("a policy looks at " + std::string(name_of(load)) + ", but did not say so beforehand");
}

}  // namespace regatta::routing
