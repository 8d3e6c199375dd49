#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace regatta::engine {

using Buffer = std::vector<char>;

/// How ranks talk. Declared here, implemented in transport/. Every call is collective: all ranks make the same calls in
/// the same order.
class Transport {
public:
    virtual ~Transport() = default;
    [[nodiscard]] virtual std::uint32_t rank() const = 0;
    [[nodiscard]] virtual std::uint32_t ranks() const = 0;

    /// One message from each rank to each other rank: sends outgoing[r] to rank r and fills incoming[r] with what r
    /// sent here. Both have one element per rank; the own one is left alone. Buffers are reused by the caller.
    virtual void exchange(const std::vector<Buffer>& outgoing, std::vector<Buffer>& incoming) = 0;
    /// Everyone gets rank 0's bytes.
    virtual void broadcast(Buffer& bytes) = 0;
    /// Rank 0 gets everyone's bytes, in order of rank; the others get nothing.
    [[nodiscard]] virtual std::vector<Buffer> gather(const Buffer& bytes) = 0;
    /// The largest of all ranks' values.
    [[nodiscard]] virtual std::int64_t largest(std::int64_t value) = 0;
};

}  // namespace regatta::engine
