#include "routing/best_fit.hpp"

#include <algorithm>
#include <optional>

#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

std::uint32_t BestFitRouter::choose(const Request& request, const Candidates& candidates) {
    std::optional<std::uint32_t> best;
    std::optional<std::uint32_t> roomiest;
    std::uint64_t best_free = 0;
    std::uint64_t most_free = 0;
    std::uint32_t candidate = 0;
    for (const RouterTarget::Pool& pool : pools_) {
        const std::uint64_t needed = (request.prompt_tokens + pool.block_tokens - 1) / pool.block_tokens;
        for (std::uint32_t replica = 0; replica < pool.replicas; ++replica, ++candidate) {
            if (!candidates.is_available(candidate)) continue;
            const std::uint64_t used = candidates.load(serving::Load::KvBlocks, candidate);
            const std::uint64_t free = pool.kv_blocks - std::min(used, pool.kv_blocks);
            if (free >= needed && (!best || free < best_free)) {
                best = candidate;
                best_free = free;
            }
            if (!roomiest || free > most_free) {
                roomiest = candidate;
                most_free = free;
            }
        }
    }
    return best ? *best : roomiest.value();
}

}  // namespace regatta::routing
