#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/time.hpp"

namespace regatta::serving {

/// Slots by the instant that matters to each, the soonest at hand; any can be taken out. Logarithmic in what it holds,
/// and it holds no more than that: what has been taken out leaves nothing behind.
class DeadlineHeap {
public:
    [[nodiscard]] bool is_empty() const { return entries_.empty(); }
    /// Never when it is empty.
    [[nodiscard]] SimTime soonest() const { return entries_.empty() ? SimTime::never() : entries_.front().at; }
    /// The slot with the soonest instant; of several, the smallest one. Must not be empty.
    [[nodiscard]] std::uint32_t first() const { return entries_.front().slot; }

    /// `slot` must not be in.
    void insert(std::uint32_t slot, SimTime at);
    /// Does nothing when `slot` is not in.
    void erase(std::uint32_t slot);

    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    struct Entry {
        SimTime at;
        std::uint32_t slot = 0;

        friend auto operator<=>(const Entry&, const Entry&) = default;
        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& at& slot;
        }
    };
    static constexpr std::uint32_t kNowhere = 0xffffffff;

    void put(std::size_t place, const Entry& entry);
    void rise(std::size_t place, const Entry& entry);
    void sink(std::size_t place, const Entry& entry);

    std::vector<Entry> entries_;         ///< none is before its parent, (place - 1) / 2
    std::vector<std::uint32_t> places_;  ///< by slot: where its entry is
};

}  // namespace regatta::serving
