#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"

namespace regatta::routing {

class OutstandingView;

/// Chooses a replica for each request of one gateway and one pool, from nothing but the gateway's own view.
/// Plain code: no engine, no clock. Random numbers come from (seed, request id), so that a choice does not depend on
/// who made it or when.
class Router {
public:
    virtual ~Router() = default;
    /// Number of the chosen replica within the pool, from 0.
    [[nodiscard]] virtual std::uint32_t choose(RequestId request, OutstandingView& view) = 0;
    /// State that a checkpoint needs, as one number (a cursor); 0 when there is none.
    [[nodiscard]] virtual std::uint64_t state() const { return 0; }
    virtual void restore(std::uint64_t /*state*/) {}
};

}  // namespace regatta::routing
