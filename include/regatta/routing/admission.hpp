#pragma once

#include <cstdint>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/load.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::routing {

class Candidates;

/// One rule by which a gateway turns requests away. All rules of a gateway must let a request in; one that any of them
/// refuses costs nothing at the others, for they are told of those alone that were let in.
/// Plain code: no engine, no clock but the one it is told.
class Admission {
public:
    virtual ~Admission() = default;
    /// What is against the request before a replica is chosen for it; None: nothing.
    [[nodiscard]] virtual serving::EndReason at_gateway(const Request& /*request*/, SimTime /*now*/) {
        return serving::EndReason::None;
    }
    /// What is against it now that this candidate has been chosen; None: nothing.
    [[nodiscard]] virtual serving::EndReason at_replica(const Request& /*request*/, const Candidates& /*candidates*/,
                                                        std::uint32_t /*chosen*/) {
        return serving::EndReason::None;
    }
    /// All rules have let the request in.
    virtual void let_in(const Request& /*request*/, SimTime /*now*/) {}

    /// The loads that it asks the candidates for.
    [[nodiscard]] virtual serving::LoadSet looks_at() const { return {}; }
    virtual void save(OutArchive& /*archive*/) const {}
    virtual void load(InArchive& /*archive*/) {}
};

}  // namespace regatta::routing
