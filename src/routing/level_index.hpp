#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "routing/bit_tree.hpp"

namespace regatta::routing {

/// Items 0 to size - 1, each on one level; finds the items of the lowest level in circular order. One BitTree per level
/// that holds an item: size / 8 bytes each, so the memory follows how many different levels there are (outstanding
/// counts of a balanced pool: a handful), not how high they go.
class LevelIndex {
public:
    /// `size` > 0. Items are on no level until they are inserted.
    explicit LevelIndex(std::uint32_t size) : size_(size) {}

    void insert(std::uint32_t item, std::uint32_t level);
    /// `item` must be on level `from`.
    void move(std::uint32_t item, std::uint32_t from, std::uint32_t to);
    /// Of the items on the lowest level the first at or after `start`, wrapping round. At least one item was inserted.
    [[nodiscard]] std::uint32_t lowest_from(std::uint32_t start) const;

private:
    using Levels = std::map<std::uint32_t, BitTree>;

    std::uint32_t size_;
    Levels levels_;                         ///< without empty ones, so the first is the lowest
    std::vector<Levels::node_type> spare_;  ///< empty trees, for reuse: levels come and go all the time
};

}  // namespace regatta::routing
