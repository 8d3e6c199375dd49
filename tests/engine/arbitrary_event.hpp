#pragma once

#include <rapidcheck.h>

#include <cstdint>

#include "regatta/engine/event.hpp"

namespace regatta::engine::test {

/// An event whose parts come from small ranges, so that ties of every depth come up; its time is `earliest_ns` or a
/// little later, now and then far later. To be called inside a property.
inline Event arbitrary_event(std::int64_t earliest_ns) {
    using rc::gen::inRange;
    Event event;
    const std::int64_t later_ns = *rc::gen::weightedOneOf<std::int64_t>({
        {8, inRange<std::int64_t>(0, 3)},
        {3, inRange<std::int64_t>(0, 1'000'000)},
        {1, inRange<std::int64_t>(std::int64_t{1} << 50, std::int64_t{1} << 60)},
    });
    // Far later once: twice would be later than never.
    constexpr std::int64_t kFar = std::int64_t{1} << 59;
    event.time = SimTime::from_ns(earliest_ns + (earliest_ns < kFar ? later_ns : later_ns % 1'000'000));
    event.instant_order = *inRange<std::uint32_t>(0, 3) << 8 | *inRange<std::uint32_t>(0, 3);
    event.key = *inRange<std::uint64_t>(0, 3);
    event.sender = LpId(*inRange<std::uint32_t>(0, 3));
    event.sequence = *inRange<std::uint32_t>(0, 3);
    return event;
}

}  // namespace regatta::engine::test
