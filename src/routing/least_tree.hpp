#pragma once

#include <cstdint>
#include <vector>

namespace regatta::routing {

/// A load for each of a fixed number of items, and the least of them found fast: a tournament tree, whose inner nodes
/// hold the lesser of the two below. For loads of any size, of which nearly all differ; where they are a handful of
/// small numbers LevelIndex is faster. 16 to 32 bytes per item.
class LeastTree {
public:
    /// `loads` by item, at least one; each less than UINT64_MAX.
    explicit LeastTree(const std::vector<std::uint64_t>& loads);

    /// Logarithmic.
    void set(std::uint32_t item, std::uint64_t load);
    /// Of the items with the least load the first at or after `start`, wrapping round. Logarithmic.
    [[nodiscard]] std::uint32_t least_from(std::uint32_t start) const;

private:
    /// The first item below `node` that has the least load of all, which `node` has, too.
    [[nodiscard]] std::uint32_t first_below(std::size_t node) const;

    std::size_t leaves_;                ///< a power of two; those beyond the items hold UINT64_MAX
    std::vector<std::uint64_t> nodes_;  ///< node n has 2 n and 2 n + 1 below it; 1 is the root, the leaves come last
};

}  // namespace regatta::routing
