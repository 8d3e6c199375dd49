#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "regatta/base/byte_block.hpp"

namespace regatta::engine {

using Buffer = ByteBlock;

/// A message and whom it is for, or whom it is from.
struct Parcel {
    std::uint32_t rank = 0;
    Buffer bytes;
};

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
    /// Messages from some ranks to some: each rank comes with those it has, at most one to each other rank. What came
    /// for this one is in the first elements of `incoming`, by rank of the sender; their number is returned. `incoming`
    /// grows as needed and keeps its buffers for the next time.
    [[nodiscard]] virtual std::size_t deliver(std::span<const Parcel> outgoing, std::vector<Parcel>& incoming) = 0;
    /// Each element becomes the smallest that any rank has there; all have as many.
    virtual void smallest(std::span<std::int64_t> values) = 0;
    /// Everyone gets rank 0's bytes.
    virtual void broadcast(Buffer& bytes) = 0;
    /// Rank 0 gets everyone's bytes, in order of rank; the others get nothing.
    [[nodiscard]] virtual std::vector<Buffer> gather(const Buffer& bytes) = 0;
    /// The largest of all ranks' values.
    [[nodiscard]] virtual std::int64_t largest(std::int64_t value) = 0;
};

}  // namespace regatta::engine
