#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace regatta::routing {

/// Counts by key, all zero at first; for a few keys out of very many, counted anew over and over. Clearing takes a
/// moment however many there are: what was counted before bears an older stamp. The table doubles when half of it is in
/// use and never shrinks: 24 to 48 bytes for each key of the fullest round.
class StampedCounts {
public:
    StampedCounts() : slots_(kFewestSlots) {}

    [[nodiscard]] std::uint32_t of(std::uint32_t key) const {
        const Slot& slot = slots_[place_of(key)];
        return slot.stamp == stamp_ ? slot.count : 0;
    }
    /// The key's count, to be changed; valid until the next call.
    [[nodiscard]] std::uint32_t& operator[](std::uint32_t key) {
        Slot* slot = &slots_[place_of(key)];
        if (slot->stamp != stamp_) {
            if (2 * used_ >= slots_.size()) {
                grow();
                slot = &slots_[place_of(key)];
            }
            ++used_;
            *slot = {.key = key, .count = 0, .stamp = stamp_};
        }
        return slot->count;
    }
    void clear();

private:
    struct Slot {
        std::uint32_t key = 0;
        std::uint32_t count = 0;
        std::uint32_t stamp = 0;  ///< in use when this is the table's
    };
    static constexpr std::size_t kFewestSlots = 16;
    static constexpr unsigned kFewestBits = 4;

    /// Where the key is, or would go: the first slot that is its own or free, from the one its hash names.
    [[nodiscard]] std::size_t place_of(std::uint32_t key) const {
        // Multiplicative hashing by 2^64 over the golden ratio. Source: Knuth, "The Art of Computer Programming",
        // vol. 3, section 6.4.
        std::size_t place = static_cast<std::size_t>((key * std::uint64_t{0x9e3779b97f4a7c15}) >> shift_);
        while (slots_[place].stamp == stamp_ && slots_[place].key != key)
            place = (place + 1) & (slots_.size() - 1);
        return place;
    }
    void grow();

    std::vector<Slot> slots_;  ///< 2^(64 - shift_) of them, at most half in use, so that every search ends
    unsigned shift_ = 64 - kFewestBits;
    std::uint32_t stamp_ = 1;
    std::size_t used_ = 0;
};

}  // namespace regatta::routing
