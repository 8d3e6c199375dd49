#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"

namespace regatta::engine {

/// Class of an event, chosen by the model: decides among events of one instant before their keys do. Class 0 is the
/// engine's: wake-ups, which so come before messages of the same instant and depth.
using EventClass = std::uint8_t;
inline constexpr EventClass kWakeUp = 0;

/// One event, by value: header and payload in one cache line.
///
/// Events have one total order, decided by the model alone: receive time, depth of zero-delay sends at that instant,
/// class, model key, sender, sender's sequence number. `instant_order` holds depth and class so that they compare as
/// one number.
struct Event {
    static constexpr std::size_t kPayloadBytes = 32;
    static constexpr bool kGoesAsBlock = true;

    SimTime time;                     ///< of receipt
    std::uint32_t instant_order = 0;  ///< depth << 8 | class
    std::uint32_t sequence = 0;       ///< of the sender's sends; of a wake-up: which planning of its slot it is
    std::uint64_t key = 0;            ///< model key; of a wake-up: its slot
    LpId sender;
    LpId receiver;
    alignas(8) std::array<std::byte, kPayloadBytes> payload{};

    [[nodiscard]] EventClass event_class() const { return static_cast<EventClass>(instant_order & 0xffu); }
    [[nodiscard]] std::uint32_t depth() const { return instant_order >> 8; }

    /// The payload as the trivially copyable type that the sender put in.
    template <class T>
    [[nodiscard]] T payload_as() const {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kPayloadBytes);
        T value;
        std::memcpy(&value, payload.data(), sizeof value);
        return value;
    }
    template <class T>
    void set_payload(const T& value) {
        static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kPayloadBytes);
        std::memcpy(payload.data(), &value, sizeof value);
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& time& instant_order& sequence& key& sender& receiver& payload;
    }
};
static_assert(sizeof(Event) == 64 && std::is_trivially_copyable_v<Event>);

/// The total order.
[[nodiscard]] inline bool is_before(const Event& a, const Event& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.instant_order != b.instant_order) return a.instant_order < b.instant_order;
    if (a.key != b.key) return a.key < b.key;
    if (a.sender != b.sender) return a.sender < b.sender;
    return a.sequence < b.sequence;
}

}  // namespace regatta::engine
