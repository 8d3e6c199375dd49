#pragma once

#include <cstdint>

#include "regatta/serving/load.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::routing {

class Candidates;

/// Chooses a replica for each request of one gateway, among those of one pool or of all pools that serve its model,
/// from nothing but the gateway's own view. Plain code: no engine, no clock. Random numbers come from (seed, request
/// id), so that a choice does not depend on who made it or when.
class Router {
public:
    virtual ~Router() = default;
    /// Number of the chosen replica among the candidates, from 0.
    [[nodiscard]] virtual std::uint32_t choose(const Request& request, const Candidates& candidates) = 0;
    /// The loads that it asks the candidates for: no others are kept or reported.
    [[nodiscard]] virtual serving::LoadSet looks_at() const { return {}; }
    /// Replicas have to be seen as they are (`reports: instant`), not as they are told to be.
    [[nodiscard]] virtual bool needs_instant() const { return false; }
    /// State that a checkpoint needs, as one number (a cursor); 0 when there is none.
    [[nodiscard]] virtual std::uint64_t state() const { return 0; }
    virtual void restore(std::uint64_t /*state*/) {}
};

}  // namespace regatta::routing
