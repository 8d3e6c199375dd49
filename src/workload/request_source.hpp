#pragma once

#include <cstdint>
#include <optional>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::workload {

/// Requests of one gateway in order of (arrival, id), made as they are asked for: memory does not grow with the length
/// of the trace or run.
class RequestSource {
public:
    virtual ~RequestSource() = default;
    /// The next request of this gateway; none at the end. Throws InputError (with file and line) on a bad trace line.
    [[nodiscard]] virtual std::optional<Request> next() = 0;
    /// How many requests next() has given: all the state a checkpoint needs, together with `skip`.
    [[nodiscard]] virtual std::uint64_t position() const = 0;
    /// Goes to where position() == `position`, on a fresh source.
    virtual void skip(std::uint64_t position) = 0;
};

}  // namespace regatta::workload
