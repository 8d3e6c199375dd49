#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "regatta/engine/model.hpp"

namespace regatta::engine::test {

/// Groups, links and boards without processes behind them, for what only looks at their layout. To be called inside a
/// property.
inline Model arbitrary_layout(std::uint32_t most_groups, std::uint32_t most_members) {
    using rc::gen::inRange;
    Model model;
    const auto groups = *inRange<std::uint32_t>(1, most_groups + 1);
    for (std::uint32_t i = 0; i < groups; ++i)
        model.add_group({.name = "group" + std::to_string(i),
                         .count = *inRange<std::uint32_t>(0, most_members + 1),
                         .load = static_cast<double>(*inRange(1, 20)),
                         .make = nullptr});
    const auto group = [&] { return GroupId(static_cast<std::uint16_t>(*inRange<std::uint32_t>(0, groups))); };
    for (int links = *inRange(0, 6); links > 0; --links)
        model.add_link({.from = group(),
                        .to = group(),
                        .latency = SimTime::from_ns(std::max<std::int64_t>(0, *inRange<std::int64_t>(-20, 60)))});
    for (int boards = *inRange(0, 3); boards > 0; --boards)
        model.add_board({.from = group(),
                         .to = group(),
                         .period = SimTime::from_ns(100),
                         .latency = SimTime::from_ns(*inRange<std::int64_t>(1, 60)),
                         .entries = 1});
    return model;
}

}  // namespace regatta::engine::test
