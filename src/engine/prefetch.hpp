#pragma once

#include <cstddef>

#include "regatta/engine/logical_process.hpp"

namespace regatta::engine {

/// How many visits ahead of a process its memory is called for: far enough for it to come, near enough for it not to be
/// pushed out again. Then its stages follow at equal distances.
inline constexpr std::size_t kPrefetch = 12;
inline constexpr unsigned kPrefetchStages = 3;

/// Called before visit `at` of `count`, with the process of each visit.
template <class ProcessAt>
void prefetch_ahead(std::size_t at, std::size_t count, ProcessAt&& process_at) {
    if (at + kPrefetch < count) {
        const LogicalProcess* process = process_at(at + kPrefetch);
        __builtin_prefetch(process);
        __builtin_prefetch(reinterpret_cast<const char*>(process) + 64);
    }
    for (unsigned stage = 0; stage < kPrefetchStages; ++stage) {
        const std::size_t ahead = kPrefetch - (stage + 1) * kPrefetch / (kPrefetchStages + 1);
        if (at + ahead < count) process_at(at + ahead)->prefetch(stage);
    }
}

}  // namespace regatta::engine
