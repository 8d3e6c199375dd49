#pragma once

#include <algorithm>
#include <cstddef>

#include "regatta/engine/logical_process.hpp"

namespace regatta::engine {

/// How many visits ahead of a process its memory is called for: far enough for it to come, near enough for it not to be
/// pushed out again. Then its stages follow at equal distances.
inline constexpr std::size_t kPrefetch = 12;
inline constexpr unsigned kPrefetchStages = 4;

[[nodiscard]] constexpr std::size_t prefetch_distance(unsigned stage) {
    return kPrefetch - (stage + 1) * kPrefetch / (kPrefetchStages + 1);
}

inline void prefetch_object(const LogicalProcess* process) {
    __builtin_prefetch(process);
    __builtin_prefetch(reinterpret_cast<const char*>(process) + 64);
}

/// Called before the first of `count` visits: stage by stage for those that come at once, so that their misses overlap
/// even where there are only a few.
template <class ProcessAt>
void prefetch_first(std::size_t count, ProcessAt&& process_at) {
    for (std::size_t i = 0; i < std::min(count, kPrefetch); ++i)
        prefetch_object(process_at(i));
    for (unsigned stage = 0; stage < kPrefetchStages; ++stage)
        for (std::size_t i = 0; i < std::min(count, prefetch_distance(stage)); ++i)
            process_at(i)->prefetch(stage);
}

/// Called before visit `at` of `count`, with the process of each visit.
template <class ProcessAt>
void prefetch_ahead(std::size_t at, std::size_t count, ProcessAt&& process_at) {
    if (at + kPrefetch < count) prefetch_object(process_at(at + kPrefetch));
    for (unsigned stage = 0; stage < kPrefetchStages; ++stage)
        if (at + prefetch_distance(stage) < count) process_at(at + prefetch_distance(stage))->prefetch(stage);
}

}  // namespace regatta::engine
