#include "routing/replay.hpp"

#include <fmt/format.h>

#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

ReplayRouter::ReplayRouter(const RouterTarget& target, std::string path)
    : path_(std::move(path)), pools_(target.pools), routes_(target.read_file(path_), target.fleet_replicas) {}

std::uint32_t ReplayRouter::choose(const Request& request, const Candidates& /*candidates*/) {
    const auto replica = routes_.replica_of(request.id.value());
    if (!replica)
        throw InputError(fmt::format("gateways.router.file: {} has no row for request {}", path_, request.id.value()));
    std::uint32_t candidate = 0;
    for (const RouterTarget::Pool& pool : pools_) {
        if (*replica >= pool.first_replica && *replica - pool.first_replica < pool.replicas)
            return candidate + *replica - pool.first_replica;
        candidate += pool.replicas;
    }
    throw InputError(
        fmt::format("gateways.router.file: {} sends request {} to replica {}, whose pool does not serve it", path_,
                    request.id.value(), *replica));
}

std::vector<Parameter> replay_parameters() {
    return {{.key = "file",
             .kind = ParameterKind::File,
             .is_required = true,
             .sentence =
                 "CSV file (also .gz and .zst) with the columns request_id and replica_id; a request of a trace "
                 "has the number of its row, from 0"}};
}

}  // namespace regatta::routing
