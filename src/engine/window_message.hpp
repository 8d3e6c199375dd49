#pragma once

#include <cstdint>
#include <memory>
#include <vector>

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
    SimTime next_event = SimTime::never();   ///< pending on the sender
    SimTime next_report = SimTime::never();  ///< the sender's next board instant
    /// By rank: the earliest event that the sender has sent there with this exchange.
    std::vector<SimTime> earliest_sent;
    std::vector<Event> events;
    std::vector<BoardReport> reports;
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
