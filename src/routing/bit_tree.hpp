#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace regatta::routing {

/// A set of whole numbers below a fixed size as a tree of 64-bit words: a bit of a word says whether the word below it
/// holds anything. Each operation touches one word per tier: three tiers for a quarter of a million numbers.
class BitTree {
public:
    /// `size` > 0: numbers 0 to size - 1 may be members; none is at first.
    explicit BitTree(std::uint32_t size);

    void insert(std::uint32_t number);
    void erase(std::uint32_t number);
    [[nodiscard]] bool is_empty() const { return words_.back() == 0; }
    [[nodiscard]] bool contains(std::uint32_t number) const;
    /// The smallest member that is at least `start`; when there is none, the smallest member. Not on an empty set.
    [[nodiscard]] std::uint32_t first_from(std::uint32_t start) const;

private:
    /// The smallest member below bit `position` of tier `tier`, that bit being set.
    [[nodiscard]] std::uint32_t smallest_below(std::size_t tier, std::uint64_t position) const;

    std::vector<std::uint64_t> words_;      ///< tier by tier, the members first, the one root word last
    std::vector<std::size_t> tier_begins_;  ///< where each tier starts in `words_`
};

}  // namespace regatta::routing
