#pragma once

#include <cstdint>
#include <vector>

#include "engine/horizon.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// One value of a board.
struct BoardEntry {
    static constexpr bool kGoesAsBlock = true;

    std::uint32_t entry = 0;
    std::uint32_t value = 0;
};

/// What one rank's members reported to a board at one instant.
struct BoardReport {
    BoardId board;
    SimTime reported_at;
    std::vector<BoardEntry> entries;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& board& reported_at& entries;
    }
};

/// What a rank tells another after each window: closed, so that no rounds of counting are needed.
struct WindowMessage {
    /// The sender's domains, by tier: what is pending there.
    std::vector<Pending> pending;
    /// By rank and tier: the earliest event that the sender has sent there with this exchange.
    std::vector<SimTime> earliest_sent;
    std::vector<Event> events;
    std::vector<BoardReport> reports;
    std::uint64_t wish = 0;  ///< of the sender, see Wish

    /// Not sent: by tier of the destination, the earliest of `events`.
    std::vector<SimTime> earliest;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& pending& earliest_sent& events& reports& wish;
    }

    void add(const Event& event, std::uint32_t tier) {
        events.push_back(event);
        if (event.time < earliest[tier]) earliest[tier] = event.time;
    }
};

/// Replaces what is in `buffer`.
void write_message(const WindowMessage& message, Buffer& buffer);
/// Replaces what is in `message`, of which the room is used again.
void read_message(const Buffer& buffer, WindowMessage& message);

}  // namespace regatta::engine
