#pragma once

#include <cstddef>
#include <cstdint>

namespace regatta::transport {

/// A way for short messages between some of the ranks that is faster than MPI's. Ranks that it joins send each other
/// one message in turn: who has sent two takes the other's first before it sends a third.
class Mailboxes {
public:
    Mailboxes() = default;
    Mailboxes(const Mailboxes&) = delete;
    Mailboxes& operator=(const Mailboxes&) = delete;
    virtual ~Mailboxes() = default;

    /// Whether messages from here to `rank`, and from there, go this way.
    [[nodiscard]] virtual bool joins(std::uint32_t rank) const = 0;
    /// The longest message [bytes], the same for all ranks that are joined.
    [[nodiscard]] virtual std::size_t capacity() const = 0;
    /// Where the next message to `to` is written; post() sends it.
    [[nodiscard]] virtual char* next(std::uint32_t to) = 0;
    virtual void post(std::uint32_t to) = 0;
    /// Waits for the next message of `from`, which stays there until something is sent to that rank.
    [[nodiscard]] virtual const char* take(std::uint32_t from) = 0;
    /// Collective, before MPI_Finalize.
    virtual void close() = 0;
};

}  // namespace regatta::transport
