#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/horizon.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// One value of a board.
struct BoardEntry {
    std::uint32_t entry = 0;
    std::uint32_t value = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& entry& value;
    }
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

    void add(const Event& event, std::uint32_t tier) {
        events.push_back(event);
        if (event.time < earliest[tier]) earliest[tier] = event.time;
    }
};

/// Writes messages for one destination: one Boost archive that lives as long as the run.
class MessageWriter {
public:
    MessageWriter();
    ~MessageWriter();
    MessageWriter(MessageWriter&&) noexcept;
    MessageWriter& operator=(MessageWriter&&) noexcept;
    /// Replaces what is in `buffer`.
    void write(const WindowMessage& message, Buffer& buffer);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Reads what the MessageWriter of one source writes, in the same order.
class MessageReader {
public:
    MessageReader();
    ~MessageReader();
    MessageReader(MessageReader&&) noexcept;
    MessageReader& operator=(MessageReader&&) noexcept;
    void read(const Buffer& buffer, WindowMessage& message);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::engine
