#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <utility>
#include <vector>

namespace regatta::results {

/// Gives what overlaps on a thread lanes of its own: the one that has been free for longest, else a new one. As many
/// lanes as slices ever overlap; no fewer would do.
class TraceLanes {
public:
    /// `first`: number of the first lane.
    explicit TraceLanes(std::uint32_t first) : first_(first) {}

    /// Of a slice from `start_ns` to `end_ns`. Starts on one thread must not decrease.
    [[nodiscard]] std::uint32_t lane(std::int64_t thread, std::int64_t start_ns, std::int64_t end_ns) {
        Lanes& lanes = lanes_[thread];
        std::uint32_t lane = first_ + static_cast<std::uint32_t>(lanes.size());
        if (!lanes.empty() && lanes.top().first <= start_ns) {
            lane = lanes.top().second;
            lanes.pop();
        }
        lanes.emplace(end_ns, lane);
        return lane;
    }

private:
    using Ending = std::pair<std::int64_t, std::uint32_t>;  ///< of the last slice, and on which lane
    using Lanes = std::priority_queue<Ending, std::vector<Ending>, std::greater<>>;
    std::uint32_t first_;
    std::map<std::int64_t, Lanes> lanes_;
};

}  // namespace regatta::results
