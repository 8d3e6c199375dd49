#include "routing/bit_tree.hpp"

#include <bit>

namespace regatta::routing {

namespace {

constexpr unsigned kWordShift = 6;
constexpr std::uint64_t kWordMask = 63;

}  // namespace

BitTree::BitTree(std::uint32_t size) {
    std::size_t words_in_all = 0;
    std::size_t bits = size;
    do {
        const std::size_t words = (bits + kWordMask) >> kWordShift;
        tier_begins_.push_back(words_in_all);
        words_in_all += words;
        bits = words;
    } while (bits > 1);
    words_.resize(words_in_all, 0);
}

void BitTree::insert(std::uint32_t number) {
    std::uint64_t position = number;
    for (const std::size_t begin : tier_begins_) {
        std::uint64_t& word = words_[begin + (position >> kWordShift)];
        const bool held_something = word != 0;
        word |= std::uint64_t{1} << (position & kWordMask);
        if (held_something) return;
        position >>= kWordShift;
    }
}

void BitTree::erase(std::uint32_t number) {
    std::uint64_t position = number;
    for (const std::size_t begin : tier_begins_) {
        std::uint64_t& word = words_[begin + (position >> kWordShift)];
        word &= ~(std::uint64_t{1} << (position & kWordMask));
        if (word != 0) return;
        position >>= kWordShift;
    }
}

bool BitTree::contains(std::uint32_t number) const {
    return ((words_[number >> kWordShift] >> (number & kWordMask)) & 1U) != 0;
}

std::uint32_t BitTree::first_from(std::uint32_t start) const {
    // Climb until a word holds a member to the right of the path, then go down by smallest members.
    std::uint64_t position = start;
    for (std::size_t tier = 0; tier < tier_begins_.size(); ++tier) {
        const std::size_t tier_words =
            (tier + 1 < tier_begins_.size() ? tier_begins_[tier + 1] : words_.size()) - tier_begins_[tier];
        const std::uint64_t word_index = position >> kWordShift;
        if (word_index < tier_words) {
            const std::uint64_t word = words_[tier_begins_[tier] + word_index];
            const std::uint64_t at_or_after = word & (~std::uint64_t{0} << (position & kWordMask));
            if (at_or_after != 0)
                return smallest_below(
                    tier, (word_index << kWordShift) + static_cast<std::uint64_t>(std::countr_zero(at_or_after)));
        }
        position = word_index + 1;
    }
    const std::size_t root = tier_begins_.size() - 1;
    return smallest_below(root, static_cast<std::uint64_t>(std::countr_zero(words_.back())));
}

std::uint32_t BitTree::smallest_below(std::size_t tier, std::uint64_t position) const {
    while (tier > 0) {
        --tier;
        const std::uint64_t word = words_[tier_begins_[tier] + position];
        position = (position << kWordShift) + static_cast<std::uint64_t>(std::countr_zero(word));
    }
    return static_cast<std::uint32_t>(position);
}

}  // namespace regatta::routing
