#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace regatta::routing {

/// The replicas of one report in order of (load, number): each has a place in this order, and those
/// with equal loads make a level. 4 bytes per replica, and as much again to sort them.
class ReportIndex {
public:
    struct Level {
        std::uint32_t load = 0;
        std::uint32_t first_place = 0;
        std::uint32_t end_place = 0;
    };

    /// `loads` by replica, at least one. In time proportional to their number.
    void build(std::span<const std::uint32_t> loads);

    /// From the lowest on; none is empty.
    [[nodiscard]] std::span<const Level> levels() const { return levels_; }
    [[nodiscard]] std::uint32_t replicas() const { return static_cast<std::uint32_t>(order_.size()); }
    [[nodiscard]] std::uint32_t replica_at(std::uint32_t place) const { return order_[place]; }
    /// The first place of the level whose replica is `replica` or a later one; its end_place when there is none.
    [[nodiscard]] std::uint32_t place_from(const Level& level, std::uint32_t replica) const;
    /// `load` is what the report says of `replica`.
    [[nodiscard]] std::uint32_t place_of(std::uint32_t replica, std::uint32_t load) const;

private:
    void sort(std::span<const std::uint32_t> loads);

    std::vector<std::uint32_t> order_;        ///< replica by place
    std::vector<std::uint32_t> other_order_;  ///< scratch of the sort
    std::vector<std::uint32_t> places_;       ///< scratch of the sort
    std::vector<Level> levels_;
};

}  // namespace regatta::routing
