#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"
#include "routing/recorded_routes.hpp"

namespace regatta::routing {

/// Each request to the replica to which a recorded run sent it: Vidur's, whose random numbers nobody else has, or one
/// of ours.
class ReplayRouter final : public Router {
public:
    /// Throws InputError when the file names a replica that there is not.
    ReplayRouter(const RouterTarget& target, std::string path);
    /// Throws InputError for a request that the file does not have.
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;

private:
    std::string path_;
    std::vector<RouterTarget::Pool> pools_;
    RecordedRoutes routes_;
};

[[nodiscard]] std::vector<Parameter> replay_parameters();

}  // namespace regatta::routing
